package io.ringwave.epoll;

/**
 * A first-in-first-out queue of slots that holds each slot at most once, which bounds it by the number of slots.
 * Confined to the loop's thread; allocates nothing after construction.
 */
final class SlotQueue {

    private final int[] ring;
    private final boolean[] queued;
    private int head; // both run freely and wrap around; their difference is the size
    private int tail;

    /** @param slots slots are below this number; at most 2^30 */
    SlotQueue(int slots) {
        int capacity = slots <= 1 ? 1 : Integer.highestOneBit(slots - 1) << 1;
        ring = new int[capacity];
        queued = new boolean[slots];
    }

    /** Appends a slot, unless it is queued already. */
    void add(int slot) {
        if (!queued[slot]) {
            queued[slot] = true;
            ring[tail++ & ring.length - 1] = slot;
        }
    }

    /** Takes the slot that has waited longest. The queue must not be empty. */
    int remove() {
        assert !isEmpty();
        int slot = ring[head++ & ring.length - 1];
        queued[slot] = false;
        return slot;
    }

    boolean isEmpty() {
        return head == tail;
    }

    int size() {
        return tail - head;
    }
}
