package io.ringwave;

import java.lang.foreign.MemorySegment;

/**
 * A buffer that its holder owns: received bytes that were retained, or memory from {@link Connection#acquireBuffer} to
 * be written and sent. Ownership ends with {@link Connection#send} or {@link #release}, one of which must follow;
 * afterwards the object must not be used. Confined to the loop's thread.
 */
public interface OwnedBuffer {

    /** The loop's memory, which holds the buffer at {@link #offset}. */
    MemorySegment memory();

    /** Where this buffer's bytes begin within {@link #memory}. */
    long offset();

    /** How many bytes may be stored from {@link #offset}. */
    int capacity();

    /** How many bytes from {@link #offset} are in use: what a send sends. 0 for a freshly acquired buffer. */
    int length();

    /** Sets {@link #length}. @throws IndexOutOfBoundsException if it is negative or above {@link #capacity} */
    void length(int length);

    /** Drops the first bytes: {@link #offset} grows, {@link #length} and {@link #capacity} shrink by {@code count}. */
    void skip(int count);

    /** Gives the buffer back unsent. */
    void release();
}
