package io.ringwave.server;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ringwave.http.AccessLog;
import io.ringwave.http.AccessRecord;
import io.ringwave.spi.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What waits of one loop's requests to be written to the access log: a ring of bytes with one producer, the loop, and one
 * consumer, the writing thread. Allocates nothing for a record, and waits for nobody: a record for which there is no room is
 * dropped and counted.
 *
 * <pre>
 *   answered (loop) ---> [ head ... entries ... tail ) ---> next, advance (writing thread)
 *          \---> dropped
 * </pre>
 */
final class AccessRing implements AccessLog {
    /** 25,000 usual requests: what a busy loop answers in some ten milliseconds, more than the writer ever is away. */
    static final int DEFAULT_BYTES = 4 << 20;

    private static final VarHandle HEAD;
    private static final VarHandle TAIL;

    static {
        try {
            HEAD = MethodHandles.lookup().findVarHandle(AccessRing.class, "head", long.class);
            TAIL = MethodHandles.lookup().findVarHandle(AccessRing.class, "tail", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final MemorySegment memory;
    private final int bytes;
    private final Counter dropped = new Counter();
    private long tail; // all that was ever written; the loop's
    private long knownHead; // the loop's: as far as the consumer was known to be
    private long head; // all that was ever read; the consumer's. Written once a batch, so it may share a cache line
    private final AccessEntry entry = new AccessEntry(); // the consumer's

    /** @param bytes a power of two, larger than two of the largest entries */
    AccessRing(int bytes) {
        if (Integer.bitCount(bytes) != 1 || bytes < 2 * AccessEntry.MAX_BYTES) {
            throw new IllegalArgumentException("a ring of " + bytes + " bytes");
        }
        this.bytes = bytes;
        this.memory = Arena.ofAuto().allocate(bytes, AccessEntry.ALIGNMENT);
    }

    /** How many records found no room; any thread. */
    long dropped() {
        return dropped.get();
    }

    // ---- The loop

    @Override
    public void answered(AccessRecord record) {
        int length = AccessEntry.lengthOf(record);
        long end = tail;
        int at = (int) end & bytes - 1;
        int room = bytes - at;
        int skipped = length <= room ? 0 : room; // an entry is in one piece
        if (!hasRoom(end, skipped + length)) {
            dropped.increment();
            return;
        }
        if (skipped > 0) {
            memory.set(JAVA_INT, at, AccessEntry.PADDING); // there is room: lengths are multiples of 8
            at = 0;
        }
        AccessEntry.write(record, length, memory, at);
        TAIL.setRelease(this, end + skipped + length); // the consumer sees what was written before
    }

    private boolean hasRoom(long end, int needed) {
        if (end + needed - knownHead <= bytes) {
            return true;
        }
        knownHead = (long) HEAD.getAcquire(this); // what the consumer has read is no longer looked at
        return end + needed - knownHead <= bytes;
    }

    // ---- The writing thread

    /** The first entry that waits, valid until {@link #advance}; null if none does. */
    @Nullable
    AccessEntry next() {
        long end = (long) TAIL.getAcquire(this);
        while (head != end) {
            entry.wrap(memory, head & bytes - 1);
            if (entry.length() != AccessEntry.PADDING) {
                return entry;
            }
            HEAD.setRelease(this, head + bytes - (head & bytes - 1));
        }
        return null;
    }

    /** Is done with that entry. */
    void advance() {
        HEAD.setRelease(this, head + entry.length());
    }
}
