package io.ringwave.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ringwave.linux.Errno;
import io.ringwave.linux.Ring;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The completion side of a ring, read straight from the mapped queue: {@link #next} loads an entry into fields. Confined
 * to the ring's thread.
 */
final class CompletionQueue {

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final int ENTRY_SHIFT = 4;

    private final MemorySegment entries;
    private final MemorySegment kernelHead;
    private final MemorySegment kernelTail;
    private final int mask;
    private int head;
    private int tail;

    private long token;
    private int result;
    private int flags;

    CompletionQueue(Ring ring) {
        this.entries = ring.completionEntries();
        this.kernelHead = ring.completionHead();
        this.kernelTail = ring.completionTail();
        this.mask = (int) (entries.byteSize() >> ENTRY_SHIFT) - 1;
        this.head = (int) INT.get(kernelHead, 0L);
        this.tail = head;
    }

    /** Begins a batch: what the kernel has completed by now. Returns how many there are. */
    int refresh() {
        tail = (int) INT.getAcquire(kernelTail, 0L); // acquire: the entries were written before the tail that covers them
        return tail - head;
    }

    /** Loads the next completion of the batch; false if there is none left. */
    boolean next() {
        if (head == tail) {
            return false;
        }
        long at = (long) (head & mask) << ENTRY_SHIFT;
        token = entries.get(JAVA_LONG, at);
        long rest = entries.get(JAVA_LONG, at + 8);
        result = (int) rest;
        flags = (int) (rest >>> 32);
        head++;
        return true;
    }

    /**
     * The result of an operation whose completion has come and was not read yet; it will be read all the same.
     *
     * @return the result, or {@code -ENODATA} if no such completion is there
     */
    int find(long wanted) {
        int end = (int) INT.getAcquire(kernelTail, 0L); // acquire: as in refresh()
        for (int position = head; position != end; position++) {
            long at = (long) (position & mask) << ENTRY_SHIFT;
            if (entries.get(JAVA_LONG, at) == wanted) {
                return (int) entries.get(JAVA_LONG, at + 8);
            }
        }
        return -Errno.ENODATA;
    }

    /** Gives the entries that were read back to the kernel. */
    void advance() {
        INT.setRelease(kernelHead, 0L, head); // release: they are read before the kernel may overwrite them
    }

    /** The token of the operation ({@code user_data}). */
    long token() {
        return token;
    }

    int result() {
        return result;
    }

    /** IORING_CQE_F_* flags, and the buffer in the upper half. */
    int flags() {
        return flags;
    }
}
