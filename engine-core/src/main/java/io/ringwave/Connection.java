package io.ringwave;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One connection. The object is reused for another connection after {@link ConnectionHandler#onClosed}, so it must not
 * be kept beyond that; {@link #id} can, and leads back to the object by {@link LoopContext#connection} as long as it is
 * this connection's. Confined to the loop's thread: other threads go through {@link LoopContext#execute}.
 *
 * <p>Output is queued without copying and sent in order. The queue has a bound: when it is reached {@link #isWritable}
 * turns false, the connection stops receiving, and {@link ConnectionHandler#onWritable} follows when it has drained.
 */
public interface Connection {

    /** The loop that this connection lives on. */
    LoopContext loop();

    /** This connection's number among the loop's connections: from 0, reused after it has closed. */
    int slot();

    /**
     * Names this connection and, unlike the object and the slot, no later one: for whoever may come back after it has
     * closed. Carries the loop, the slot and how often the slot was used, so it costs nothing; not negative.
     */
    long id();

    /** What {@link #attach} stored; null for a new connection. */
    @Nullable
    Object attachment();

    /** Stores the handler's state for this connection. */
    void attach(@Nullable Object state);

    /**
     * The peer's address: for an outbound connection the one that was asked for. Null if it is no longer known, or the
     * peer is a client on a Unix-domain socket, which has none. May be a system call: ask once.
     */
    @Nullable
    SocketAddress remoteAddress();

    /** Whether this is neither closed, nor about to close. */
    boolean isOpen();

    /**
     * Whether output is accepted and the send queue below its bound. Output beyond the bound is queued nevertheless, so
     * the bound holds only for those who ask. {@link ConnectionHandler#onWritable} follows once half of it was sent.
     */
    boolean isWritable();

    /**
     * A free buffer to write output to, or null if the loop has none left; {@link ConnectionHandler#onWritable} then
     * follows when there is one.
     */
    @Nullable
    OwnedBuffer acquireBuffer();

    /** Sends the buffer's bytes and releases it. Takes ownership, also when the connection is no longer open. */
    void send(OwnedBuffer buffer);

    /**
     * As {@link #send(OwnedBuffer)}; with {@code more}, other output follows at once, and the kernel may wait for it to
     * fill a packet (MSG_MORE, send(2)).
     */
    void send(OwnedBuffer buffer, boolean more);

    /**
     * Sends {@code length} bytes of memory, from {@code offset}, in one piece and without copying them: for what is larger
     * than a buffer. {@link SendableMemory#sendFinished} follows exactly once.
     *
     * @param more as for {@link #send(OwnedBuffer, boolean)}
     * @throws IndexOutOfBoundsException if the memory does not have these bytes; {@code sendFinished} was called then
     */
    void send(SendableMemory memory, long offset, int length, boolean more);

    /**
     * Sends {@code length} bytes of a file, from {@code position}, in the way that the file asks for.
     * {@link SendableFile#sendFinished} follows exactly once. A file that ends early closes the connection with
     * {@link CloseReason#SOURCE_FAILED}.
     */
    void sendFile(SendableFile file, long position, long length);

    /** How many sends are queued, that in flight included; {@link ConnectionHandler#onSent} follows for each that ends well. */
    int queuedSends();

    /**
     * How many bytes of the output that the kernel has begun with the peer has not acknowledged; 0 once the connection is
     * about to close. Less than before means that the peer reads. Makes system calls: for when it seems not to.
     */
    long outstanding();

    /** Stops receiving, and so in the end the peer from sending. One more {@code onReceive} may still follow. */
    void pause();

    /** Receives again after {@link #pause}. */
    void resume();

    /**
     * Whether a full send queue stops receiving, which it does unless told otherwise. It should where output answers
     * input. It must not where the two are independent, as in a relay between two connections: a peer that does not
     * read before somebody has read what it writes would wait for ever. Such a handler pauses whoever it takes the
     * output from instead.
     */
    void pausesWhenFull(boolean pauses);

    /**
     * Sets the time, in terms of {@link LoopContext#nanoTime}, after which {@link ConnectionHandler#onTimeout} is
     * called, at the resolution of the timer wheel and never early; replaces an earlier deadline.
     * {@link #NO_DEADLINE} takes it away.
     */
    void deadline(long nanoTime);

    /** No deadline. */
    long NO_DEADLINE = Long.MAX_VALUE;

    /**
     * Sends what is queued, tells the peer that this was all (FIN), and goes on receiving; later output is dropped. The
     * connection closes once the peer has finished as well. Idempotent.
     */
    void finishSending();

    /** Closes now. Queued output is dropped. Idempotent. */
    void close();

    /**
     * Sends what is queued, tells the peer that this was all (FIN), discards what it still sends for a bounded time so
     * that the last bytes are not destroyed by a reset (RFC 9112 section 9.6), and closes. Idempotent.
     */
    void closeAfterSend();
}
