package io.ringwave.http;

import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** A body as a stream, read from where it lies. Confined to a thread. */
final class BodyInput extends InputStream {

    private final MemorySegment memory;
    private final long end;
    private long at;

    BodyInput(MemorySegment memory, long offset, int length) {
        this.memory = memory;
        this.at = offset;
        this.end = offset + length;
    }

    @Override
    public int read() {
        return at == end ? -1 : memory.get(Words.BYTE, at++) & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, into.length);
        if (at == end && length > 0) {
            return -1;
        }
        int count = (int) Math.min(length, end - at);
        MemorySegment.copy(memory, Words.BYTE, at, into, offset, count);
        at += count;
        return count;
    }

    @Override
    public int available() {
        return (int) (end - at);
    }
}
