package io.ringwave.http;

import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Mapping;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory that holds the bodies of a loop's small files: one region, mapped when the first body comes, given out in
 * blocks of {@value #BLOCK_BYTES} bytes. It never grows, and its pages are the process's only once they were used.
 * Confined to the loop's thread.
 *
 * <p>After {@link #close} it goes on until the last body was given back, for bodies are lent to the kernel.
 */
final class FileMemory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FileMemory.class);

    static final int BLOCK_BYTES = 1024;
    static final long NONE = -1;

    private final int blocks;
    private final BitSet used = new BitSet();
    private @Nullable Mapping region;
    private MemorySegment memory = MemorySegment.NULL;
    private int blocksUsed;
    private int searchFrom;
    private boolean closed;

    /** @param bytes the size of the region */
    FileMemory(long bytes) {
        this.blocks = (int) (bytes / BLOCK_BYTES);
    }

    /** The most bytes that can be in it. */
    long capacity() {
        return (long) blocks * BLOCK_BYTES;
    }

    /** How many bytes are given out, whole blocks. */
    long usedBytes() {
        return (long) blocksUsed * BLOCK_BYTES;
    }

    /** The whole region; {@link #allocate} tells offsets in it. */
    MemorySegment memory() {
        return memory;
    }

    /** The address of an offset in {@link #memory}. */
    long address(long offset) {
        return memory.address() + offset;
    }

    /**
     * Gives out memory in one piece.
     *
     * @return its offset, or {@link #NONE} if there is no free piece of that length
     */
    long allocate(long bytes) {
        int count = blocksFor(bytes);
        if (closed || count > blocks - blocksUsed || !isMapped()) {
            return NONE;
        }
        int first = find(count, searchFrom, blocks);
        if (first < 0) {
            first = find(count, 0, Math.min(blocks, searchFrom + count));
        }
        if (first < 0) {
            return NONE;
        }
        used.set(first, first + count);
        blocksUsed += count;
        searchFrom = first + count;
        return (long) first * BLOCK_BYTES;
    }

    /** The first of {@code count} free blocks in a row between two blocks; -1 if there are none. */
    private int find(int count, int from, int to) {
        int first = used.nextClearBit(from);
        while (first + count <= to) {
            int next = used.nextSetBit(first);
            if (next < 0 || next - first >= count) {
                return first;
            }
            first = used.nextClearBit(next);
        }
        return -1;
    }

    /** Takes back what {@link #allocate} gave out. */
    void free(long offset, long bytes) {
        int first = (int) (offset / BLOCK_BYTES);
        int count = blocksFor(bytes);
        assert used.nextClearBit(first) >= first + count : "was not given out";
        used.clear(first, first + count);
        blocksUsed -= count;
        unmapIfDone();
    }

    private static int blocksFor(long bytes) {
        return (int) Math.min(Integer.MAX_VALUE, (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    }

    private boolean isMapped() {
        if (region == null && blocks > 0) {
            try {
                region = Mapping.anonymous(capacity());
                memory = region.memory();
            } catch (ErrnoException e) {
                LOG.warn("Files are not kept in memory: {}", e.getMessage());
                closed = true;
            }
        }
        return region != null;
    }

    /** Unmaps the region when the last body was given back. Idempotent. */
    @Override
    public void close() {
        closed = true;
        unmapIfDone();
    }

    private void unmapIfDone() {
        if (closed && blocksUsed == 0 && region != null) {
            region.close();
            region = null;
            memory = MemorySegment.NULL;
        }
    }
}
