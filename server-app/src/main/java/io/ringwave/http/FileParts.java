package io.ringwave.http;

import io.ringwave.SendableFile;
import java.util.Arrays;

/**
 * A body made of parts of one file, each behind bytes of its own, and bytes at the end: what a multipart/byteranges
 * response consists of (RFC 9110 section 14.6). Collected first, then walked once by the {@link WaitingOutput} that
 * sends it. Confined to the loop's thread.
 *
 * <pre>
 *   bytes, part, bytes, part, ... bytes
 * </pre>
 */
final class FileParts {

    private final SendableFile file;
    /** What stands before each part, and behind the last. */
    private final byte[][] bytes;
    private final long[] positions;
    private final long[] lengths;
    private int count;
    private int walked;

    /** @param file released once, as {@link HttpResponse#sendFile} does, when the body was sent or given up */
    FileParts(SendableFile file, int maxParts) {
        this.file = file;
        this.bytes = new byte[maxParts + 1][];
        this.positions = new long[maxParts];
        this.lengths = new long[maxParts];
    }

    /** Appends bytes and, behind them, a part of the file that is not empty. Neither may be appended after the end. */
    void add(byte[] before, long position, long length) {
        assert length > 0 && position >= 0;
        bytes[count] = before;
        positions[count] = position;
        lengths[count] = length;
        count++;
    }

    /** Appends the bytes behind the last part. Once, last. */
    void end(byte[] last) {
        bytes[count] = last;
    }

    SendableFile file() {
        return file;
    }

    /** How many bytes the whole body has. */
    long bodyLength() {
        long sum = 0;
        for (int part = 0; part < count; part++) {
            sum += bytes[part].length + lengths[part];
        }
        return sum + bytes[count].length;
    }

    /** The bytes that come next. */
    byte[] bytes() {
        return bytes[walked];
    }

    /** Whether a part of the file follows them; if not, they are the last. */
    boolean hasPart() {
        return walked < count;
    }

    long position() {
        return positions[walked];
    }

    long length() {
        return lengths[walked];
    }

    /** Goes on to the next bytes. */
    void advance() {
        assert hasPart();
        walked++;
    }

    @Override
    public String toString() {
        return "FileParts[" + walked + " of " + count + ", " + Arrays.toString(lengths) + "]";
    }
}
