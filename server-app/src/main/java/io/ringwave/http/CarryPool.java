package io.ringwave.http;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of memory for requests that did not arrive in one piece. Off-heap like the receive buffers, so that the
 * parser sees one kind of memory; allocated in chunks as connections need them, at most one block each; reused last
 * freed first; given back to the system with the pool. Confined to its loop's thread.
 */
final class CarryPool {

    private static final int BLOCKS_PER_CHUNK = 16;

    private final int blockBytes;
    private @Nullable ArrivingRequest[] free = new ArrivingRequest[0]; // as long as there are blocks
    private int freeCount;

    /** @param blockBytes the size of a block: the longest head */
    CarryPool(int blockBytes) {
        this.blockBytes = blockBytes;
    }

    int blockBytes() {
        return blockBytes;
    }

    /** Takes a block, for a request of which nothing is there yet. */
    ArrivingRequest acquire() {
        if (freeCount == 0) {
            grow();
        }
        ArrivingRequest request = free[--freeCount];
        assert request != null;
        free[freeCount] = null;
        return request;
    }

    /** Gives a block back. */
    void release(ArrivingRequest request) {
        request.clear();
        free[freeCount++] = request;
    }

    /** How many blocks are in use. */
    int used() {
        return free.length - freeCount;
    }

    private void grow() {
        MemorySegment chunk = Arena.ofAuto().allocate((long) BLOCKS_PER_CHUNK * blockBytes);
        free = new ArrivingRequest[free.length + BLOCKS_PER_CHUNK];
        for (int block = BLOCKS_PER_CHUNK - 1; block >= 0; block--) {
            free[freeCount++] = new ArrivingRequest(chunk, (long) block * blockBytes);
        }
    }
}
