package io.ringwave.loop;

import io.ringwave.spi.SlotTables;
import java.util.Arrays;

/**
 * A hashed timer wheel with one timer per id, in flat arrays. Confined to one thread; told the time by its callers.
 *
 * <ol>
 * <li>A timer expires at the first {@link #advance} whose time is at or after the deadline rounded up to a tick: never
 *     early, at most one tick plus the caller's own delay late.
 * <li>Setting, moving and cancelling a timer is O(1) and allocates nothing, once an id as high was used; nor do timers that
 *     expire, unless more of a bucket do so at once than ever before. Moving a deadline later, as every request on
 *     a kept-alive connection does, is two loads and a store: the timer stays filed where it is, and is filed again
 *     when that bucket comes round.
 * <li>Deadlines further away than a rotation wait in one of the last buckets and are filed again from there, once in
 *     about a rotation.
 * </ol>
 */
public final class TimerWheel {

    /** Told which timers expired. */
    @FunctionalInterface
    public interface Expiry {
        /** The timer of {@code id} has expired; it is no longer set, and may be set again. */
        void expired(int id);
    }

    /** The resolution: 2^24 ns, about 17 ms. Finer than any timeout of a connection needs, coarse enough to be idle. */
    static final int TICK_SHIFT = 24;
    private static final int BUCKETS = 1024; // a rotation is about 17 s
    private static final int MASK = BUCKETS - 1;
    /** Distant deadlines share every so many-th bucket, so that looking at them again wakes an idle loop once a second. */
    private static final long FAR_STEP = 64;
    private static final long UNSET = Long.MAX_VALUE;
    private static final int NONE = -1;
    private static final short UNFILED = -1;
    private static final int FIRST_DUE = 64;

    private final long start;
    private final int ids;
    private long[] deadlines;
    private short[] buckets; // where each timer is filed
    private int[] next;
    private int[] previous;
    private int[] due = new int[FIRST_DUE]; // of the bucket that is being emptied
    private final int[] heads = new int[BUCKETS];
    private final long[] occupied = new long[BUCKETS / Long.SIZE];
    private long tick; // every bucket up to and including this tick has been emptied
    private int count;

    /** Timers 0 to {@code ids - 1}, none of them set. */
    public TimerWheel(int ids, long nowNanos) {
        start = nowNanos;
        this.ids = ids;
        int length = SlotTables.first(ids);
        deadlines = new long[length];
        buckets = new short[length];
        next = new int[length];
        previous = new int[length];
        Arrays.fill(deadlines, UNSET);
        Arrays.fill(buckets, UNFILED);
        Arrays.fill(heads, NONE);
    }

    private void grow(int id) {
        int before = deadlines.length;
        int length = SlotTables.grown(before, id, ids);
        deadlines = Arrays.copyOf(deadlines, length);
        buckets = Arrays.copyOf(buckets, length);
        next = Arrays.copyOf(next, length);
        previous = Arrays.copyOf(previous, length);
        Arrays.fill(deadlines, before, length, UNSET);
        Arrays.fill(buckets, before, length, UNFILED);
    }

    /** How many timers are filed; an upper bound of how many are set. */
    public int size() {
        return count;
    }

    /** Sets or moves the timer of {@code id}; {@link Long#MAX_VALUE} cancels it. */
    public void set(int id, long deadlineNanos) {
        if (id >= deadlines.length) {
            grow(id);
        }
        deadlines[id] = deadlineNanos;
        if (deadlineNanos == UNSET) {
            return; // a filed timer without a deadline is dropped when its bucket comes round
        }
        long dueTick = tickOf(deadlineNanos);
        if (buckets[id] != UNFILED) {
            if (filedTick(id) <= dueTick) {
                return;
            }
            unlink(id);
        }
        file(id, dueTick);
    }

    /**
     * When the bucket in which a timer is filed comes round: within a rotation, so the bucket tells. For a timer in a
     * bucket that {@link #advance} is about to empty, this is a rotation late, which is harmless: it is filed again anyway.
     */
    private long filedTick(int id) {
        long first = tick + 1;
        return first + (buckets[id] - first & MASK);
    }

    /** Takes the timer of {@code id} out at once. */
    public void cancel(int id) {
        if (id >= deadlines.length) {
            return; // it was never set
        }
        deadlines[id] = UNSET;
        if (buckets[id] != UNFILED) {
            unlink(id);
        }
    }

    /** Reports every timer whose deadline has come. */
    public void advance(long nowNanos, Expiry expiry) {
        long present = nowNanos - start >> TICK_SHIFT;
        if (count == 0) {
            tick = Math.max(tick, present);
            return;
        }
        long first = tick + 1;
        long last = Math.min(present, tick + BUCKETS); // after a long sleep one rotation visits every bucket
        tick = Math.max(tick, present); // before emptying: what is filed again is filed relative to the present
        for (long visited = first; visited <= last; visited++) {
            empty((int) visited & MASK, nowNanos, expiry);
        }
    }

    /** How long until {@link #advance} may have something to do, in nanoseconds; {@link Long#MAX_VALUE}: never. */
    public long nanosToNext(long nowNanos) {
        if (count == 0) {
            return Long.MAX_VALUE;
        }
        long due = tick + distanceToOccupied((int) (tick + 1) & MASK) + 1;
        return Math.max(0, (due << TICK_SHIFT) + start - nowNanos);
    }

    private int distanceToOccupied(int from) {
        int word = from >> 6;
        long bits = occupied[word] & -1L << from;
        int base = -(from & 63);
        for (int visited = 0; visited <= occupied.length; visited++) {
            if (bits != 0) {
                return base + Long.numberOfTrailingZeros(bits);
            }
            word = word + 1 & occupied.length - 1;
            bits = occupied[word];
            base += Long.SIZE;
        }
        throw new AssertionError("timers are counted but not filed");
    }

    /** The first tick that begins at or after a time. */
    private long tickOf(long nanos) {
        long elapsed = nanos - start;
        return (elapsed >> TICK_SHIFT) + ((elapsed & (1L << TICK_SHIFT) - 1) == 0 ? 0 : 1);
    }

    private void empty(int bucket, long nowNanos, Expiry expiry) {
        int id = heads[bucket];
        heads[bucket] = NONE;
        occupied[bucket >> 6] &= ~(1L << bucket);
        // First unlink the whole bucket, so that an expiry may set and cancel timers, those of this bucket included.
        int dueCount = 0;
        while (id != NONE) {
            int following = next[id];
            buckets[id] = UNFILED;
            count--;
            long deadline = deadlines[id];
            if (deadline != UNSET) {
                if (deadline > nowNanos) {
                    file(id, tickOf(deadline));
                } else {
                    if (dueCount == due.length) {
                        due = Arrays.copyOf(due, 2 * dueCount);
                    }
                    due[dueCount++] = id;
                }
            }
            id = following;
        }
        while (dueCount > 0) {
            id = due[--dueCount];
            if (deadlines[id] <= nowNanos && buckets[id] == UNFILED) {
                deadlines[id] = UNSET;
                expiry.expired(id);
            }
        }
    }

    private void file(int id, long dueTick) {
        long at = dueTick - tick < BUCKETS ? Math.max(dueTick, tick + 1) : tick + BUCKETS - 1 & -FAR_STEP;
        int bucket = (int) at & MASK;
        int head = heads[bucket];
        next[id] = head;
        previous[id] = NONE;
        if (head != NONE) {
            previous[head] = id;
        }
        heads[bucket] = id;
        occupied[bucket >> 6] |= 1L << bucket;
        buckets[id] = (short) bucket;
        count++;
    }

    private void unlink(int id) {
        int bucket = buckets[id];
        if (previous[id] == NONE) {
            heads[bucket] = next[id];
            if (heads[bucket] == NONE) {
                occupied[bucket >> 6] &= ~(1L << bucket);
            }
        } else {
            next[previous[id]] = next[id];
        }
        if (next[id] != NONE) {
            previous[next[id]] = previous[id];
        }
        buckets[id] = UNFILED;
        count--;
    }
}
