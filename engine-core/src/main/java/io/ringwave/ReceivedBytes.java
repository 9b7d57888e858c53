package io.ringwave;

import java.lang.foreign.MemorySegment;

/**
 * Received bytes, lent to {@link ConnectionHandler#onReceive} for the duration of the call. The same object is used for
 * every call of a loop.
 */
public interface ReceivedBytes {

    /** The loop's memory, which holds the bytes at {@link #offset}: one bounded segment, the same for all calls. */
    MemorySegment memory();

    /** Where the bytes begin within {@link #memory}. */
    long offset();

    /** How many bytes there are; at least 1. */
    int length();

    /** Keeps the buffer beyond the call: the caller owns it, and sends or releases it. At most once per call. */
    OwnedBuffer retain();

    /** A copy on the heap. */
    default byte[] toArray() {
        return memory().asSlice(offset(), length()).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }
}
