package io.ringwave.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;

/** What the server of a soak has to give: paths, and the bytes that are the only right answer to each. Immutable. */
final class SoakSite {

    /** A path and the body of its answer. */
    record Page(String path, byte[] body) {
        String request() {
            return "GET " + path + " HTTP/1.1\r\nHost: soak\r\n\r\n";
        }
    }

    /** From an empty file to one that takes four buffers: copied behind their heads, or just too large for that. */
    private static final int[] SMALL_SIZES = {0, 1, 100, 1024, 4096, 10_000, 16_000, 16_384, 65_000};
    /** Sent by sendfile(2), in many pieces; the smaller ones fill a socket's buffers more than once. */
    private static final int[] LARGE_SIZES = {512 << 10, (1 << 20) + 1, 4 << 20};

    private final List<Page> routes = List.of(page("/plaintext", "Hello, World!"),
            page("/json", "{\"message\":\"Hello, World!\"}"), page("/api/health", "{\"status\":\"UP\"}"));
    private final List<Page> small;
    private final List<Page> large;
    private final List<Page> quick;

    private SoakSite(List<Page> small, List<Page> large) {
        this.small = small;
        this.large = large;
        this.quick = new ArrayList<>(routes);
        quick.addAll(small);
    }

    /** Fills a directory that is to be served below {@code /static/}. */
    static SoakSite write(Path directory) throws IOException {
        return new SoakSite(files(directory, "small", SMALL_SIZES), files(directory, "large", LARGE_SIZES));
    }

    private static List<Page> files(Path directory, String name, int[] sizes) throws IOException {
        List<Page> pages = new ArrayList<>();
        for (int size : sizes) {
            byte[] body = new byte[size];
            new Random(size).nextBytes(body); // no two places in two files are alike
            Files.write(directory.resolve(name + size), body);
            pages.add(new Page("/static/" + name + size, body));
        }
        return List.copyOf(pages);
    }

    private static Page page(String path, String body) {
        return new Page(path, body.getBytes(StandardCharsets.US_ASCII));
    }

    /** What is made per request. */
    Page route(RandomGenerator random) {
        return any(routes, random);
    }

    /** A route or a small file. */
    Page quick(RandomGenerator random) {
        return any(quick, random);
    }

    Page small(RandomGenerator random) {
        return any(small, random);
    }

    Page large(RandomGenerator random) {
        return any(large, random);
    }

    /** The large file that a slow reader gets through. */
    Page shortestLarge() {
        return large.getFirst();
    }

    private static Page any(List<Page> pages, RandomGenerator random) {
        return pages.get(random.nextInt(pages.size()));
    }
}
