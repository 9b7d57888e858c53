package io.ringwave.http;

import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.MemoryFile;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The memory that holds the bodies of a loop's small files: one region, made when the first body comes, given out in
 * blocks of {@value #BLOCK_BYTES} bytes, or in whole pages. It never grows, and its pages are the process's only once they
 * were used. Confined to the loop's thread.
 *
 * <p>The region is a {@link MemoryFile}, so that whole pages need not be copied to be sent. Sockets may have such pages long
 * after that, so who gave them to one never writes to them again, and they are discarded when they are given back.
 *
 * <p>After {@link #close} it goes on until the last body was given back, for bodies are lent to the kernel.
 */
final class FileMemory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FileMemory.class);

    static final int BLOCK_BYTES = 1024;
    static final long NONE = -1;
    private static final int PAGE_BYTES = MemoryFile.pageBytes();
    private static final int BLOCKS_OF_PAGE = PAGE_BYTES / BLOCK_BYTES;

    private final int blocks;
    private final BitSet used = new BitSet();
    private @Nullable MemoryFile region;
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

    /** The file that the region is, {@link #memory} from its beginning. There must be a region. */
    int descriptor() {
        assert region != null;
        return region.descriptor();
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
        return allocate(blocksFor(bytes), 1);
    }

    /** As {@link #allocate}, whole pages, which nobody else gets a part of: to be given back by {@link #freePages}. */
    long allocatePages(long bytes) {
        return allocate(blocksOfPages(bytes), BLOCKS_OF_PAGE);
    }

    private long allocate(int count, int alignment) {
        if (closed || count > blocks - blocksUsed || !isMapped()) {
            return NONE;
        }
        int first = find(count, alignment, searchFrom, blocks);
        if (first < 0) {
            first = find(count, alignment, 0, Math.min(blocks, searchFrom + count + alignment));
        }
        if (first < 0 || !reserve(first, count)) {
            return NONE;
        }
        used.set(first, first + count);
        blocksUsed += count;
        searchFrom = first + count;
        return (long) first * BLOCK_BYTES;
    }

    /** The first of {@code count} free blocks in a row between two blocks; -1 if there are none. */
    private int find(int count, int alignment, int from, int to) {
        int first = aligned(used.nextClearBit(from), alignment);
        while (first + count <= to) {
            int next = used.nextSetBit(first);
            if (next < 0 || next - first >= count) {
                return first;
            }
            first = aligned(used.nextClearBit(next), alignment);
        }
        return -1;
    }

    private static int aligned(int block, int alignment) {
        return block + alignment - 1 & -alignment;
    }

    private boolean reserve(int first, int count) {
        assert region != null;
        int from = first & -BLOCKS_OF_PAGE;
        int to = aligned(first + count, BLOCKS_OF_PAGE);
        return region.reserve((long) from * BLOCK_BYTES, (long) (to - from) * BLOCK_BYTES) == 0;
    }

    /** Takes back what {@link #allocate} gave out. */
    void free(long offset, long bytes) {
        free(offset, blocksFor(bytes));
    }

    /** Takes back what {@link #allocatePages} gave out. */
    void freePages(long offset, long bytes) {
        assert region != null;
        int count = blocksOfPages(bytes);
        region.discard(offset, (long) count * BLOCK_BYTES);
        free(offset, count);
    }

    private void free(long offset, int count) {
        int first = (int) (offset / BLOCK_BYTES);
        assert used.nextClearBit(first) >= first + count : "was not given out";
        used.clear(first, first + count);
        blocksUsed -= count;
        unmapIfDone();
    }

    private static int blocksFor(long bytes) {
        return (int) Math.min(Integer.MAX_VALUE, (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    }

    /** How much {@link #allocatePages} takes for that many bytes. */
    static long inPages(long bytes) {
        return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    }

    private static int blocksOfPages(long bytes) {
        return blocksFor(inPages(bytes));
    }

    private boolean isMapped() {
        if (region == null && blocks > 0) {
            try {
                region = MemoryFile.create("ringwave-files", inPages(capacity()));
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
