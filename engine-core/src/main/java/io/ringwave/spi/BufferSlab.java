package io.ringwave.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A loop's buffers: one bounded segment cut into equal buffers whose size is a power of two; from a page on, they are a
 * few cache lines apart. The first
 * {@link #receiveBuffers} belong to the backend, which fills them with received bytes; the others are handed out for
 * sending, last returned first, since those are still in the cache.
 *
 * <p>Every buffer has one owner at a time. Each transition is checked, and under {@code -ea} freed buffers are
 * poisoned. Confined to the loop's thread.
 *
 * <pre>
 *   receive buffers:  KERNEL -> (received) HANDLER -> (send) SEND -> KERNEL, or HANDLER -> (release) KERNEL
 *   send buffers:     FREE -> (acquire) HANDLER -> (send) SEND -> FREE,      or HANDLER -> (release) FREE
 * </pre>
 */
public final class BufferSlab {

    /** Who owns a buffer. */
    public enum Owner {
        /** On the free list. */
        FREE,
        /** The backend's: empty, or being filled by the kernel. */
        KERNEL,
        /** The handler's, borrowed or retained. */
        HANDLER,
        /** A send's, queued or in flight. */
        SEND
    }

    private static final int PAGE_BYTES = 4096;
    /** How much farther than its size a buffer is from the next: an odd number of cache lines. */
    private static final int STAGGER_BYTES = 17 * 64;
    private static final long POISON = 0xDBDB_DBDB_DBDB_DBDBL;

    private final MemorySegment memory;
    private final long base;
    private final int bufferBytes;
    private final int stride;
    private final int receiveBuffers;
    private final int buffers;
    private final int[] free;
    private int freeCount;
    private final byte[] owners; // ordinals of Owner

    /**
     * @param memory at least {@link #memoryBytes}, page-aligned, zeroed
     * @param bufferBytes a power of two
     */
    public BufferSlab(MemorySegment memory, int bufferBytes, int receiveBuffers, int sendBuffers) {
        if (Integer.bitCount(bufferBytes) != 1) {
            throw new IllegalArgumentException("bufferBytes is not a power of two: " + bufferBytes);
        }
        this.bufferBytes = bufferBytes;
        this.stride = stride(bufferBytes);
        this.receiveBuffers = receiveBuffers;
        this.buffers = receiveBuffers + sendBuffers;
        if (memory.byteSize() < memoryBytes(buffers, bufferBytes)) {
            throw new IllegalArgumentException("memory of " + memory.byteSize() + " bytes is too small");
        }
        this.memory = memory;
        this.base = memory.address();
        this.owners = new byte[buffers];
        this.free = new int[sendBuffers];
        for (int buffer = buffers - 1; buffer >= 0; buffer--) {
            if (buffer < receiveBuffers) {
                owners[buffer] = (byte) Owner.KERNEL.ordinal();
            } else {
                owners[buffer] = (byte) Owner.FREE.ordinal();
                free[freeCount++] = buffer;
            }
        }
    }

    /** How much memory so many buffers need. */
    public static long memoryBytes(int buffers, int bufferBytes) {
        return (long) buffers * stride(bufferBytes);
    }

    /** Small messages use the beginnings of buffers only: those must not all fall on the same few sets of a cache. */
    private static int stride(int bufferBytes) {
        return bufferBytes < PAGE_BYTES ? bufferBytes : bufferBytes + STAGGER_BYTES;
    }

    /** The whole slab. */
    public MemorySegment memory() {
        return memory;
    }

    /** The size of each buffer, in bytes. */
    public int bufferBytes() {
        return bufferBytes;
    }

    /** How many receive buffers there are: those numbered from 0. */
    public int receiveBuffers() {
        return receiveBuffers;
    }

    /** How many buffers there are in all. */
    public int buffers() {
        return buffers;
    }

    /** How many send buffers are free. */
    public int freeSendBuffers() {
        return freeCount;
    }

    public boolean isReceiveBuffer(int buffer) {
        return buffer < receiveBuffers;
    }

    /** Where a buffer begins within {@link #memory}. */
    public long offset(int buffer) {
        return (long) buffer * stride;
    }

    /** The address of a range of {@link #memory}, for the kernel; checked against its bounds. */
    public long address(long offset, int length) {
        java.util.Objects.checkFromIndexSize(offset, length, memory.byteSize());
        return base + offset;
    }

    /** Takes a free send buffer, which becomes the handler's; -1 if there is none. */
    public int acquire() {
        if (freeCount == 0) {
            return -1;
        }
        int buffer = free[--freeCount];
        move(buffer, Owner.FREE, Owner.HANDLER);
        return buffer;
    }

    /** Puts a send buffer back on the free list. @throws IllegalStateException if it is not {@code from}'s */
    public void free(int buffer, Owner from) {
        assert !isReceiveBuffer(buffer);
        move(buffer, from, Owner.FREE);
        assert poison(buffer);
        free[freeCount++] = buffer;
    }

    /**
     * Passes a buffer from one owner to another. Checked always, not only under {@code -ea}: a buffer released twice
     * would mix the bytes of two connections.
     *
     * @throws IllegalStateException if it is not {@code from}'s
     */
    public void move(int buffer, Owner from, Owner to) {
        if (owners[buffer] != from.ordinal()) {
            throw misused(buffer, from);
        }
        owners[buffer] = (byte) to.ordinal();
    }

    private IllegalStateException misused(int buffer, Owner from) {
        return new IllegalStateException(
                "buffer " + buffer + " belongs to " + Owner.values()[owners[buffer]] + ", not to " + from);
    }

    /** Overwrites a buffer so that a later use shows; always true. Call it inside an {@code assert}. */
    public boolean poison(int buffer) {
        long end = offset(buffer) + bufferBytes;
        for (long at = offset(buffer); at < end; at += Long.BYTES) { // not a slice: assertions allocate nothing either
            memory.set(ValueLayout.JAVA_LONG, at, POISON);
        }
        return true;
    }

    /** The part of the slab at an address; for simulated kernels, which are told addresses. */
    public MemorySegment view(long address, long length) {
        return memory.asSlice(address - base, length);
    }

}
