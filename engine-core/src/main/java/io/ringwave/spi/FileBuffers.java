package io.ringwave.spi;

import java.lang.foreign.Arena;

/**
 * The buffers that a loop reads files into ({@link FileTransfer#READ}): a bounded number, each allocated when it is first
 * needed and then kept. Whoever takes one gives it back before he waits for a peer: only a disk may hold it up.
 * Confined to the loop's thread.
 */
public final class FileBuffers implements AutoCloseable {

    /** Four fit into the second-level cache of a small processor core, and a call's own cost vanishes in one. */
    public static final int BYTES = 1 << 18;
    /** No buffer. */
    public static final int NONE = -1;
    private static final int PAGE_BYTES = 4096;

    private final Arena arena = Arena.ofConfined();
    private final long[] addresses;
    private final int[] free;
    private int freeCount;
    private int made;

    /** @param most how many there may be */
    public FileBuffers(int most) {
        addresses = new long[most];
        free = new int[most];
    }

    /** Takes a buffer: the one last given back, since it is still in the cache; {@link #NONE} if all are in use. */
    public int take() {
        if (freeCount > 0) {
            return free[--freeCount];
        }
        if (made == addresses.length) {
            return NONE;
        }
        addresses[made] = arena.allocate(BYTES, PAGE_BYTES).address();
        return made++;
    }

    /** SAFETY: valid for {@link #BYTES} bytes until {@link #close}. */
    public long address(int buffer) {
        return addresses[buffer];
    }

    /** Takes back a buffer that was taken. */
    public void giveBack(int buffer) {
        assert buffer >= 0 && buffer < made && freeCount < made;
        free[freeCount++] = buffer;
    }

    /** Frees all of them: the kernel must have ended every operation on them. */
    @Override
    public void close() {
        arena.close();
    }
}
