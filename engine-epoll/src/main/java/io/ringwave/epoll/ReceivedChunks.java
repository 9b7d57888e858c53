package io.ringwave.epoll;

/**
 * What a group of slots has received and is not reported yet: a chunk, the end or an error for each slot at most.
 * Confined to the loop's thread.
 */
final class ReceivedChunks {

    /**
     * How many slots are received from before the first is reported. Measured with 8, 16, 32 and 64: fewer make less of
     * the caches, and with more the first one's state is no longer there when its answer is sent.
     */
    static final int CAPACITY = 32;

    /** The {@link #buffer} of an end or an error. */
    static final int NO_BUFFER = -1;

    private final int[] slots = new int[CAPACITY];
    private final int[] buffers = new int[CAPACITY];
    private final int[] results = new int[CAPACITY];
    private int size;

    boolean isFull() {
        return size == CAPACITY;
    }

    int size() {
        return size;
    }

    /** @param result a number of bytes, 0 for the end, or {@code -errno} */
    void add(int slot, int buffer, int result) {
        slots[size] = slot;
        buffers[size] = buffer;
        results[size++] = result;
    }

    int slot(int chunk) {
        return slots[chunk];
    }

    int buffer(int chunk) {
        return buffers[chunk];
    }

    int result(int chunk) {
        return results[chunk];
    }

    void clear() {
        size = 0;
    }
}
