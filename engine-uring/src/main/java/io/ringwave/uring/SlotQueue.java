package io.ringwave.uring;

/** A first-in first-out queue of slots, each in it at most once. Confined to the loop's thread. */
final class SlotQueue {

    private final int[] slots;
    private final boolean[] queued;
    private int head;
    private int count;

    SlotQueue(int capacity) {
        slots = new int[capacity];
        queued = new boolean[capacity];
    }

    /** Puts a slot at the end, unless it is in the queue already. */
    void add(int slot) {
        if (!queued[slot]) {
            queued[slot] = true;
            int at = head + count++;
            slots[at < slots.length ? at : at - slots.length] = slot;
        }
    }

    /** Takes the first slot. */
    int remove() {
        assert count > 0;
        int slot = slots[head];
        head = head + 1 == slots.length ? 0 : head + 1;
        count--;
        queued[slot] = false;
        return slot;
    }

    int size() {
        return count;
    }
}
