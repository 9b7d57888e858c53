package io.ringwave.http;

import io.ringwave.SendableMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One of the {@link SendBlocks}: taken, then sent or put back by {@link #sendFinished}. Confined to its loop's thread. */
final class SendBlock implements SendableMemory {

    private final SendBlocks owner;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;
    /** The next one that is free. */
    @Nullable
    SendBlock next;
    boolean taken;

    SendBlock(SendBlocks owner, int bytes) {
        this.owner = owner;
        this.memory = arena.allocate(bytes, SendBlocks.PAGE_BYTES);
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public void sendFinished() {
        owner.putBack(this);
    }

    /** Nobody refers to it any more, the kernel included. */
    void free() {
        arena.close();
    }
}
