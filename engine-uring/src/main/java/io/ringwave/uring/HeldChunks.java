package io.ringwave.uring;

import java.util.Arrays;

/**
 * What the kernel had received before a pause took effect: per slot a first-in first-out list of buffers, threaded
 * through flat arrays. Confined to the loop's thread.
 */
final class HeldChunks {

    private static final int NONE = -1;

    private int[] first; // by slot
    private int[] last; // by slot
    private final int[] next; // by buffer
    private final int[] lengths; // by buffer

    HeldChunks(int slots, int buffers) {
        first = new int[slots];
        last = new int[slots];
        next = new int[buffers];
        lengths = new int[buffers];
        Arrays.fill(first, NONE);
    }

    /** Makes room for more slots. */
    void grow(int slots) {
        int before = first.length;
        first = Arrays.copyOf(first, slots);
        last = Arrays.copyOf(last, slots);
        Arrays.fill(first, before, slots, NONE);
    }

    boolean isEmpty(int slot) {
        return first[slot] == NONE;
    }

    /** Appends a buffer that holds bytes for a slot. */
    void add(int slot, int buffer, int length) {
        next[buffer] = NONE;
        lengths[buffer] = length;
        if (first[slot] == NONE) {
            first[slot] = buffer;
        } else {
            next[last[slot]] = buffer;
        }
        last[slot] = buffer;
    }

    /** Takes the oldest buffer of a slot that has one; its {@link #length} stays known until it is added again. */
    int remove(int slot) {
        int buffer = first[slot];
        first[slot] = next[buffer];
        return buffer;
    }

    /** How many bytes a buffer holds. */
    int length(int buffer) {
        return lengths[buffer];
    }
}
