package io.ringwave.spi;

/**
 * A first-in-first-out queue of slots, for backends. It holds each slot at most once, which bounds it by the number of slots.
 * Confined to the loop's thread; allocates nothing after construction.
 */
public final class SlotQueue {

    private final int[] ring;
    private final boolean[] queued;
    private int head; // both run freely and wrap around; their difference is the size
    private int tail;

    /** @param slots slots are below this number; at most 2^30 */
    public SlotQueue(int slots) {
        int capacity = slots <= 1 ? 1 : Integer.highestOneBit(slots - 1) << 1;
        ring = new int[capacity];
        queued = new boolean[slots];
    }

    /** Appends a slot, unless it is queued already. */
    public void add(int slot) {
        if (!queued[slot]) {
            queued[slot] = true;
            ring[tail++ & ring.length - 1] = slot;
        }
    }

    /** Takes the slot that has waited longest. The queue must not be empty. */
    public int remove() {
        assert !isEmpty();
        int slot = ring[head++ & ring.length - 1];
        queued[slot] = false;
        return slot;
    }

    public boolean isEmpty() {
        return head == tail;
    }

    public int size() {
        return tail - head;
    }
}
