package io.ringwave;

import io.ringwave.spi.FileTransfer;

/** An open file that {@link Connection#sendFile} sends from. */
public interface SendableFile {

    /** The file descriptor; must stay open until {@link #sendFinished}. */
    int descriptor();

    /**
     * Where a part of the file is in memory, which stays valid and unchanged until {@link #sendFinished}; 0 if it is not,
     * and is sent from the descriptor. Asked once, when the part begins to be sent. The memory may be a mapping of the
     * file: if that has become shorter meanwhile, the connection closes with {@link CloseReason#SOURCE_FAILED}.
     *
     * @param length 1 to {@link Integer#MAX_VALUE}: parts that are longer are never asked for
     */
    default long address(long position, int length) {
        return 0;
    }

    /** How a part is sent from the descriptor. Asked once, when it begins to be sent. */
    default FileTransfer transfer(long position, long length) {
        return FileTransfer.SENDFILE;
    }

    /** The engine no longer needs the descriptor for one {@code sendFile} call: it was sent, failed or dropped. */
    void sendFinished();
}
