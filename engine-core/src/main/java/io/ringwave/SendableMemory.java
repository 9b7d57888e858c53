package io.ringwave;

import java.lang.foreign.MemorySegment;

/** Memory outside the loop's buffers, which {@link Connection#send(SendableMemory, long, int, boolean)} sends from. */
public interface SendableMemory {

    /** The memory: native, and valid and unchanged until {@link #sendFinished}. Always the same. */
    MemorySegment memory();

    /** The engine no longer needs the memory for one {@code send} call: it was sent, failed or dropped. */
    void sendFinished();
}
