package io.ringwave;

/** An open file that {@link Connection#sendFile} sends from. */
public interface SendableFile {

    /** The file descriptor; must stay open until {@link #sendFinished}. */
    int descriptor();

    /** The engine no longer needs the descriptor for one {@code sendFile} call: it was sent, failed or dropped. */
    void sendFinished();
}
