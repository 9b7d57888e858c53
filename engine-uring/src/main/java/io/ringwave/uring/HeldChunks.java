package io.ringwave.uring;

import static io.ringwave.uring.Channels.HELD;

import io.ringwave.spi.SlotQueue;
import java.util.Arrays;

/**
 * What the kernel had received before a pause took effect: per slot a first-in first-out list of buffers, threaded
 * through flat arrays. If others need the buffers, {@link SetAside} has copies of the oldest chunks. Confined to the loop's
 * thread.
 */
final class HeldChunks {

    private final Channels channels;
    private int[] first = {}; // by slot, as long as was needed so far; means something if the slot has HELD
    private int[] last = {};
    private final int[] next; // by buffer
    private final int[] lengths; // by buffer
    private final SlotQueue holders; // every slot that has HELD, and some that had

    HeldChunks(Channels channels, int slots, int buffers) {
        this.channels = channels;
        holders = new SlotQueue(slots);
        next = new int[buffers];
        lengths = new int[buffers];
    }

    boolean isEmpty(int slot) {
        return !channels.is(slot, HELD);
    }

    /** Appends a buffer that holds bytes for a slot. */
    void add(int slot, int buffer, int length) {
        lengths[buffer] = length;
        if (slot >= first.length) {
            first = Arrays.copyOf(first, channels.length());
            last = Arrays.copyOf(last, channels.length());
        }
        if (isEmpty(slot)) {
            channels.set(slot, HELD);
            holders.add(slot);
            first[slot] = buffer;
        } else {
            next[last[slot]] = buffer;
        }
        last[slot] = buffer;
    }

    /** Takes the oldest buffer of a slot that has one; its {@link #length} stays known until it is added again. */
    int remove(int slot) {
        assert !isEmpty(slot);
        int buffer = first[slot];
        if (buffer == last[slot]) {
            channels.clear(slot, HELD);
        } else {
            first[slot] = next[buffer];
        }
        return buffer;
    }

    /** Takes a slot off the list of those that hold chunks; -1 if none does. Its chunks must be removed then. */
    int removeHolder() {
        while (!holders.isEmpty()) {
            int slot = holders.remove();
            if (!isEmpty(slot)) {
                return slot;
            }
        }
        return -1;
    }

    /** How many bytes a buffer holds. */
    int length(int buffer) {
        return lengths[buffer];
    }
}
