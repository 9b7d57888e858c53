package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A path with parameters, {@code /users/{id}/posts/{post}}: a list of segments, each of which is a text or the name of
 * a parameter, and perhaps {@code {rest...}} at the end. A parameter stands for one segment that is not empty.
 * Immutable; allocates nothing but when it is made.
 */
final class PathPattern {

    static final String REST = "{rest...}";

    /** Texts before parameters, those before the rest, segment by segment: so the first that matches is the closest. */
    static final Comparator<PathPattern> CLOSEST_FIRST = PathPattern::compare;

    private static final int PARAMETER = 1;
    private static final int TEXT = 0;
    private static final int REST_OF_PATH = 2;

    private final List<String> names; // by segment; empty for a text
    private final List<MemorySegment> texts; // by segment; of length 0 for a parameter
    private final boolean hasRest;

    private PathPattern(List<String> names, List<MemorySegment> texts, boolean hasRest) {
        this.names = names;
        this.texts = texts;
        this.hasRest = hasRest;
    }

    /** Whether a pattern has parameters, other than the rest of the path. */
    static boolean isOne(String pattern) {
        String path = pattern.endsWith("/" + REST) ? pattern.substring(0, pattern.length() - REST.length()) : pattern;
        return path.indexOf('{') >= 0;
    }

    /** @throws IllegalArgumentException if it is malformed */
    static PathPattern of(String pattern) {
        boolean valid = pattern.startsWith("/");
        boolean rest = pattern.endsWith("/" + REST);
        String path = rest ? pattern.substring(0, pattern.length() - REST.length() - 1) : pattern;
        List<String> names = new ArrayList<>();
        List<MemorySegment> texts = new ArrayList<>();
        for (String segment : path.isEmpty() ? new String[0] : path.substring(1).split("/", -1)) {
            boolean parameter = segment.length() > 2 && segment.startsWith("{") && segment.endsWith("}");
            String name = parameter ? segment.substring(1, segment.length() - 1) : "";
            valid &= parameter ? isName(name) && !names.contains(name) : isText(segment);
            names.add(name);
            texts.add(HeadTemplate.encode(parameter || !isText(segment) ? "" : segment));
        }
        if (!valid) {
            throw new IllegalArgumentException("a parameter is a whole segment, {name}, and no two have the same name, "
                    + "for example /users/{id}/posts/{post}: " + pattern);
        }
        return new PathPattern(List.copyOf(names), List.copyOf(texts), rest);
    }

    private static boolean isName(String name) {
        return name.chars().allMatch(c -> c == '_' || c < 0x7f && Character.isLetterOrDigit(c));
    }

    private static boolean isText(String segment) {
        return segment.chars().allMatch(c -> c <= 0x7e && Ascii.is((char) c, Ascii.PATH));
    }

    private static int compare(PathPattern a, PathPattern b) {
        int segments = Math.max(a.names.size(), b.names.size());
        for (int segment = 0; segment < segments; segment++) {
            int difference = a.kind(segment) - b.kind(segment);
            if (difference != 0) {
                return difference;
            }
        }
        return a.kind(segments) - b.kind(segments);
    }

    private int kind(int segment) {
        if (segment >= names.size()) {
            return REST_OF_PATH;
        }
        return names.get(segment).isEmpty() ? TEXT : PARAMETER;
    }

    /** The number of a parameter's segment; -1 if there is none of that name. */
    int segment(String name) {
        return name.isEmpty() ? -1 : names.indexOf(name);
    }

    /** Whether {@code length} bytes of memory are a path of this kind. */
    boolean matches(MemorySegment memory, long offset, int length) {
        int at = 0;
        for (int segment = 0; segment < texts.size(); segment++) {
            if (at == length || memory.get(Words.BYTE, offset + at) != '/') {
                return false;
            }
            int end = segmentEnd(memory, offset, at + 1, length);
            if (!matches(segment, memory, offset + at + 1, end - at - 1)) {
                return false;
            }
            at = end;
        }
        return hasRest ? at < length : at == length; // segmentEnd stops at a slash only
    }

    private boolean matches(int segment, MemorySegment memory, long offset, int length) {
        MemorySegment text = texts.get(segment);
        if (!names.get(segment).isEmpty()) {
            return length > 0;
        }
        if (text.byteSize() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (text.get(Words.BYTE, i) != memory.get(Words.BYTE, offset + i)) {
                return false;
            }
        }
        return true;
    }

    /** Where a segment of a path that matches begins, behind its slash; behind the last one, where the rest does. */
    int segmentStart(MemorySegment memory, long offset, int length, int segment) {
        int at = 1;
        for (int before = 0; before < segment; before++) {
            at = segmentEnd(memory, offset, at, length) + 1;
        }
        return Math.min(at, length);
    }

    /** Where the rest of a path that matches begins. */
    int restStart(MemorySegment memory, long offset, int length) {
        return hasRest ? segmentStart(memory, offset, length, texts.size()) : length;
    }

    /** The end of the segment that begins at {@code from}. */
    static int segmentEnd(MemorySegment memory, long offset, int from, int length) {
        int at = from;
        while (at < length && memory.get(Words.BYTE, offset + at) != '/') {
            at++;
        }
        return at;
    }

    /** Whether the two are the same but for the names of their parameters: no path could tell them apart. */
    boolean isLike(@Nullable PathPattern other) {
        if (other == null || other.hasRest != hasRest || other.texts.size() != texts.size()) {
            return false;
        }
        for (int segment = 0; segment < texts.size(); segment++) {
            if (names.get(segment).isEmpty() != other.names.get(segment).isEmpty()
                    || texts.get(segment).mismatch(other.texts.get(segment)) >= 0) {
                return false;
            }
        }
        return true;
    }
}
