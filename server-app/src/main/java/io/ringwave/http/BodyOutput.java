package io.ringwave.http;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * Where a {@link BodyWriter} writes: straight into the send buffer, behind the head, as long as that has room; what is
 * more into an array, which is used again. So a body that fits is never copied, and of a longer one only the rest is.
 * Nothing of it counts as written to the {@link Output} before {@link #end}. Confined to its loop's thread.
 *
 * <pre>
 *   CLOSED --begin--> OPEN --end--> CLOSED, its bytes stay until the next begin
 * </pre>
 */
final class BodyOutput extends OutputStream {

    /** An array that has become longer than this is not kept: one long body must not cost memory for ever. */
    private static final int MAX_KEPT_BYTES = 1 << 20;
    private static final int FIRST_BYTES = 1024;

    private MemorySegment memory = MemorySegment.NULL;
    private long start;
    private long at;
    private long limit;
    private byte[] rest = {};
    private int restLength;
    private boolean open;

    BodyOutput() {}

    /** A body begins: at {@code from} within the memory, up to {@code to}; all of it goes into the array if they are equal. */
    void begin(MemorySegment into, long from, long to) {
        memory = into;
        start = from;
        at = from;
        limit = to;
        restLength = 0;
        open = true;
        if (rest.length > MAX_KEPT_BYTES) {
            rest = new byte[0];
        }
    }

    /** Nothing more is taken. */
    void end() {
        open = false;
    }

    /** How many bytes stand in the send buffer. */
    int bufferedLength() {
        return (int) (at - start);
    }

    /** What did not fit into the send buffer: the first {@link #restLength} bytes. */
    byte[] rest() {
        return rest;
    }

    int restLength() {
        return restLength;
    }

    @Override
    public void write(int value) throws IOException {
        requireOpen();
        if (at < limit) {
            memory.set(Words.BYTE, at++, (byte) value);
        } else {
            reserve(1);
            rest[restLength++] = (byte) value;
        }
    }

    @Override
    public void write(byte[] source, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, source.length);
        requireOpen();
        int fits = (int) Math.min(count, limit - at);
        MemorySegment.copy(source, offset, memory, Words.BYTE, at, fits);
        at += fits;
        if (fits < count) {
            limit = at; // what follows must not come before this
            reserve(count - fits);
            System.arraycopy(source, offset + fits, rest, restLength, count - fits);
            restLength += count - fits;
        }
    }

    private void requireOpen() throws IOException {
        if (!open) {
            throw new IOException("the body of this response has ended");
        }
    }

    private void reserve(int count) {
        int needed = Math.addExact(restLength, count);
        if (needed > rest.length) {
            rest = Arrays.copyOf(rest,
                    Math.max(needed, Math.max(FIRST_BYTES, (int) Math.min(2L * rest.length, Integer.MAX_VALUE - 8))));
        }
    }
}
