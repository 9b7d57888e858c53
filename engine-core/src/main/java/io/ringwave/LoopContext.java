package io.ringwave;

/** An event loop as its handlers see it. Confined to the loop's thread, except {@link #execute}. */
public interface LoopContext {

    /** The loop's number, from 0. */
    int index();

    /** The loop's monotonic clock, in nanoseconds: read once per turn, so free to ask and up to one turn old. */
    long nanoTime();

    /** The upper bound of {@link Connection#slot}, exclusive. */
    int maxConnections();

    /** The size of every buffer of this loop, in bytes: a power of two. */
    int bufferBytes();

    /**
     * Runs a task on the loop's thread. Callable from any thread.
     *
     * @return false if the loop's mailbox is full or the loop has ended; the task will then not run. A task that is
     *     taken while the loop is ending may not run either
     */
    boolean execute(Runnable task);
}
