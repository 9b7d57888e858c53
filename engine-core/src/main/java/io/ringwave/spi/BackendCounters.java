package io.ringwave.spi;

/**
 * What a backend counted since it was made. Written by the loop's thread, readable from any thread (each field is a
 * single-writer counter; a reader may lag).
 */
public final class BackendCounters {
    /** Times the kernel was entered to submit or wait (io_uring_enter, epoll_wait). */
    public final Counter waits = new Counter();
    /** Operations handed to the kernel together with such a call (the entries of a submission queue). */
    public final Counter submissions = new Counter();
    /** Completions reported. */
    public final Counter completions = new Counter();
    /** Times a connection had to wait for a free receive buffer. */
    public final Counter bufferShortages = new Counter();
    /** Reports about an older generation of a slot, dropped. */
    public final Counter staleReports = new Counter();
    /** Subscriptions and operations that were submitted again, after the kernel ended them early. */
    public final Counter rearms = new Counter();
    /** Times that the completion queue was found to have overflowed; what did not fit came later. */
    public final Counter overflows = new Counter();
    /** Sends that were handed to the kernel without copying. */
    public final Counter zeroCopySends = new Counter();
    /** Those among them that the kernel copied all the same. */
    public final Counter zeroCopiesCopied = new Counter();
    /** Wake-ups of other backends that went along with this one's submissions. */
    public final Counter wakeupMessages = new Counter();

    /** Not a count: the operations that had not ended when the last turn began. */
    public final Counter operationsInFlight = new Counter();
    /** Not a count: the receive buffers that were free when the last turn began. */
    public final Counter receiveBuffersFree = new Counter();

    /** All zero. */
    public BackendCounters() {}
}
