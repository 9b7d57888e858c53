package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** A request body that arrives in pieces: grows as they come, not by what was announced. Confined to a thread. */
final class RequestBody {

    private static final int FIRST_BYTES = 4096;

    private final int maxBytes;
    private byte[] bytes = new byte[0];
    private int length;

    /** @param maxBytes how long it may become */
    RequestBody(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** How many bytes have arrived. */
    int length() {
        return length;
    }

    /** Whether {@code count} more bytes are allowed. */
    boolean hasRoom(long count) {
        return count <= maxBytes - length;
    }

    /** Adds bytes; there must be room. */
    void append(MemorySegment memory, long offset, int count) {
        assert hasRoom(count);
        if (bytes.length - length < count) {
            long doubled = Math.max(FIRST_BYTES, 2L * bytes.length);
            bytes = Arrays.copyOf(bytes, (int) Math.min(maxBytes, Math.max(doubled, length + count)));
        }
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, bytes, length, count);
        length += count;
    }

    /** A copy of what has arrived. */
    byte[] toArray() {
        return Arrays.copyOf(bytes, length);
    }
}
