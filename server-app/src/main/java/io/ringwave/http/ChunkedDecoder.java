package io.ringwave.http;

import java.lang.foreign.MemorySegment;

/**
 * Decodes a chunked body (RFC 9112 section 7.1) that may be cut anywhere. Chunk extensions and trailer fields are
 * checked, bounded and discarded. One object per body; confined to a thread.
 *
 * <pre>
 *   SIZE -> (EXTENSION ->) SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE
 *                          SIZE_LF -> LINE -> (NAME -> VALUE -> LINE_LF -> LINE)* -> END_LF -> DONE    after a chunk of 0
 * </pre>
 */
final class ChunkedDecoder {

    /** The most bytes of extensions in a whole body, and the most bytes of its trailer section. */
    static final int MAX_OVERHEAD_BYTES = 4096;
    /** A chunk's size fits into an int, whatever leading zeros it has. */
    private static final int MAX_SIZE_DIGITS = 8;

    private static final int SIZE = 0;
    private static final int BLANK = 1;
    private static final int EXTENSION = 2;
    private static final int SIZE_LF = 3;
    private static final int DATA = 4;
    private static final int DATA_CR = 5;
    private static final int DATA_LF = 6;
    private static final int LINE = 7;
    private static final int NAME = 8;
    private static final int VALUE = 9;
    private static final int LINE_LF = 10;
    private static final int END_LF = 11;
    private static final int DONE = 12;
    private static final int FAILED = 13;

    private int state = SIZE;
    private int digits;
    private long remaining;
    private int overhead;

    /** At the beginning of a body. */
    ChunkedDecoder() {}

    /** Whether the body, with its trailer section, is complete. */
    boolean isDone() {
        return state == DONE;
    }

    /**
     * Decodes bytes and appends the data among them to {@code body}.
     *
     * @return how many bytes were used: all of them, unless the body is complete; or a negated status: 400 if the coding
     *     is malformed, 413 if the body is longer than {@code body} may become
     */
    int decode(MemorySegment memory, long offset, int length, RequestBody body) {
        int at = 0;
        while (at < length && state != DONE) {
            if (state == DATA) {
                int count = (int) Math.min(remaining, length - at);
                body.append(memory, offset + at, count);
                remaining -= count;
                at += count;
                if (remaining == 0) {
                    state = DATA_CR;
                }
            } else {
                int status = step(memory.get(Words.BYTE, offset + at++) & 0xff, body);
                if (status != 0) {
                    state = FAILED;
                    return status;
                }
            }
        }
        return at;
    }

    /** Takes one byte that is not data. @return 0, or a negated status */
    private int step(int character, RequestBody body) {
        switch (state) {
            case SIZE :
                return size(character);
            case BLANK :
                return blank(character);
            case EXTENSION :
                return text(character, SIZE_LF);
            case SIZE_LF :
                return character == '\n' ? beginChunk(body) : -400;
            case DATA_CR :
                return expect(character, '\r', DATA_LF);
            case DATA_LF :
                digits = 0;
                return expect(character, '\n', SIZE);
            case LINE :
                return line(character);
            case NAME :
                return name(character);
            case VALUE :
                return text(character, LINE_LF);
            case LINE_LF :
                return expect(character, '\n', LINE);
            case END_LF :
                return expect(character, '\n', DONE);
            default :
                return -400;
        }
    }

    private int expect(int character, int expected, int next) {
        state = next;
        return character == expected ? 0 : -400;
    }

    private int size(int character) {
        if (Ascii.is(character, Ascii.HEX)) {
            remaining = digits == 0 ? 0 : remaining;
            remaining = remaining << 4 | Character.digit(character, 16);
            return ++digits > MAX_SIZE_DIGITS ? -400 : 0;
        }
        if (digits == 0) {
            return -400;
        }
        if (character == '\r') {
            state = SIZE_LF;
            return 0;
        }
        return blank(character);
    }

    /** Blanks before an extension are bad, but allowed (RFC 9112 section 7.1.1). */
    private int blank(int character) {
        if (character == ';') {
            state = EXTENSION;
            return 0;
        }
        state = BLANK;
        return character == ' ' || character == '\t' ? count() : -400;
    }

    /** Text up to CR. */
    private int text(int character, int next) {
        if (character == '\r') {
            state = next;
            return 0;
        }
        return character >= ' ' && character != 0x7f || character == '\t' ? count() : -400;
    }

    private int count() {
        return ++overhead > MAX_OVERHEAD_BYTES ? -400 : 0;
    }

    private int beginChunk(RequestBody body) {
        if (remaining == 0) {
            overhead = 0;
            state = LINE;
            return 0;
        }
        state = DATA;
        return body.hasRoom(remaining) ? 0 : -413;
    }

    private int line(int character) {
        if (character == '\r') {
            state = END_LF;
            return 0;
        }
        state = NAME;
        return Ascii.is(character, Ascii.TOKEN) ? count() : -400;
    }

    private int name(int character) {
        if (character == ':') {
            state = VALUE;
            return 0;
        }
        return Ascii.is(character, Ascii.TOKEN) ? count() : -400;
    }
}
