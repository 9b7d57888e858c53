package io.ringwave.epoll;

import io.ringwave.spi.BufferSlab;

/**
 * The slab's receive buffers that are free. The last one returned is used first, since it is still in the cache.
 * Confined to the loop's thread.
 */
final class ReceiveBuffers {

    private final BufferSlab slab;
    private final int[] free;
    private int freeCount;

    /** Every receive buffer of the slab is free. */
    ReceiveBuffers(BufferSlab slab) {
        this.slab = slab;
        this.free = new int[slab.receiveBuffers()];
        for (int buffer = free.length - 1; buffer >= 0; buffer--) {
            free[freeCount++] = buffer;
        }
    }

    boolean isEmpty() {
        return freeCount == 0;
    }

    int available() {
        return freeCount;
    }

    /** The buffer that {@link #take} would take. There must be one. */
    int first() {
        return free[freeCount - 1];
    }

    /** Takes {@link #first}. */
    void take() {
        freeCount--;
    }

    /** Takes back a buffer that was taken. */
    void giveBack(int buffer) {
        assert slab.isReceiveBuffer(buffer) && !isFree(buffer) : "buffer " + buffer + " was not handed out";
        free[freeCount++] = buffer;
    }

    private boolean isFree(int buffer) {
        for (int i = 0; i < freeCount; i++) {
            if (free[i] == buffer) {
                return true;
            }
        }
        return false;
    }
}
