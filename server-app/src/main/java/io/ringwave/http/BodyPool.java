package io.ringwave.http;

import org.jspecify.annotations.Nullable;

/**
 * Arrays for request bodies that do not arrive in one piece, used again while they are still in the processor's cache:
 * sizes are powers of two, the last freed of a size comes first, and {@link #MAX_KEPT_BYTES} bound what is kept. Confined
 * to its loop's thread.
 */
final class BodyPool {

    /** What is kept of arrays that nobody uses, for each loop. */
    static final int MAX_KEPT_BYTES = 2 << 20;
    private static final int MIN_SHIFT = 12;
    private static final int MAX_SHIFT = 20;
    private static final int MAX_PER_SIZE = 16;

    private final byte[][][] kept = new byte[MAX_SHIFT - MIN_SHIFT + 1][MAX_PER_SIZE][];
    private final int[] counts = new int[kept.length];
    private int keptBytes;

    BodyPool() {}

    /** An array of at least that many bytes; what is in it is left from others. */
    byte[] acquire(int bytes) {
        int shift = shift(bytes);
        if (shift > MAX_SHIFT) {
            return new byte[bytes];
        }
        int size = shift - MIN_SHIFT;
        if (counts[size] == 0) {
            return new byte[1 << shift];
        }
        byte[][] stack = kept[size];
        byte @Nullable [] array = stack[--counts[size]];
        assert array != null;
        stack[counts[size]] = null;
        keptBytes -= array.length;
        return array;
    }

    /** Gives an array back that {@link #acquire} returned. */
    void release(byte[] array) {
        int size = shift(array.length) - MIN_SHIFT;
        if (size < kept.length && 1 << size + MIN_SHIFT == array.length && counts[size] < MAX_PER_SIZE
                && array.length <= MAX_KEPT_BYTES - keptBytes) {
            kept[size][counts[size]++] = array;
            keptBytes += array.length;
        }
    }

    /** How many bytes it holds that nobody uses. */
    int keptBytes() {
        return keptBytes;
    }

    private static int shift(int bytes) {
        return Math.max(MIN_SHIFT, Integer.SIZE - Integer.numberOfLeadingZeros(bytes - 1));
    }
}
