package io.ringwave.server;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Lines of the access log on their way to the kernel. What is put must fit: the caller looks at {@link #hasRoom} before each
 * line. Confined to the thread that writes the log.
 */
final class LineBuffer {
    /** What fits into it: enough lines that the system call hardly counts. */
    static final int FLUSH_BYTES = 1 << 16;
    /** The longest line: each byte of an entry may become six ({@code \}{@code u00ff}), and some are added. */
    private static final int MAX_LINE_BYTES = 6 * AccessEntry.MAX_BYTES + 512;

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGHS = 0x8080_8080_8080_8080L;
    private static final byte[] HEX = ascii("0123456789ABCDEF");

    private final MemorySegment memory = Arena.ofAuto().allocate(FLUSH_BYTES + MAX_LINE_BYTES);
    private int length;

    LineBuffer() {}

    /** Whether another line fits, and it is not time to write. */
    boolean hasRoom() {
        return length < FLUSH_BYTES;
    }

    MemorySegment memory() {
        return memory;
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    void put(char ascii) {
        memory.set(JAVA_BYTE, length++, (byte) ascii);
    }

    void put(byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, length, bytes.length);
        length += bytes.length;
    }

    /** Puts bytes as they are. */
    void put(MemorySegment source, long offset, int count) {
        MemorySegment.copy(source, offset, memory, length, count);
        length += count;
    }

    /** Puts a number that is not negative. */
    void putDecimal(long number) {
        int digits = 1;
        for (long rest = number; rest >= 10; rest /= 10) {
            digits++;
        }
        putDecimal(number, digits);
    }

    /** Puts the last digits of a number, zeros in front of it. */
    void putDecimal(long number, int digits) {
        long rest = number;
        for (int i = digits - 1; i >= 0; i--) {
            memory.set(JAVA_BYTE, length + i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
        length += digits;
    }

    /**
     * Puts bytes that may be any: quotes, backslashes and what is no printable ASCII as the prefix and two digits.
     *
     * @param prefix what makes of two hexadecimal digits an escaped byte
     */
    void putEscaped(MemorySegment source, long offset, int count, byte[] prefix) {
        int done = 0;
        while (done < count) {
            if (count - done >= Long.BYTES) {
                long word = source.get(WORD, offset + done);
                if (isPlain(word)) { // as nearly all are
                    memory.set(WORD, length, word);
                    length += Long.BYTES;
                    done += Long.BYTES;
                    continue;
                }
            }
            int end = Math.min(count, done + Long.BYTES);
            for (; done < end; done++) {
                putEscaped(source.get(JAVA_BYTE, offset + done), prefix);
            }
        }
    }

    private void putEscaped(byte value, byte[] prefix) {
        if (value >= ' ' && value < 0x7f && value != '"' && value != '\\') {
            memory.set(JAVA_BYTE, length++, value);
        } else {
            put(prefix);
            memory.set(JAVA_BYTE, length++, HEX[value >> 4 & 15]);
            memory.set(JAVA_BYTE, length++, HEX[value & 15]);
        }
    }

    /** Whether none of eight bytes needs escaping. */
    private static boolean isPlain(long word) {
        long below = word - ONES * ' ' & ~word;
        return ((word | below | equalTo(word, '"') | equalTo(word, '\\') | equalTo(word, 0x7f)) & HIGHS) == 0;
    }

    /** Zero in the high bits only if no byte is the value. */
    private static long equalTo(long word, int value) {
        long difference = word ^ ONES * value;
        return difference - ONES & ~difference;
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
