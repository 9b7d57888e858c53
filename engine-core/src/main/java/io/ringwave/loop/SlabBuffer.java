package io.ringwave.loop;

import io.ringwave.OwnedBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The handle of one buffer of the slab: made once, used for whatever the buffer holds. */
final class SlabBuffer implements OwnedBuffer {

    final int index;
    final EventLoop loop;
    private long offset;
    private int capacity;
    private int length;
    boolean more;

    SlabBuffer(EventLoop loop, int index) {
        this.loop = loop;
        this.index = index;
    }

    /** Begins a new use of the buffer. */
    SlabBuffer wrap(long offset, int capacity, int length) {
        this.offset = offset;
        this.capacity = capacity;
        this.length = length;
        return this;
    }

    @Override
    public MemorySegment memory() {
        return loop.slab().memory();
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public void length(int newLength) {
        Objects.checkFromToIndex(0, newLength, capacity);
        length = newLength;
    }

    @Override
    public void skip(int count) {
        Objects.checkFromToIndex(0, count, length);
        offset += count;
        length -= count;
        capacity -= count;
    }

    @Override
    public void release() {
        loop.releaseFromHandler(index);
    }
}
