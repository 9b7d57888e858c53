package io.ringwave.http;

import java.lang.foreign.MemorySegment;

/**
 * The content codings that a client accepts, and how gladly (Accept-Encoding, RFC 9110 section 12.5.3): a flyweight that
 * each request is read into anew. Confined to its loop's thread; allocates nothing.
 */
final class AcceptedCodings {

    private static final int CODINGS = ContentCoding.COUNT;
    private static final int IDENTITY = CODINGS;
    private static final int ANY = CODINGS + 1;
    private static final int UNKNOWN = -1;

    private static final int UNLISTED = -1;
    private static final int MAX_WEIGHT = 1000; // in thousandths: a weight has three digits (section 12.4.2)

    /** By {@link ContentCoding#ordinal}, then of identity and of {@code *}. */
    private final int[] weights = new int[CODINGS + 2];

    // While a field is read.
    private MemorySegment memory = MemorySegment.NULL;
    private long at;
    private long end;

    /** Begins with a request that says nothing: only what is not encoded will do then, lest a simple client chokes. */
    void clear() {
        for (int i = 0; i < weights.length; i++) {
            weights[i] = UNLISTED;
        }
    }

    /**
     * Reads one Accept-Encoding field; a request may have several, which count together. An element that is malformed
     * counts for nothing. Of a coding that is listed twice the last weight counts.
     */
    void read(MemorySegment source, long offset, int length) {
        memory = source;
        at = offset;
        end = offset + length;
        while (at < end) {
            readElement();
            skipTo(','); // behind what is malformed
            at++;
        }
        memory = MemorySegment.NULL;
    }

    private void readElement() {
        skipBlanks();
        long start = at;
        while (at < end && Ascii.is(memory.get(Words.BYTE, at) & 0xff, Ascii.TOKEN)) {
            at++;
        }
        int coding = coding(start, (int) (at - start));
        skipBlanks();
        int weight = at == end || peek() == ',' ? MAX_WEIGHT : readWeight();
        if (coding != UNKNOWN && weight >= 0) {
            weights[coding] = weight;
        }
    }

    private int coding(long start, int length) {
        for (int coding = 0; coding < CODINGS; coding++) {
            if (isNamed(start, length, ContentCoding.PREFERRED.get(coding).token())) {
                return coding;
            }
        }
        if (isNamed(start, length, "x-gzip")) { // section 8.4.1.3
            return ContentCoding.GZIP.ordinal();
        }
        if (isNamed(start, length, "identity")) {
            return IDENTITY;
        }
        return length == 1 && memory.get(Words.BYTE, start) == '*' ? ANY : UNKNOWN;
    }

    private boolean isNamed(long start, int length, String name) {
        if (length != name.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (Character.toLowerCase(memory.get(Words.BYTE, start + i)) != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** {@code ";" "q=" ( "0" [ "." *3DIGIT ] | "1" [ "." *3"0" ] )}; returns the weight, or -1 if it is none. */
    private int readWeight() {
        if (take() != ';') {
            return -1;
        }
        skipBlanks();
        if (Character.toLowerCase(take()) != 'q' || take() != '=') {
            return -1;
        }
        int weight = (take() - '0') * MAX_WEIGHT;
        if (weight != 0 && weight != MAX_WEIGHT) {
            return -1;
        }
        if (at < end && peek() == '.') {
            at++;
            for (int unit = MAX_WEIGHT / 10; unit > 0 && at < end && peek() >= '0' && peek() <= '9'; unit /= 10) {
                weight += (take() - '0') * unit;
            }
        }
        skipBlanks();
        return weight <= MAX_WEIGHT && (at == end || peek() == ',') ? weight : -1;
    }

    private int peek() {
        return memory.get(Words.BYTE, at);
    }

    /** The next byte of an element, and 0 at its end. */
    private int take() {
        return at == end || peek() == ',' ? 0 : memory.get(Words.BYTE, at++);
    }

    private void skipBlanks() {
        while (at < end && (peek() == ' ' || peek() == '\t')) {
            at++;
        }
    }

    private void skipTo(char character) {
        while (at < end && peek() != character) {
            at++;
        }
    }

    /**
     * Chooses among encoded representations: the one with the greatest weight; of equals the first of
     * {@link ContentCoding#PREFERRED}, and any of them before one that is not encoded, unless the client prefers that.
     * Where the client accepts nothing that there is, not even what is not encoded, that is what it gets: a file is of
     * more use than 406 (section 12.4.1 leaves the choice).
     *
     * @param available a set of codings, a bit for each by its ordinal
     * @return the ordinal of a coding, or -1 for the representation that is not encoded
     */
    int choose(int available) {
        int best = -1;
        int bestWeight = 0;
        for (int coding = 0; coding < CODINGS; coding++) {
            if ((available & 1 << coding) != 0 && weight(coding) > bestWeight) {
                best = coding;
                bestWeight = weight(coding);
            }
        }
        return weight(IDENTITY) > bestWeight ? -1 : best;
    }

    /** What is listed neither by name nor by {@code *} is not wanted; identity is not either, but stays possible. */
    private int weight(int coding) {
        int weight = weights[coding] == UNLISTED ? weights[ANY] : weights[coding];
        return Math.max(weight, 0);
    }
}
