package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A file's path below a served directory, decoded from a request: a flyweight that each request decodes into anew, and
 * that looks itself up in the {@link FileCache} without a copy. Confined to the loop's thread.
 *
 * <p>A path is bytes, as it is for the kernel, in no particular charset: names that are not UTF-8 can be served, and an
 * overlong encoding of a dot or a slash is just a name that does not exist. Escapes are decoded exactly once.
 *
 * <p>Guaranteed for a path that was decoded as {@link Decoding#FILE}: it is relative, at most {@link #MAX_BYTES} long,
 * and not empty; it has no empty segment, no {@code .} or {@code ..}, no NUL or other control character, and no
 * backslash. So it cannot name anything above the directory, whatever resolves it; symlinks are the concern of
 * {@link ServedDirectory}.
 */
final class FilePath {

    /** The longest path that the kernel takes, without the NUL at its end (PATH_MAX, path_resolution(7)). */
    static final int MAX_BYTES = 4095;

    /** What a directory is represented by. */
    private static final byte[] INDEX = "index.html".getBytes(StandardCharsets.US_ASCII);

    /** How a request's path was understood. The first offence decides. */
    enum Decoding {
        /** This path now names a file: that of the request, or the index of the directory it asked for. */
        FILE,
        /** Not a path at all (400): an escape is cut short or not hexadecimal, or there is a NUL. */
        MALFORMED,
        /**
         * A path that is not served whatever exists there (404): an empty segment, {@code .}, {@code ..}, an escaped
         * slash, a backslash (which browsers take for a slash), a control character, or too long.
         */
        REFUSED
    }

    private final byte[] bytes;
    private int length;
    private int hash;
    /** How many bytes the path had in the request: without the index where it asked for a directory. */
    private int askedLength;
    private boolean hidden;

    /** Empty, to be decoded into. */
    FilePath() {
        this.bytes = new byte[MAX_BYTES];
    }

    private FilePath(byte[] bytes, int hash) {
        this.bytes = bytes;
        this.length = bytes.length;
        this.hash = hash;
        this.askedLength = length;
    }

    /**
     * Decodes the raw bytes of a request's path, those after the prefix under which a directory is served. An empty path,
     * or one that ends in a slash, means the directory's index.
     */
    Decoding decode(MemorySegment memory, long offset, int rawLength) {
        int end = 0;
        int segment = 0; // where in bytes the present segment begins
        hidden = false;
        for (int at = 0; at < rawLength; at++) {
            byte b = memory.get(ValueLayout.JAVA_BYTE, offset + at);
            if (b == '/') {
                if (isNoName(segment, end)) {
                    return Decoding.REFUSED;
                }
                segment = end + 1;
            } else {
                if (b == '%') {
                    if (at + 2 >= rawLength) {
                        return Decoding.MALFORMED;
                    }
                    int high = Character.digit(memory.get(ValueLayout.JAVA_BYTE, offset + at + 1), 16);
                    int low = Character.digit(memory.get(ValueLayout.JAVA_BYTE, offset + at + 2), 16);
                    if (high < 0 || low < 0) {
                        return Decoding.MALFORMED;
                    }
                    b = (byte) (high << 4 | low);
                    at += 2;
                }
                if (b == 0) {
                    return Decoding.MALFORMED;
                }
                if (b > 0 && b < ' ' || b == 0x7f || b == '/' || b == '\\') {
                    return Decoding.REFUSED;
                }
            }
            if (end == MAX_BYTES) {
                return Decoding.REFUSED;
            }
            hidden |= b == '.' && end == segment;
            bytes[end++] = b;
        }
        askedLength = end;
        if (segment == end) { // empty, or ends in a slash
            if (end + INDEX.length > MAX_BYTES) {
                return Decoding.REFUSED;
            }
            System.arraycopy(INDEX, 0, bytes, end, INDEX.length);
            end += INDEX.length;
        } else if (isNoName(segment, end)) {
            return Decoding.REFUSED;
        }
        length = end;
        hash = hash(bytes, end);
        return Decoding.FILE;
    }

    /** Whether a segment is empty, {@code .} or {@code ..}. */
    private boolean isNoName(int from, int to) {
        return switch (to - from) {
            case 0 -> true;
            case 1 -> bytes[from] == '.';
            case 2 -> bytes[from] == '.' && bytes[from + 1] == '.';
            default -> false;
        };
    }

    /** The path's bytes, of which the first {@link #length} count. Not to be written to. */
    byte[] bytes() {
        return bytes;
    }

    /** How long the path is, in bytes. */
    int length() {
        return length;
    }

    /** Whether the request asked for a directory: its path was empty, or ended in a slash. */
    boolean isDirectory() {
        return askedLength < length;
    }

    /** How many of the {@link #bytes} name the directory that was asked for, with the slash at its end; 0: the root. */
    int directoryLength() {
        assert isDirectory();
        return askedLength;
    }

    /** Whether a segment begins with a dot, in whatever encoding. */
    boolean isHidden() {
        return hidden;
    }

    /** The path of a file beside this one, whose name is longer by a suffix; null if no path can be that long. */
    @Nullable
    FilePath sibling(String asciiSuffix) {
        int whole = length + asciiSuffix.length();
        if (whole > MAX_BYTES) {
            return null;
        }
        byte[] name = Arrays.copyOf(bytes, whole);
        HeaderSyntax.writeLatin1(asciiSuffix, name, length);
        return new FilePath(name, hash(name, whole));
    }

    /** A copy that stays as it is. */
    FilePath copy() {
        return new FilePath(Arrays.copyOf(bytes, length), hash);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FilePath path && hash == path.hash
                && Arrays.equals(bytes, 0, length, path.bytes, 0, path.length);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    private static int hash(byte[] bytes, int length) {
        int hash = 1;
        for (int i = 0; i < length; i++) {
            hash = 31 * hash + bytes[i];
        }
        return hash;
    }

    /** For people: each byte as the character of the same number (ISO 8859-1). */
    @Override
    public String toString() {
        return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
    }
}
