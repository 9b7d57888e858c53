package io.ringwave.testkit;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * The other end of a connection, driven by the same thread as the backend. No method blocks: output that the network
 * does not take is kept, and {@link #exchange} moves what can be moved.
 */
public interface Peer extends AutoCloseable {

    /** How the stream from the backend ended. */
    enum End {
        /** It has not. */
        NONE,
        /** With a FIN, after all bytes. */
        FINISHED,
        /** With a reset. */
        RESET
    }

    /** This end's own address; null if it has none. */
    @Nullable
    SocketAddress address();

    /** Queues bytes for the backend, and hands over as many as possible at once. */
    void write(byte[] bytes);

    /** Ends the direction to the backend (FIN) behind all that was written. */
    void finish();

    /** Destroys the connection (RST), with everything in it. */
    void reset();

    /**
     * Hands over what is queued, and reads what has arrived.
     *
     * @param readLimit the most bytes to read; 0 leaves all of them, and the end of the stream, where they are
     */
    void exchange(int readLimit);

    /** All bytes read so far; a copy. */
    byte[] received();

    /** How many bytes were read so far. */
    int receivedBytes();

    /** Whether and how the stream from the backend ended, as far as it was read. */
    End end();

    /** Closes the socket: a FIN, or a reset if something arrived and was not read. Idempotent. */
    @Override
    void close();
}
