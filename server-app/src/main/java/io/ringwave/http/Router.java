package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the handler of a request by its method and path.
 *
 * <p>A pattern is a path, {@code /api/health}; or one in which whole segments are parameters, {@code
 * /users/{id}/posts/{post}} (see {@link HttpRequest#parameter}); or either of these up to a slash, followed by {@code
 * {rest...}}: {@code /static/{rest...}}. An exact path goes before all others; among those the first segment in which
 * two patterns differ decides: a text goes before a parameter, and that before the rest, so that of two prefixes the
 * longer one is taken. A parameter is never empty. Paths are compared byte by byte as
 * they were sent: nothing is decoded, the query is ignored.
 *
 * <p>HEAD is answered by the handler of GET where it has none of its own. OPTIONS is answered with the methods that a
 * path has (204 and Allow), another method that the path does not have with 405 and Allow, an unknown path with 404.
 *
 * <p>Made and used on one event loop; handlers of different loops share nothing unless the program makes them. When the
 * loop ends, handlers that are {@link AutoCloseable} are closed.
 * Unchangeable once the first request was routed.
 */
public final class Router {

    private static final Logger LOG = LoggerFactory.getLogger(Router.class);

    private static final String REST = PathPattern.REST;

    private final Map<String, Route> exactRoutes = new LinkedHashMap<>();
    private final Map<String, Route> prefixRoutes = new LinkedHashMap<>();
    private final Map<String, Route> patternRoutes = new LinkedHashMap<>();

    // Open addressing, at most half full; made by freeze().
    private @Nullable Route[] table = new Route[0];
    private Candidate[] candidates = new Candidate[0]; // prefixes too, if any path has parameters
    private Route[] prefixes = new Route[0]; // if none has
    private @Nullable Route recent; // the exact route that was found last: often the next one's too
    private boolean frozen;

    /** A route that is not found by hash. */
    private record Candidate(PathPattern pattern, Route route) {}

    /** No routes. */
    public Router() {}

    /** Routes GET, and HEAD unless it has a handler of its own. */
    public Router get(String pattern, HttpHandler handler) {
        return handle("GET", pattern, handler);
    }

    /** Routes POST. */
    public Router post(String pattern, HttpHandler handler) {
        return handle("POST", pattern, handler);
    }

    /** Routes PUT. */
    public Router put(String pattern, HttpHandler handler) {
        return handle("PUT", pattern, handler);
    }

    /** Routes DELETE. */
    public Router delete(String pattern, HttpHandler handler) {
        return handle("DELETE", pattern, handler);
    }

    /**
     * Routes a method.
     *
     * @param method one of RFC 9110 section 9 except CONNECT, or PATCH
     * @throws IllegalArgumentException if the method is unknown, the pattern malformed, or both have a handler already
     * @throws IllegalStateException if a request was routed already
     */
    public Router handle(String method, String pattern, HttpHandler handler) {
        if (frozen) {
            throw new IllegalStateException("routes cannot be added once requests are being routed");
        }
        int number = HttpMethod.of(method);
        if (number < 0 || number == HttpMethod.CONNECT) {
            throw new IllegalArgumentException("cannot route the method " + method);
        }
        if (PathPattern.isOne(pattern)) {
            patternRoute(pattern).add(number, handler);
            return this;
        }
        boolean prefix = pattern.endsWith("/" + REST);
        String path = prefix ? pattern.substring(0, pattern.length() - REST.length()) : pattern;
        requirePath(pattern, path);
        (prefix ? prefixRoutes : exactRoutes).computeIfAbsent(path, Route::new).add(number, handler);
        return this;
    }

    private Route patternRoute(String pattern) {
        Route present = patternRoutes.get(pattern);
        if (present != null) {
            return present;
        }
        PathPattern parsed = PathPattern.of(pattern);
        for (Map.Entry<String, Route> other : patternRoutes.entrySet()) {
            if (parsed.isLike(other.getValue().pattern())) {
                throw new IllegalArgumentException(
                        pattern + " matches the same paths as " + other.getKey() + ": name their parameters alike");
            }
        }
        Route route = new Route(pattern, parsed);
        patternRoutes.put(pattern, route);
        return route;
    }

    private static void requirePath(String pattern, String path) {
        boolean valid = path.startsWith("/");
        for (int i = 0; i < path.length(); i++) {
            valid &= path.charAt(i) <= 0x7e && Ascii.is(path.charAt(i), Ascii.PATH);
        }
        if (!valid) {
            throw new IllegalArgumentException("a pattern is a path in its encoded form, or a prefix and " + REST
                    + ", for example /static/" + REST + ": " + pattern);
        }
    }

    /** The route of a path, or null. Allocates nothing. */
    @Nullable
    Route find(MemorySegment memory, long offset, int length) {
        Route guess = recent;
        return guess != null && guess.matches(memory, offset, length) ? guess : lookUp(memory, offset, length);
    }

    private @Nullable Route lookUp(MemorySegment memory, long offset, int length) {
        if (!frozen) {
            freeze();
        }
        int mask = table.length - 1;
        int index = hash(memory, offset, length) & mask;
        for (Route route = table[index]; route != null; route = table[index]) {
            if (route.matches(memory, offset, length)) {
                recent = route;
                return route;
            }
            index = index + 1 & mask;
        }
        for (Candidate candidate : candidates) {
            if (candidate.pattern.matches(memory, offset, length)) {
                return candidate.route;
            }
        }
        return findPrefix(memory, offset, length);
    }

    /** Closes the handlers that can be closed, each once; a failure is logged. */
    void close() {
        Set<AutoCloseable> closeable = Collections.newSetFromMap(new IdentityHashMap<>());
        exactRoutes.values().forEach(route -> route.collectCloseable(closeable));
        prefixRoutes.values().forEach(route -> route.collectCloseable(closeable));
        patternRoutes.values().forEach(route -> route.collectCloseable(closeable));
        for (AutoCloseable handler : closeable) {
            try {
                handler.close();
            } catch (Exception failure) {
                LOG.error("A handler could not be closed", failure);
            }
        }
    }

    private @Nullable Route findPrefix(MemorySegment memory, long offset, int length) {
        for (Route route : prefixes) {
            if (route.isPrefixOf(memory, offset, length)) {
                return route;
            }
        }
        return null;
    }

    private void freeze() {
        frozen = true;
        table = new Route[Math.max(8, Integer.highestOneBit(exactRoutes.size()) * 4)];
        for (Route route : exactRoutes.values()) {
            int index = hash(route.path(), 0, route.length()) & table.length - 1;
            while (table[index] != null) {
                index = index + 1 & table.length - 1;
            }
            table[index] = route;
        }
        if (patternRoutes.isEmpty()) {
            List<Route> sorted = new ArrayList<>(prefixRoutes.values());
            sorted.sort(Comparator.comparingInt(Route::length).reversed());
            prefixes = sorted.toArray(new Route[0]);
            return;
        }
        List<Candidate> closest = new ArrayList<>();
        patternRoutes.values()
                .forEach(route -> closest.add(new Candidate(Objects.requireNonNull(route.pattern()), route)));
        prefixRoutes.forEach((path, route) -> closest.add(new Candidate(PathPattern.of(path + REST), route)));
        closest.sort(Comparator.comparing(Candidate::pattern, PathPattern.CLOSEST_FIRST));
        candidates = closest.toArray(new Candidate[0]);
    }

    /** Mixes words: paths come from outside, but what they are compared with does not, so chains stay short. */
    private static int hash(MemorySegment memory, long offset, int length) {
        long hash = length;
        for (int i = 0; i + 8 <= length; i += 8) {
            hash = (hash ^ memory.get(Words.LONG, offset + i)) * 0x9E37_79B9_7F4A_7C15L; // 2^64 / golden ratio
            hash ^= hash >>> 32;
        }
        if ((length & 7) != 0) {
            hash = (hash ^ Words.tail(memory, offset, length)) * 0x9E37_79B9_7F4A_7C15L;
        }
        return (int) (hash >>> 32 ^ hash >>> 48);
    }
}
