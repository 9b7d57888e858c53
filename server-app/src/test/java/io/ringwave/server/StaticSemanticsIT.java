package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What RFC 9110 says of files, as a table of requests that curl sends to the real jar and to an nginx that serves the same
 * directory: status, body and header fields are those of the table, and those of nginx unless a row says why not.
 */
class StaticSemanticsIT {
    private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
    private static final String BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT";
    private static final String AFTER = "Sun, 06 Nov 1994 08:49:38 GMT";
    private static final long GIB = 1L << 30;
    private static final long BIG = 5 * GIB + 7;
    private static final int MARK = 64;

    private static final String NO_CODING = "this nginx knows gzip only";
    private static final String NO_WEIGHTS = "nginx reads no weights but q=0, and has no * and no identity";
    private static final String STRICT = "nginx answers 416 to what is malformed; RFC 9110 section 14.2 says to ignore it";
    private static final String COALESCED = "nginx does not make one of ranges that overlap or touch";
    /** Header fields that must be equal; each server has its own entity tags and error pages. */
    private static final List<String> COMPARED = List.of("Content-Range", "Content-Encoding", "Content-Length",
            "Content-Type", "Last-Modified", "Location", "Vary", "Accept-Ranges");

    private static final byte[] PLAIN = random(1, 100_000);
    private static final byte[] MIDDLE = random(6, 10_000);
    private static final byte[] PAGE = "<p>All work and no play makes Jack a dull boy.\n".repeat(400)
            .getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PAGE_BR = random(2, 3_000);
    private static final byte[] PAGE_ZST = random(3, 4_000);
    private static final byte[] PAGE_GZ = random(4, 5_000); // no server looks inside
    private static final byte[] ONLY = "only a gzip beside it\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ONLY_GZ = random(5, 300);
    private static final byte[] NOTHING = {};

    private static final Map<BackendOption, ServerProcess> SERVERS = new EnumMap<>(BackendOption.class);
    private static final Map<Integer, TestClient.Response> OF_NGINX = new HashMap<>();
    private static final Map<String, String> ENTITY_TAGS = new HashMap<>();
    private static NginxProcess nginx;
    private static Path scratch;

    /** A request and its answer. Header values that are null must be absent. */
    private record Row(String target, List<String> request, int status, Map<String, String> fields, byte[] body,
            String unlikeNginx) {

        boolean isHead() {
            return request.contains("HEAD");
        }

        Row with(String field, String value) {
            Map<String, String> more = new LinkedHashMap<>(fields);
            more.put(field, value);
            return new Row(target, request, status, more, body, unlikeNginx);
        }

        /** nginx answers differently, for a reason. */
        Row unlikeNginx(String reason) {
            return new Row(target, request, status, fields, body, reason);
        }

        @Override
        public String toString() {
            return target + " " + request + " -> " + status;
        }
    }

    private static Row row(String target, int status, byte[] body, String... request) {
        return new Row(target, List.of(request), status, Map.of(), body, "");
    }

    /** A single range of a file. */
    private static Row part(String range, int from, int to) {
        return row("plain.bin", 206, Arrays.copyOfRange(PLAIN, from, to + 1), "Range: bytes=" + range)
                .with("Content-Range", "bytes " + from + "-" + to + "/100000")
                .with("Content-Length", "" + (to + 1 - from)).with("Content-Type", "application/octet-stream");
    }

    /** The whole of a file, though a range was asked for. */
    private static Row whole(String... request) {
        return row("plain.bin", 200, PLAIN, request).with("Content-Range", null).with("Content-Length", "100000");
    }

    private static Row unsatisfied(String range) {
        return row("plain.bin", 416, null, "Range: " + range).with("Content-Range", "bytes */100000");
    }

    /** A page in the coding that a client wants. */
    private static Row encoded(String accept, String coding) {
        byte[] body = switch (coding) {
            case "br" -> PAGE_BR;
            case "zstd" -> PAGE_ZST;
            case "gzip" -> PAGE_GZ;
            default -> PAGE;
        };
        return row("page.html", 200, body, "Accept-Encoding: " + accept)
                .with("Content-Encoding", coding.equals("identity") ? null : coding).with("Vary", "Accept-Encoding")
                .with("Content-Type", "text/html; charset=utf-8").with("Content-Length", "" + body.length);
    }

    private static List<Row> table() {
        List<Row> rows = new ArrayList<>(List.of(
                // The file as it is
                whole().with("Accept-Ranges", "bytes").with("Last-Modified", MODIFIED).with("Vary", null)
                        .with("Cache-Control", null).with("Content-Encoding", null),
                row("empty.txt", 200, NOTHING).with("Content-Length", "0")
                        .with("Content-Type", "text/plain; charset=utf-8"),
                row("plain.bin", 200, NOTHING, "HEAD").with("Content-Length", "100000"),
                row("plain.bin?query=1", 200, PLAIN), row("%70lain%2ebin", 200, PLAIN),
                row("missing", 404, null), row("missing/", 404, null), row("plain.bin/", 404, null),
                row("docs", 301, null).with("Location", "/static/docs/"),
                row("docs?a=b", 301, null).with("Location", "/static/docs/?a=b"),
                row("docs/", 200, "docs index".getBytes(StandardCharsets.US_ASCII)),
                row("bare/", 404, null).unlikeNginx("nginx answers 403 to a directory that it does not list"),
                row("fifo", 404, null),
                row(".hidden", 404, null).unlikeNginx("nginx serves names that begin with a dot"),
                row(".well-known/token", 404, null).unlikeNginx("nginx serves names that begin with a dot"),
                row("docs/.git/config", 404, null).unlikeNginx("nginx serves names that begin with a dot"),
                row("%2ehidden", 404, null).unlikeNginx("nginx serves names that begin with a dot"),

                // One range
                part("0-0", 0, 0), part("0-99", 0, 99), part("99999-", 99_999, 99_999), part("0-", 0, 99_999),
                part("50000-60000", 50_000, 60_000), part("99990-1000000", 99_990, 99_999), part("-1", 99_999, 99_999),
                part("-100", 99_900, 99_999), part("-1000000", 0, 99_999),
                part("1-99999999999999999999", 1, 99_999).unlikeNginx("nginx answers 416 to numbers beyond its own"),
                row("plain.bin", 206, Arrays.copyOfRange(PLAIN, 7, 9), "Range: BYTES=7-8"),
                row("plain.bin", 200, NOTHING, "HEAD", "Range: bytes=0-9").with("Content-Length", "100000")
                        .unlikeNginx("section 14.2 defines ranges for GET only"),
                unsatisfied("bytes=100000-"), unsatisfied("bytes=100000-100001"), unsatisfied("bytes=-0"),
                unsatisfied("bytes=200000-,300000-400000"),
                row("empty.txt", 416, null, "Range: bytes=0-").with("Content-Range", "bytes */0")
                        .unlikeNginx("nginx takes 0- of nothing for the whole"),
                row("empty.txt", 200, NOTHING, "Range: bytes=-5").with("Content-Range", null),
                row("missing", 404, null, "Range: bytes=0-1"),

                // Ranges that are ignored
                whole("Range: lines=0-1"), whole("Range: bytes"), whole("Range: bytes="),
                whole("Range: bytes=-").unlikeNginx(STRICT), whole("Range: bytes=5").unlikeNginx(STRICT),
                whole("Range: bytes=9-5").unlikeNginx(STRICT), whole("Range: bytes=a-b").unlikeNginx(STRICT),
                whole("Range: bytes=0-1,x").unlikeNginx(STRICT), whole("Range: bytes=0-1,9-5")
                        .unlikeNginx("nginx leaves out what is malformed; section 14.2 speaks of the whole set"),
                whole("Range: bytes=" + IntStream.range(0, 17).mapToObj(i -> 10 * i + "-" + 10 * i)
                        .reduce((a, b) -> a + "," + b).orElseThrow()),

                // Ranges that become one
                part("0-9,10-19", 0, 19).unlikeNginx(COALESCED), part("0-9,5-19", 0, 19).unlikeNginx(COALESCED),
                part("0-,0-,0-", 0, 99_999).unlikeNginx(COALESCED),
                part("0-9,200000-", 0, 9), part("100000-,-1", 99_999, 99_999),

                // Preconditions come first, in their order; then If-Range
                row("plain.bin", 304, NOTHING, "If-None-Match: {etag}").with("Last-Modified", MODIFIED)
                        .with("Content-Length", null).with("Vary", null),
                row("plain.bin", 304, NOTHING, "If-None-Match: W/{etag}"),
                row("plain.bin", 304, NOTHING, "If-None-Match: \"x\", {etag}"),
                row("plain.bin", 304, NOTHING, "If-None-Match: *"),
                row("plain.bin", 304, NOTHING, "HEAD", "If-None-Match: {etag}"),
                row("plain.bin", 304, NOTHING, "If-None-Match: {etag}", "If-Modified-Since: " + BEFORE)
                        .unlikeNginx("section 13.1.3: If-Modified-Since counts only without If-None-Match"),
                whole("If-None-Match: \"x\"", "If-Modified-Since: " + AFTER),
                row("plain.bin", 304, NOTHING, "If-Modified-Since: " + MODIFIED),
                row("plain.bin", 304, NOTHING, "If-Modified-Since: " + AFTER)
                        .unlikeNginx("nginx compares dates for equality unless configured (if_modified_since)"),
                whole("If-Modified-Since: " + BEFORE), whole("If-Modified-Since: yesterday"),
                whole("If-Match: {etag}"), whole("If-Match: *"), row("plain.bin", 412, null, "If-Match: \"x\""),
                row("plain.bin", 412, null, "If-Match: W/{etag}"),
                row("plain.bin", 412, null, "If-Unmodified-Since: " + BEFORE),
                whole("If-Unmodified-Since: " + MODIFIED),
                row("plain.bin", 304, NOTHING, "If-Match: {etag}", "If-None-Match: {etag}"),
                row("plain.bin", 412, null, "If-Match: \"x\"", "If-None-Match: {etag}"),
                whole("If-Match: {etag}", "If-Unmodified-Since: " + BEFORE)
                        .unlikeNginx("section 13.2.2: If-Unmodified-Since counts only without If-Match"),
                row("plain.bin", 304, NOTHING, "If-None-Match: {etag}", "Range: bytes=0-1"),
                row("plain.bin", 412, null, "If-Match: \"x\"", "Range: bytes=0-1"),
                row("plain.bin", 412, null, "If-Match: \"x\"", "Range: bytes=999999-"),
                row("plain.bin", 304, NOTHING, "If-None-Match: {etag}", "Range: bytes=999999-"),
                row("plain.bin", 206, Arrays.copyOf(PLAIN, 2), "Range: bytes=0-1", "If-Range: {etag}"),
                row("plain.bin", 206, Arrays.copyOf(PLAIN, 2), "Range: bytes=0-1", "If-Range: " + MODIFIED),
                row("plain.bin", 206, Arrays.copyOf(PLAIN, 2), "Range: bytes=0-1", "If-Match: {etag}",
                        "If-None-Match: \"x\"", "If-Range: {etag}"),
                whole("Range: bytes=0-1", "If-Range: W/{etag}"), whole("Range: bytes=0-1", "If-Range: \"x\""),
                whole("Range: bytes=0-1", "If-Range: " + BEFORE), whole("Range: bytes=0-1", "If-Range: " + AFTER),
                whole("Range: bytes=999999-", "If-Range: \"x\""), whole("If-Range: {etag}"),
                unsatisfied("bytes=999999-").with("Vary", null),

                // Encoded siblings
                row("page.html", 200, PAGE).with("Vary", "Accept-Encoding").with("Content-Encoding", null),
                encoded("gzip", "gzip"), encoded("gzip;q=0", "identity"), encoded("deflate", "identity"),
                encoded("gzip, deflate", "gzip"), encoded("gzip;q=0.1", "gzip"),
                encoded("identity", "identity"), encoded("", "identity"),
                encoded("br", "br").unlikeNginx(NO_CODING), encoded("zstd", "zstd").unlikeNginx(NO_CODING),
                encoded("gzip, deflate, br, zstd", "br").unlikeNginx(NO_CODING),
                encoded("gzip, zstd", "zstd").unlikeNginx(NO_CODING),
                encoded("gzip, br;q=0.5", "gzip"), encoded("br;q=0, gzip", "gzip"),
                encoded("*", "br").unlikeNginx(NO_CODING), encoded("*, br;q=0", "zstd").unlikeNginx(NO_CODING),
                encoded("identity, gzip;q=0.5", "identity").unlikeNginx(NO_WEIGHTS),
                encoded("*;q=0.5, identity", "identity"), encoded("identity;q=0, *;q=0.1", "br").unlikeNginx(NO_CODING),
                encoded("identity;q=0, gzip;q=0.1", "gzip"), encoded("identity;q=0", "identity"),
                row("only.txt", 200, ONLY_GZ, "Accept-Encoding: br, gzip;q=0.5").with("Content-Encoding", "gzip")
                        .with("Content-Type", "text/plain; charset=utf-8").with("Vary", "Accept-Encoding"),
                row("only.txt", 200, ONLY, "Accept-Encoding: br").with("Content-Encoding", null)
                        .with("Vary", "Accept-Encoding"),
                row("only.txt", 200, NOTHING, "HEAD", "Accept-Encoding: gzip").with("Content-Length", "300")
                        .with("Content-Encoding", "gzip"),
                row("only.txt", 206, Arrays.copyOfRange(ONLY_GZ, 100, 200), "Accept-Encoding: gzip",
                        "Range: bytes=100-199").with("Content-Encoding", "gzip").with("Vary", "Accept-Encoding")
                        .with("Content-Range", "bytes 100-199/300").with("Accept-Ranges", "bytes")
                        .unlikeNginx("nginx offers no ranges of encoded siblings"),
                row("only.txt", 416, null, "Accept-Encoding: gzip", "Range: bytes=300-")
                        .with("Content-Range", "bytes */300").with("Vary", "Accept-Encoding")
                        .with("Content-Encoding", null).unlikeNginx("nginx keeps Content-Encoding with its error page"),
                row("only.txt", 304, NOTHING, "Accept-Encoding: gzip", "If-None-Match: {etag:gzip}")
                        .with("Vary", "Accept-Encoding"),
                row("only.txt", 304, NOTHING, "If-None-Match: {etag:}").with("Vary", "Accept-Encoding"),
                row("only.txt", 200, ONLY_GZ, "Accept-Encoding: gzip", "If-None-Match: {etag:}"),
                row("only.txt", 200, ONLY, "If-None-Match: {etag:gzip}"),
                row("only.txt", 200, ONLY_GZ, "Accept-Encoding: gzip", "Range: bytes=0-9", "If-Range: {etag:}"),
                row("only.txt", 412, null, "Accept-Encoding: gzip", "If-Match: {etag:}")
                        .with("Vary", "Accept-Encoding"),
                row("only.txt.gz", 200, ONLY_GZ).with("Content-Encoding", null).with("Vary", null)
                        .with("Content-Type", "application/gzip").unlikeNginx("its table of types is as short as here"),
                row("orphan", 404, null, "Accept-Encoding: gzip")
                        .unlikeNginx("nginx serves a sibling though there is no file"),

                // Beyond 2 and 4 GiB
                row("big.bin", 200, NOTHING, "HEAD").with("Content-Length", "" + BIG),
                big(0, 10), big(2 * GIB - 32, 64), big(2 * GIB - 1, 1), big(2 * GIB, 1), big(4 * GIB - 32, 64),
                big(4 * GIB - 1, 2), big(BIG - 40, 40),
                row("big.bin", 206, marks(BIG - 5, 5), "Range: bytes=-5"),
                row("big.bin", 206, marks(BIG - 7, 7), "Range: bytes=" + (BIG - 7) + "-"),
                row("big.bin", 416, null, "Range: bytes=" + BIG + "-").with("Content-Range", "bytes */" + BIG)));
        for (int time = 0; time < 3; time++) { // from the file, and then as a whole response that lies in memory
            rows.add(row("middle.bin", 200, MIDDLE).with("Accept-Ranges", "bytes").with("Last-Modified", MODIFIED)
                    .with("Content-Length", "10000").with("Content-Type", "application/octet-stream"));
            rows.add(row("middle.bin", 200, NOTHING, "HEAD").with("Content-Length", "10000"));
            rows.add(row("middle.bin", 200, MIDDLE, "Connection: close").with("Content-Length", "10000"));
            rows.add(row("middle.bin", 206, Arrays.copyOfRange(MIDDLE, 9_000, 10_000), "Range: bytes=9000-")
                    .with("Content-Range", "bytes 9000-9999/10000"));
            rows.add(row("middle.bin", 304, NOTHING, "If-Modified-Since: " + MODIFIED));
        }
        rows.add(several("plain.bin", PLAIN, 0, 0, 99_999, 99_999));
        rows.add(several("plain.bin", PLAIN, 0, 9, 20, 29, 90_000, 99_999));
        rows.add(several("plain.bin", PLAIN, 500, 509, 20, 29));
        rows.add(several("page.html", PAGE, 5, 6, 10_000, 12_000));
        return rows;
    }

    private static Row big(long from, int length) {
        return row("big.bin", 206, marks(from, length), "Range: bytes=" + from + "-" + (from + length - 1))
                .with("Content-Range", "bytes " + from + "-" + (from + length - 1) + "/" + BIG)
                .with("Content-Length", "" + length);
    }

    /** Several ranges, from and to by turns; the body is that of {@link #normalized}. */
    private static Row several(String target, byte[] file, int... ranges) {
        List<String> asked = new ArrayList<>();
        StringBuilder parts = new StringBuilder();
        String type = target.endsWith("html") ? "text/html; charset=utf-8" : "application/octet-stream";
        for (int i = 0; i < ranges.length; i += 2) {
            asked.add(ranges[i] + "-" + ranges[i + 1]);
            parts.append("--B\r\nContent-Type: ").append(type).append("\r\nContent-Range: bytes ").append(ranges[i])
                    .append('-').append(ranges[i + 1]).append('/').append(file.length).append("\r\n\r\n")
                    .append(latin1(Arrays.copyOfRange(file, ranges[i], ranges[i + 1] + 1))).append("\r\n");
        }
        byte[] body = parts.append("--B--\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        return row(target, 206, body, "Range: bytes=" + String.join(",", asked)).with("Content-Range", null)
                .with("Content-Type", "multipart/byteranges; boundary=B");
    }

    /** Gives the boundary of a multipart response a name that all servers share, and leaves out a preamble. */
    private static TestClient.Response normalized(TestClient.Response response) {
        String type = response.headers().getOrDefault("Content-Type", "");
        if (!type.startsWith("multipart/byteranges; boundary=")) {
            return response;
        }
        assertEquals(response.contentLength(), response.body().length);
        String boundary = type.substring(type.indexOf('=') + 1);
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(response.headers());
        headers.put("Content-Type", type.replace(boundary, "B"));
        headers.remove("Content-Length"); // boundaries are of different lengths
        String body = latin1(response.body()).replace("--" + boundary, "--B");
        return new TestClient.Response(response.statusLine(), headers,
                body.substring(body.indexOf("--B")).getBytes(StandardCharsets.ISO_8859_1));
    }

    static Stream<Arguments> rows() {
        List<Row> rows = table();
        return Stream.of(BackendOption.values()).flatMap(backend -> IntStream.range(0, rows.size())
                .mapToObj(index -> Arguments.of(backend, index, rows.get(index))));
    }

    @BeforeAll
    static void start(@TempDir Path base) throws Exception {
        Commands.require("curl");
        Path site = Files.createDirectories(base.resolve("site"));
        write(site, "plain.bin", PLAIN);
        write(site, "middle.bin", MIDDLE);
        write(site, "page.html", PAGE);
        write(site, "page.html.br", PAGE_BR);
        write(site, "page.html.zst", PAGE_ZST);
        write(site, "page.html.gz", PAGE_GZ);
        write(site, "only.txt", ONLY);
        write(site, "only.txt.gz", ONLY_GZ);
        write(site, "orphan.gz", ONLY_GZ);
        write(site, "empty.txt", NOTHING);
        write(site, "docs/index.html", "docs index".getBytes(StandardCharsets.US_ASCII));
        for (String hidden : new String[]{".hidden", ".well-known/token", "docs/.git/config"}) {
            write(site, hidden, "hidden".getBytes(StandardCharsets.US_ASCII));
        }
        Files.createDirectory(site.resolve("bare"));
        assertEquals(0, Commands.run("mkfifo", site.resolve("fifo").toString()).status());
        try (RandomAccessFile big = new RandomAccessFile(site.resolve("big.bin").toFile(), "rw")) {
            big.setLength(BIG); // sparse: only the marks take space
            for (long mark : new long[]{0, 2 * GIB - MARK / 2, 4 * GIB - MARK / 2, BIG - MARK}) {
                big.seek(mark);
                big.write(marks(mark, MARK));
            }
        }
        scratch = Files.createDirectories(base.resolve("curl"));
        for (BackendOption backend : BackendOption.values()) {
            SERVERS.put(backend, ServerProcess.start(backend.with("--static-dir", site.toString())));
        }
        nginx = NginxProcess.start(site, Files.createDirectories(base.resolve("nginx")));
    }

    @AfterAll
    static void stop() {
        SERVERS.values().forEach(ServerProcess::close);
        if (nginx != null) {
            nginx.close();
        }
    }

    @ParameterizedTest(name = "{0} {2}")
    @MethodSource("rows")
    void answersAreThoseOfTheTableAndOfNginx(BackendOption backend, int index, Row row) throws Exception {
        TestClient.Response ours = request(SERVERS.get(backend).port(), row);
        assertEquals(row.status, ours.status(), ours::toString);
        row.fields.forEach((field, value) -> assertEquals(value, ours.headers().get(field), field));
        if (row.body != null) {
            assertArrayEquals(row.body, ours.body());
        }
        if (row.status < 300) {
            assertTrue(ours.headers().get("ETag").matches("\"[0-9a-f-]+\""), ours::toString);
        }
        TestClient.Response theirs = OF_NGINX.get(index);
        if (theirs == null) {
            theirs = request(nginx.port(), row);
            OF_NGINX.put(index, theirs);
        }
        if (row.unlikeNginx.isEmpty()) {
            assertEquals(comparable(theirs), comparable(ours), row::toString);
        } else {
            assertNotEquals(comparable(theirs), comparable(ours), "no longer so: " + row.unlikeNginx + ": " + row);
        }
    }

    /** Everything by which two answers are compared: of refusals, and of 304, just what is in the fields. */
    private static Map<String, String> comparable(TestClient.Response response) {
        Map<String, String> all = new TreeMap<>();
        all.put("status", "" + response.status());
        boolean isRefusal = response.status() > 304;
        for (String field : COMPARED) {
            boolean ofItsPage = response.status() >= 300 && (field.equals("Content-Type")
                    || field.equals("Content-Length") || field.equals("Accept-Ranges"));
            // which nginx does not repeat with a part, and does not offer of encoded siblings
            boolean isOffer = field.equals("Accept-Ranges")
                    && (response.status() == 206 || response.headers().containsKey("Content-Encoding"));
            String value = response.headers().get(field);
            if (value != null && !ofItsPage && !isOffer) {
                all.put(field, value);
            }
        }
        if (!isRefusal && response.status() != 301) {
            all.put("body", response.body().length + " bytes with hash " + Arrays.hashCode(response.body()));
        }
        return all;
    }

    /** Sends a row's request with curl. */
    private static TestClient.Response request(int port, Row row) throws Exception {
        List<String> headers = new ArrayList<>();
        for (String header : row.request) {
            if (!header.equals("HEAD")) {
                headers.add(withEntityTag(port, row.target, header));
            }
        }
        return normalized(curl(port, row.target, row.isHead(), headers));
    }

    /** Puts in the server's own entity tag, that of the coding which the placeholder names. */
    private static String withEntityTag(int port, String target, String header) throws Exception {
        int from = header.indexOf("{etag");
        if (from < 0) {
            return header;
        }
        int to = header.indexOf('}');
        String coding = header.substring(from + 5, to).replace(":", "");
        String key = port + target + coding;
        String tag = ENTITY_TAGS.get(key);
        if (tag == null) {
            tag = curl(port, target, true, coding.isEmpty() ? List.of() : List.of("Accept-Encoding: " + coding))
                    .headers().get("ETag");
            ENTITY_TAGS.put(key, tag);
        }
        return header.substring(0, from) + tag + header.substring(to + 1);
    }

    private static TestClient.Response curl(int port, String target, boolean head, List<String> headers)
            throws Exception {
        Path headFile = scratch.resolve("head");
        Path bodyFile = scratch.resolve("body");
        Files.deleteIfExists(bodyFile);
        List<String> command = new ArrayList<>(List.of("curl", "--silent", "--show-error", "--path-as-is", "--raw",
                "--max-time", "30", "--max-filesize", "1000000", "--dump-header", headFile.toString(), "--output",
                bodyFile.toString()));
        if (head) {
            command.add("--head");
            command.set(command.indexOf("--max-filesize") + 1, "" + (BIG + 1));
        }
        for (String header : headers) {
            command.add("--header");
            command.add(header.endsWith(": ") ? header.replace(": ", ";") : header); // curl's way to say: empty
        }
        command.add("http://127.0.0.1:" + port + "/static/" + target);
        Commands.Result result = Commands.run(command.toArray(String[]::new));
        assertEquals(0, result.status(), () -> command + "\n" + result.output());
        List<String> lines = Files.readString(headFile, StandardCharsets.ISO_8859_1).lines().toList();
        Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line : lines.subList(1, lines.size())) {
            if (!line.isEmpty()) {
                int colon = line.indexOf(':');
                assertNull(fields.put(line.substring(0, colon), line.substring(colon + 1).strip()), "twice: " + line);
            }
        }
        byte[] body = head || !Files.exists(bodyFile) ? NOTHING : Files.readAllBytes(bodyFile);
        return new TestClient.Response(lines.getFirst(), fields, body);
    }

    private static void write(Path site, String name, byte[] bytes) throws IOException {
        Path file = site.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
        Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(784_111_777)));
    }

    /** The bytes of the big file around its borders: each is told from its neighbours by its position. */
    private static byte[] marks(long position, int length) {
        byte[] marks = new byte[length];
        for (int i = 0; i < length; i++) {
            marks[i] = (byte) ((position + i) * 31 % 251 + 1);
        }
        return marks;
    }

    private static byte[] random(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
