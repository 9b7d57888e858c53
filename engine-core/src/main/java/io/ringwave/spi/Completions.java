package io.ringwave.spi;

/** What the kernel reports. Every result is a count or a negated errno. Called by {@link Backend#submitAndAwait} only. */
public interface Completions {

    /**
     * A connection was accepted, or accepting failed.
     *
     * @param result the backend's number for the connection, to be passed to {@link Backend#open} or {@link Backend#refuse}; or {@code -errno}: accepting
     *     has stopped, {@link Backend#accept} resumes it
     */
    void accepted(int result);

    /**
     * What {@link Backend#connect} asked for has succeeded or failed.
     *
     * @param result 0: the slot is open; or {@code -errno}: it takes only {@link Backend#closeChannel}. {@code
     *     -ECONNREFUSED} also tells that the accept queue of a Unix-domain server is full
     */
    void connected(int slot, int result);

    /**
     * Bytes arrived, or the stream ended.
     *
     * @param buffer the slab buffer that holds the bytes, now the core's, to be returned by {@link Backend#release};
     *     {@code -1} if {@code result <= 0}
     * @param offset where in the buffer they begin
     * @param result how many bytes; 0: the peer finished sending; {@code -errno}. After {@code <= 0} the subscription has
     *     ended for good
     */
    void received(int slot, int buffer, int offset, int result);

    /**
     * The send in flight has ended.
     *
     * @param result all bytes that were asked for, or {@code -errno}. A long because a file may be
     */
    void sent(int slot, long result);

    /**
     * What was reported as sent since the last call was taken by the kernel in this turn, after the first report of it: for
     * backends that make a call for each send, once for a group of them.
     */
    default void sendsMade() {}

    /** The channel is closed: the last word on this slot and generation. */
    void closed(int slot);
}
