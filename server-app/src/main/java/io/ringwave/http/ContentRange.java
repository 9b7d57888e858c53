package io.ringwave.http;

import java.nio.charset.StandardCharsets;

/**
 * Writes Content-Range fields (RFC 9110 section 14.4) as lines with their CRLF, each over the one before it. Allocates
 * nothing. Confined to its loop's thread.
 */
final class ContentRange {

    private static final byte[] START = "Content-Range: bytes ".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_DIGITS = 19; // of a long

    private final byte[] line = new byte[START.length + 3 * MAX_DIGITS + 4];
    private int length;

    ContentRange() {
        System.arraycopy(START, 0, line, 0, START.length);
    }

    /** For a part of a representation. */
    ContentRange write(long position, long partLength, long size) {
        length = START.length;
        number(position);
        line[length++] = '-';
        number(position + partLength - 1);
        return end(size);
    }

    /** For 416: how long the representation is, of which no part was asked for. */
    ContentRange writeUnsatisfied(long size) {
        length = START.length;
        line[length++] = '*';
        return end(size);
    }

    private ContentRange end(long size) {
        line[length++] = '/';
        number(size);
        line[length++] = '\r';
        line[length++] = '\n';
        return this;
    }

    private void number(long value) {
        int digits = 1;
        for (long rest = value; rest >= 10; rest /= 10) {
            digits++;
        }
        long rest = value;
        for (int i = digits - 1; i >= 0; i--) {
            line[length + i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += digits;
    }

    /** The line in the first {@link #length} bytes. */
    byte[] line() {
        return line;
    }

    int length() {
        return length;
    }

    @Override
    public String toString() {
        return new String(line, 0, length, StandardCharsets.US_ASCII);
    }
}
