package io.ringwave.http;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Blocks of memory for request heads that did not arrive in one piece. Off-heap like the receive buffers, so that the
 * parser sees one kind of memory; allocated in chunks as connections need them, at most one block each; reused last
 * freed first; given back to the system with the pool. Confined to its loop's thread.
 */
final class CarryPool {

    private static final int BLOCKS_PER_CHUNK = 16;

    private final int blockBytes;
    private final List<MemorySegment> chunks = new ArrayList<>();
    private int[] free = new int[BLOCKS_PER_CHUNK];
    private int freeCount;

    /** @param blockBytes the size of a block: the longest head */
    CarryPool(int blockBytes) {
        this.blockBytes = blockBytes;
    }

    int blockBytes() {
        return blockBytes;
    }

    /** Takes a block. */
    int acquire() {
        if (freeCount == 0) {
            grow();
        }
        return free[--freeCount];
    }

    /** Gives a block back. */
    void release(int block) {
        free[freeCount++] = block;
    }

    /** The memory that holds a block at {@link #offset}. */
    MemorySegment memory(int block) {
        return chunks.get(block / BLOCKS_PER_CHUNK);
    }

    /** Where a block begins within its {@link #memory}. */
    long offset(int block) {
        return (long) (block % BLOCKS_PER_CHUNK) * blockBytes;
    }

    /** How many blocks are in use. */
    int used() {
        return chunks.size() * BLOCKS_PER_CHUNK - freeCount;
    }

    private void grow() {
        int first = chunks.size() * BLOCKS_PER_CHUNK;
        chunks.add(Arena.ofAuto().allocate((long) BLOCKS_PER_CHUNK * blockBytes));
        free = new int[first + BLOCKS_PER_CHUNK];
        for (int block = first + BLOCKS_PER_CHUNK - 1; block >= first; block--) {
            free[freeCount++] = block;
        }
    }
}
