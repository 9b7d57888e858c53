package io.ringwave;

import java.net.SocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An event loop as its handlers see it. Confined to the loop's thread, except {@link #execute}. */
public interface LoopContext {

    /** The loop's number, from 0. */
    int index();

    /** The loop's monotonic clock, in nanoseconds: read once per turn, so free to ask and up to one turn old. */
    long nanoTime();

    /**
     * In {@link ConnectionHandler#onBatchEnd}: a time by which the kernel had taken what was reported as sent since the call
     * before. As {@link #nanoTime}, or where sends were made after that was read, the clock read again.
     */
    long batchNanoTime();

    /** The upper bound of {@link Connection#slot}, exclusive. */
    int maxConnections();

    /** The size of every buffer of this loop, in bytes: a power of two. */
    int bufferBytes();

    /**
     * Connects to a server, within {@link EngineConfig#connectTimeout}. The connection lives on this loop, like the one
     * from whose handler this is called, so that bytes can go from one to the other without copying.
     *
     * @param address internet or Unix-domain; an internet address must have been resolved
     * @param handler is told of this connection only: {@link ConnectionHandler#onOpen} and what follows, or else
     *     {@link ConnectionHandler#onConnectFailed}; one of the two, and never before this method has returned
     * @throws IllegalStateException if the loop has ended
     */
    void connect(SocketAddress address, ConnectionHandler handler);

    /** As {@link #connect(SocketAddress, ConnectionHandler)}, with a time limit of its own; it must be positive. */
    void connect(SocketAddress address, Duration timeout, ConnectionHandler handler);

    /** The connection with this {@link Connection#id}, or null if that has closed or belongs to another loop. */
    @Nullable
    Connection connection(long id);

    /**
     * Runs a task on the loop's thread. Callable from any thread.
     *
     * @return false if the loop's mailbox is full or the loop has ended; the task will then not run. A task that is
     *     taken while the loop is ending may not run either
     */
    boolean execute(Runnable task);

    /**
     * Makes a signal for a task, for the lifetime of the loop; the first thing to do when a handler is made. A task
     * that throws is logged.
     *
     * @throws IllegalStateException if the caller is not the loop's thread, or the loop has many signals already
     */
    LoopSignal signal(Runnable task);
}
