package io.ringwave.http;

import java.lang.foreign.MemorySegment;

/**
 * The byte ranges that a request asks for (RFC 9110 section 14): a flyweight that each request is read into anew.
 * Confined to its loop's thread; allocates nothing.
 *
 * <p>Guaranteed for ranges that are {@link Outcome#SATISFIED}: there is at least one and there are at most
 * {@link #MAX_RANGES}; none is empty, all lie within the representation, and no two overlap or touch, because those that
 * do were made one. They stand in the order in which they were asked for (section 15.3.7.2).
 */
final class ByteRanges {

    /** The most ranges that a request may ask for: more look like an attack, and get the whole instead (section 14.2). */
    static final int MAX_RANGES = 16;

    /** What to answer. */
    enum Outcome {
        /** The whole representation: what was asked for is malformed, in another unit, or too much. */
        IGNORED,
        /** 206: these ranges. */
        SATISFIED,
        /** 416: nothing that was asked for exists. */
        UNSATISFIABLE
    }

    private static final String UNIT = "bytes=";
    private static final long NONE = -1;

    // By range: its first byte and its last.
    private final long[] first = new long[MAX_RANGES];
    private final long[] last = new long[MAX_RANGES];
    private int count;

    // While a field is read.
    private MemorySegment memory = MemorySegment.NULL;
    private long at;
    private long end;

    /**
     * Reads a Range field.
     *
     * @param length of the field's value, without the blanks around it
     * @param size the representation's length in bytes
     */
    Outcome read(MemorySegment source, long offset, int length, long size) {
        count = 0;
        memory = source;
        at = offset;
        end = offset + length;
        Outcome outcome = readUnit() ? readSet(size) : Outcome.IGNORED;
        memory = MemorySegment.NULL;
        return outcome;
    }

    private boolean readUnit() {
        for (int i = 0; i < UNIT.length(); i++) {
            if (at == end || Character.toLowerCase(memory.get(Words.BYTE, at)) != UNIT.charAt(i)) {
                return false;
            }
            at++;
        }
        return true;
    }

    /** {@code 1#( first "-" [ last ] | "-" suffix )}, with empty elements (section 5.6.1). */
    private Outcome readSet(long size) {
        int asked = 0;
        boolean isEmpty = false;
        while (skipSeparators()) {
            long from = readNumber();
            if (at == end || memory.get(Words.BYTE, at++) != '-') {
                return Outcome.IGNORED;
            }
            long to = readNumber();
            boolean isSuffix = from == NONE;
            if (isSuffix && to == NONE || to != NONE && to < from || !isElementEnd() || ++asked > MAX_RANGES) {
                return Outcome.IGNORED;
            }
            if (isSuffix && size == 0) {
                isEmpty |= to > 0; // satisfiable (section 14.1.2), but no Content-Range could tell of it
            } else if (isSuffix && to > 0) {
                add(Math.max(0, size - to), size - 1);
            } else if (!isSuffix && from < size) {
                add(from, to == NONE ? size - 1 : Math.min(to, size - 1));
            }
        }
        if (asked == 0 || isEmpty) {
            return Outcome.IGNORED;
        }
        return count == 0 ? Outcome.UNSATISFIABLE : Outcome.SATISFIED;
    }

    /** Goes to the next element of the list; returns whether there is one. */
    private boolean skipSeparators() {
        while (at < end && (isBlank() || memory.get(Words.BYTE, at) == ',')) {
            at++;
        }
        return at < end;
    }

    private boolean isElementEnd() {
        while (at < end && isBlank()) {
            at++;
        }
        return at == end || memory.get(Words.BYTE, at) == ',';
    }

    private boolean isBlank() {
        byte b = memory.get(Words.BYTE, at);
        return b == ' ' || b == '\t';
    }

    /** A number of any length, the largest long if it is larger than that; {@link #NONE} if there is no digit. */
    private long readNumber() {
        long number = NONE;
        while (at < end) {
            int digit = memory.get(Words.BYTE, at) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            long before = Math.max(number, 0);
            number = before > (Long.MAX_VALUE - digit) / 10 ? Long.MAX_VALUE : before * 10 + digit;
            at++;
        }
        return number;
    }

    /** Adds a range, together with those before it that it overlaps or touches, at the place of the foremost. */
    private void add(long newFirst, long newLast) {
        long from = newFirst;
        long to = newLast;
        int place = count;
        for (int i = 0; i < count;) {
            if (from <= last[i] + 1 && to + 1 >= first[i]) {
                from = Math.min(from, first[i]);
                to = Math.max(to, last[i]);
                place = Math.min(place, i);
                remove(i);
                i = 0; // it has grown, and may touch others now
            } else {
                i++;
            }
        }
        System.arraycopy(first, place, first, place + 1, count - place);
        System.arraycopy(last, place, last, place + 1, count - place);
        first[place] = from;
        last[place] = to;
        count++;
    }

    private void remove(int index) {
        count--;
        System.arraycopy(first, index + 1, first, index, count - index);
        System.arraycopy(last, index + 1, last, index, count - index);
    }

    /** How many ranges there are. */
    int count() {
        return count;
    }

    /** Where a range begins, in bytes. */
    long position(int range) {
        return first[range];
    }

    /** How many bytes a range has. */
    long length(int range) {
        return last[range] - first[range] + 1;
    }
}
