package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A request that did not arrive in one piece: a block of the {@link CarryPool} for its head, and its body. A connection has
 * one only while such a request arrives; made once per block. Confined to its loop's thread.
 */
final class ArrivingRequest {

    /** Holds the block. */
    final MemorySegment memory;
    /** Where the block begins within {@link #memory}. */
    final long offset;
    /** How much of the head has arrived. */
    int headLength;
    /** The body that is arriving; null if none is. */
    @Nullable
    RequestBody body;
    /** How much of a body with Content-Length is still to come. */
    long bodyRemaining;
    /** Decodes a chunked body; null if the body is not chunked. */
    @Nullable
    ChunkedDecoder chunks;
    /** When the head or the body must be complete. */
    long deadline;

    ArrivingRequest(MemorySegment memory, long offset) {
        this.memory = memory;
        this.offset = offset;
    }

    /** The next request finds nothing of this one. */
    void clear() {
        headLength = 0;
        body = null;
        bodyRemaining = 0;
        chunks = null;
    }
}
