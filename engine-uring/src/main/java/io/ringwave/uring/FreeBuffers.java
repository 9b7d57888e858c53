package io.ringwave.uring;

import io.ringwave.spi.BufferSlab;

/**
 * The free receive buffers where the kernel has no ring for them (before 5.19): we pick one when a connection has
 * something to read. The last one returned is used first, since it is still in the cache.
 */
final class FreeBuffers implements ReceiveBuffers {

    private final BufferSlab slab;
    private final int[] free;
    private int freeCount;

    /** Every receive buffer of the slab is free. */
    FreeBuffers(BufferSlab slab) {
        this.slab = slab;
        this.free = new int[slab.receiveBuffers()];
        for (int buffer = free.length - 1; buffer >= 0; buffer--) {
            free[freeCount++] = buffer;
        }
    }

    /** Takes a buffer; -1 if there is none. */
    int take() {
        return freeCount == 0 ? -1 : free[--freeCount];
    }

    /** Where the kernel may write the bytes of a buffer. */
    long address(int buffer) {
        return slab.address(slab.offset(buffer), slab.bufferBytes());
    }

    /** How many bytes go into a buffer. */
    int bufferBytes() {
        return slab.bufferBytes();
    }

    @Override
    public void add(int buffer) {
        assert slab.isReceiveBuffer(buffer) && freeCount < free.length;
        free[freeCount++] = buffer;
    }

    @Override
    public int publish() {
        return freeCount;
    }

    /** The memory is the slab's. */
    @Override
    public void close() {}
}
