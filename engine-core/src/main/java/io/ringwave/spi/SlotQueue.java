package io.ringwave.spi;

import java.util.Arrays;

/**
 * A first-in-first-out queue of slots, for backends. It holds each slot at most once, which bounds it by the number of slots.
 * Confined to the loop's thread; allocates only when a slot is queued that is higher than any before.
 */
public final class SlotQueue {

    private final int slots;
    private int[] ring;
    private boolean[] queued;
    private int head; // both run freely and wrap around; their difference is the size
    private int tail;

    /** @param slots slots are below this number; at most 2^30 */
    public SlotQueue(int slots) {
        this.slots = slots;
        queued = new boolean[SlotTables.first(slots)];
        ring = new int[capacity(queued.length)];
    }

    /** Appends a slot, unless it is queued already. */
    public void add(int slot) {
        if (slot >= queued.length) {
            grow(slot);
        }
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

    private void grow(int slot) {
        queued = Arrays.copyOf(queued, SlotTables.grown(queued.length, slot, slots));
        int capacity = capacity(queued.length);
        if (capacity > ring.length) {
            int[] larger = new int[capacity];
            int size = size();
            for (int i = 0; i < size; i++) {
                larger[i] = ring[head + i & ring.length - 1];
            }
            ring = larger;
            head = 0;
            tail = size;
        }
    }

    private static int capacity(int length) {
        return length <= 1 ? 1 : Integer.highestOneBit(length - 1) << 1;
    }
}
