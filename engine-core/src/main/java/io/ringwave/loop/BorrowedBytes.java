package io.ringwave.loop;

import io.ringwave.OwnedBuffer;
import io.ringwave.ReceivedBytes;
import java.lang.foreign.MemorySegment;

/** The received bytes of the current call; one object per loop, wrapped anew for each. */
final class BorrowedBytes implements ReceivedBytes {

    private final EventLoop loop;
    private int buffer;
    private long offset;
    private int length;
    private boolean retained = true; // or there is nothing to retain

    BorrowedBytes(EventLoop loop) {
        this.loop = loop;
    }

    void wrap(int buffer, long offset, int length) {
        this.buffer = buffer;
        this.offset = offset;
        this.length = length;
        this.retained = false;
    }

    /** The call is over: a handler that kept this object has nothing any more. */
    void end() {
        retained = true;
    }

    boolean isRetained() {
        return retained;
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
    public int length() {
        return length;
    }

    @Override
    public OwnedBuffer retain() {
        if (retained) {
            throw new IllegalStateException("these bytes were retained already, or are no longer lent");
        }
        retained = true;
        return loop.handle(buffer).wrap(offset, length, length);
    }
}
