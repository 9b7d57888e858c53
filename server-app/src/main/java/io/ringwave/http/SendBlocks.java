package io.ringwave.http;

import org.jspecify.annotations.Nullable;

/**
 * Memory for responses that are longer than a buffer of the loop: head and body are written into one block, and leave in
 * one send. Blocks have five sizes, from {@link #MIN_BYTES} to {@link #MAX_BYTES} of body, and a page for the head; they
 * are used again, the last one first, while it is in the cache. {@link #MAX_TOTAL_BYTES} bound what there is of them,
 * whether free or in flight, since clients that do not read keep them. Confined to its loop's thread.
 */
final class SendBlocks {

    /** What all blocks of a loop have together. */
    static final int MAX_TOTAL_BYTES = 4 << 20;
    static final int PAGE_BYTES = 4096;
    static final int MIN_BYTES = 64 * 1024;
    static final int MAX_BYTES = 1 << 20;
    private static final int SIZES = Integer.numberOfTrailingZeros(MAX_BYTES / MIN_BYTES) + 1;

    private final @Nullable SendBlock[] free = new SendBlock[SIZES];
    private int totalBytes;
    private int takenBytes;
    private boolean closed;

    SendBlocks() {}

    /** A block of at least that many bytes, which its taker puts back; null if none has as many, or the bound is reached. */
    @Nullable
    SendBlock take(long bytes) {
        int size = size(bytes);
        if (size >= SIZES || closed) {
            return null;
        }
        SendBlock block = free[size];
        if (block == null) {
            if (!makeRoom(bytes(size))) {
                return null;
            }
            block = new SendBlock(this, bytes(size));
            totalBytes += bytes(size);
        } else {
            free[size] = block.next;
            block.next = null;
        }
        block.taken = true;
        takenBytes += bytes(size);
        return block;
    }

    /** A block is free again. @throws IllegalStateException if it was not taken: two responses would share it */
    void putBack(SendBlock block) {
        if (!block.taken) {
            throw new IllegalStateException("a block was put back twice");
        }
        block.taken = false;
        int bytes = (int) block.memory().byteSize();
        takenBytes -= bytes;
        if (closed) {
            free(block, bytes);
        } else {
            int size = size(bytes);
            block.next = free[size];
            free[size] = block;
        }
    }

    /** How many bytes the blocks have that are in use. */
    int takenBytes() {
        return takenBytes;
    }

    /** How many bytes all blocks have. */
    int totalBytes() {
        return totalBytes;
    }

    /** No more are taken. What is in flight is freed when it comes back; never, if the kernel does not give it back. */
    void close() {
        closed = true;
        makeRoom(MAX_TOTAL_BYTES);
    }

    /** Frees blocks of any size that nobody uses until there is room for so many bytes. */
    private boolean makeRoom(int bytes) {
        for (int size = 0; size < SIZES; size++) {
            SendBlock block = free[size];
            while (block != null && totalBytes > MAX_TOTAL_BYTES - bytes) {
                free[size] = block.next;
                free(block, bytes(size));
                block = free[size];
            }
        }
        return totalBytes <= MAX_TOTAL_BYTES - bytes;
    }

    private void free(SendBlock block, int bytes) {
        totalBytes -= bytes;
        block.free();
    }

    private static int size(long bytes) {
        long body = bytes - PAGE_BYTES;
        return body <= MIN_BYTES ? 0 : Long.SIZE - Long.numberOfLeadingZeros((body - 1) / MIN_BYTES);
    }

    private static int bytes(int size) {
        return (MIN_BYTES << size) + PAGE_BYTES;
    }
}
