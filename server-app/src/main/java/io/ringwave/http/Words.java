package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Bytes of memory as little-endian words, with which eight bytes are looked at in one step. */
final class Words {

    static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** One in every byte. */
    static final long ONES = 0x0101_0101_0101_0101L;
    /** The highest bit of every byte: where the tests below leave their answer. */
    static final long HIGHS = 0x8080_8080_8080_8080L;

    private Words() {}

    /**
     * The bytes that equal {@code value}: the high bit of each is set. The lowest set bit is exact; above it, borrows
     * may mark bytes falsely.
     */
    static long equalTo(long word, int value) {
        long difference = word ^ ONES * value;
        return difference - ONES & ~difference & HIGHS;
    }

    /** The bytes that are below {@code bound}, which is at most 128; exact up to the lowest, as {@link #equalTo}. */
    static long below(long word, int bound) {
        return word - ONES * bound & ~word & HIGHS;
    }

    /**
     * The bytes from {@code low} to {@code high}, both within ASCII. Exact if every byte of {@code ascii} is below 128.
     */
    static long within(long ascii, int low, int high) {
        return ascii + ONES * (0x80 - low) & ~(ascii + ONES * (0x7f - high)) & HIGHS;
    }

    /** The index of the lowest marked byte; 8 if none is. */
    static int first(long marks) {
        return Long.numberOfTrailingZeros(marks) >>> 3;
    }

    /** The byte at an index within a word. */
    static int byteOf(long word, int index) {
        return (int) (word >>> 8 * index) & 0xff;
    }

    /** The last 1 to 8 bytes of a range as one word: shared with earlier words where the range is that long. */
    static long tail(MemorySegment memory, long offset, int length) {
        if (length >= 8) {
            return memory.get(LONG, offset + length - 8);
        }
        if (length >= 4) {
            return memory.get(INT, offset) & 0xffff_ffffL | (long) memory.get(INT, offset + length - 4) << 32;
        }
        long word = 0;
        for (int i = 0; i < length; i++) {
            word = word << 8 | memory.get(BYTE, offset + i) & 0xff;
        }
        return word;
    }
}
