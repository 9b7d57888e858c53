package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What serves a path, all paths with a prefix, or those of a pattern: a handler per method. Confined to its loop's
 * thread.
 */
final class Route {

    private final MemorySegment path; // off-heap like the requests, so that the code that reads both sees one kind
    private final int length;
    private final long[] words;
    private final @Nullable PathPattern pattern;
    private final @Nullable HttpHandler[] handlers = new HttpHandler[HttpMethod.COUNT];
    private final @Nullable RouteClass[] classes = new RouteClass[HttpMethod.COUNT]; // of the handlers
    private HttpHeaderBytes allow = HttpHeaderBytes.of("Allow", "OPTIONS");

    Route(String path) {
        this(path, null);
    }

    /** @param pattern matches the paths; null if {@code path} does, alone or as a prefix */
    Route(String path, @Nullable PathPattern pattern) {
        this.pattern = pattern;
        this.path = HeadTemplate.encode(path);
        this.length = path.length();
        this.words = new long[length + 7 >>> 3];
        for (int i = 0; i < words.length; i++) {
            int end = Math.min(8 * (i + 1), length);
            words[i] = end == 8 * (i + 1) ? this.path.get(Words.LONG, 8L * i) : Words.tail(this.path, 0, end);
        }
    }

    /** The length of the path or prefix, in bytes. */
    int length() {
        return length;
    }

    /** Null if it is one path, or all with a prefix. */
    @Nullable
    PathPattern pattern() {
        return pattern;
    }

    /** The path or prefix. */
    MemorySegment path() {
        return path;
    }

    /** Whether {@code pathLength} bytes of memory are this route's path. */
    boolean matches(MemorySegment memory, long offset, int pathLength) {
        return pathLength == length && startsAt(memory, offset);
    }

    /** Whether {@code pathLength} bytes of memory begin with this route's path. */
    boolean isPrefixOf(MemorySegment memory, long offset, int pathLength) {
        return pathLength >= length && startsAt(memory, offset);
    }

    private boolean startsAt(MemorySegment memory, long offset) {
        int full = length >>> 3;
        for (int i = 0; i < full; i++) {
            if (memory.get(Words.LONG, offset + 8L * i) != words[i]) {
                return false;
            }
        }
        return (length & 7) == 0 || Words.tail(memory, offset, length) == words[full];
    }

    void add(int method, HttpHandler handler) {
        if (handlers[method] != null) {
            throw new IllegalArgumentException("two handlers for " + HttpMethod.name(method) + " "
                    + new String(path.toArray(Words.BYTE), StandardCharsets.US_ASCII));
        }
        handlers[method] = handler;
        classes[method] = RouteClass.of(handler);
        StringBuilder methods = new StringBuilder();
        for (int i = 0; i < HttpMethod.COUNT; i++) {
            if (handler(i) != null || i == HttpMethod.OPTIONS) {
                methods.append(methods.isEmpty() ? "" : ", ").append(HttpMethod.name(i));
            }
        }
        allow = HttpHeaderBytes.of("Allow", methods.toString());
    }

    /** The handler of a method, or null. HEAD is answered by the handler of GET, unless it has its own. */
    @Nullable
    HttpHandler handler(int method) {
        HttpHandler handler = handlers[method];
        return handler == null && method == HttpMethod.HEAD ? handlers[HttpMethod.GET] : handler;
    }

    /** What kind of handler a method has; {@link RouteClass#API} if it has none. */
    RouteClass routeClass(int method) {
        RouteClass known = classes[method];
        if (known == null && method == HttpMethod.HEAD) {
            known = classes[HttpMethod.GET];
        }
        return known == null ? RouteClass.API : known;
    }

    /** Adds the handlers that can be closed. */
    void collectCloseable(Set<AutoCloseable> into) {
        for (HttpHandler handler : handlers) {
            if (handler instanceof AutoCloseable closeable) {
                into.add(closeable);
            }
        }
    }

    /** The Allow header field (RFC 9110 section 10.2.1). */
    HttpHeaderBytes allow() {
        return allow;
    }
}
