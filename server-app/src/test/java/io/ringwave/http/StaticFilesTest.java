package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineConfig;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Static files over HTTP: a server with one loop, and a client that sends exactly the bytes it is told. */
class StaticFilesTest {

    /** Everything that is off by default, or can be set: served under {@code /all/}. */
    private static final StaticFilesConfig ALL = StaticFilesConfig.builder().cacheControl("public, max-age=60")
            .contentType("odd", "text/x-odd").contentType("html", "application/x-page").listDirectories(true)
            .dotfiles(true).precompressed(false).build();

    private SiteOnDisk site;
    private HttpServer server;
    private Client client;
    private final AtomicReference<StaticFiles> files = new AtomicReference<>();
    private final AtomicLong clockAhead = new AtomicLong();

    @BeforeEach
    void start(@TempDir Path base) throws Exception {
        site = new SiteOnDisk(base);
        EngineConfig config = EngineConfig.builder().loops(1).drainTimeout(Duration.ofMillis(200))
                .clock(() -> System.nanoTime() + clockAhead.get()).build();
        server = HttpServer.start(config, loop -> {
            try {
                files.set(StaticFiles.open(site.root));
                return new Router().get("/static/{rest...}", files.get()).get("/all/{rest...}",
                        StaticFiles.open(site.root, ALL));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        client = new Client(server.port());
    }

    @AfterEach
    void stopAndCountDescriptors() throws IOException {
        client.close();
        server.close();
        files.get().close();
        site.removeLinks();
        assertEquals(0, site.openDescriptors());
    }

    @Test
    void fileCarriesTypeLengthAndValidators() throws IOException {
        Response page = client.get("/static/page.html");
        assertEquals(200, page.status);
        assertEquals("page", page.text());
        assertEquals("text/html; charset=utf-8", page.header("Content-Type"));
        assertEquals("4", page.header("Content-Length"));
        long modified = Files.getLastModifiedTime(site.root.resolve("page.html")).toMillis() / 1000;
        assertEquals(HttpDate.format(modified), page.header("Last-Modified"));
        assertTrue(page.header("ETag").matches("\"[0-9a-f]+-4-[0-9a-f]+\""), page.header("ETag"));
    }

    @Test
    void headSaysWhatGetWouldSay() throws IOException {
        Files.write(site.root.resolve("big.bin"), new byte[300_000]);
        for (String target : new String[]{"/static/", "/static/empty", "/static/big.bin", "/static/docs",
            "/static/missing"}) {
            Response get = client.get(target);
            Response head = client.exchange("HEAD", target);
            assertEquals(get.status, head.status, target);
            assertEquals(0, head.body.length, target);
            get.headers.remove("date");
            head.headers.remove("date");
            assertEquals(get.headers, head.headers, target);
        }
    }

    @Test
    void filesOfAllSizesAreByteExactOnOneConnection() throws IOException {
        Random random = new Random(11);
        for (int size : new int[]{0, 1, 100, 4_095, 4_096, 8_191, 15_000, 16_383, 16_384, 16_385, 65_536, 300_001,
            5_000_000}) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            Files.write(site.root.resolve("f" + size), bytes);
            for (int time = 0; time < 4; time++) { // first from the file, then from memory
                clockAhead.addAndGet(time == 3 ? FileCache.CHECK_NANOS : 0);
                Response response = client.get("/static/f" + size);
                assertEquals(200, response.status);
                assertArrayEquals(bytes, response.body, () -> size + " bytes");
            }
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        site.write("big", "b".repeat(200_000));
        String[] targets = {"page.html", "big", "missing", "docs", "empty", "", "big", "page.html"};
        StringBuilder requests = new StringBuilder();
        for (String target : targets) {
            requests.append("GET /static/").append(target).append(" HTTP/1.1\r\nHost: test\r\n\r\n");
        }
        client.send(requests.toString());
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < targets.length; i++) {
            Response response = client.read(false);
            answers.add(response.status + " " + (response.body.length > 100 ? "big" : response.text()));
        }
        assertEquals(List.of("200 page", "200 big", "404 " + client.get("/static/missing").text(),
                "301 " + client.get("/static/docs").text(), "200 ", "200 root index", "200 big", "200 page"), answers);
    }

    @Test
    void directoriesServeTheirIndex() throws IOException {
        assertEquals("root index", client.get("/static/").text());
        assertEquals("docs index", client.get("/static/docs/").text());
        assertEquals("docs index", client.get("/static/docs/?a=/../b").text());
        assertEquals(404, client.get("/static/bare/").status);
        assertEquals(404, client.get("/static/page.html/").status);
    }

    @ParameterizedTest
    @CsvSource({"/static/docs, /static/docs/", "/static/docs?a=b&c=%20, /static/docs/?a=b&c=%20",
        "/static/docs?, /static/docs/?", "/static/docs/deep, /static/docs/deep/", "/static/%64ocs, /static/%64ocs/"})
    void directoryWithoutSlashRedirects(String target, String location) throws IOException {
        Response redirect = client.get(target);
        assertEquals(301, redirect.status);
        assertEquals(location, redirect.header("Location"));
    }

    @Test
    void redirectOfAStrangeNameKeepsItsEscapes() throws IOException {
        Files.createDirectory(site.root.resolve("a b?c"));
        assertEquals("/static/a%20b%3Fc/", client.get("/static/a%20b%3Fc").header("Location"));
    }

    @Test
    void unchangedFileIsNotSentAgain() throws IOException {
        Response page = client.get("/static/page.html");
        String tag = page.header("ETag");
        String date = page.header("Last-Modified");
        for (String condition : new String[]{"If-None-Match: " + tag, "If-None-Match: W/" + tag, "If-None-Match: *",
            "If-None-Match: \"x\", " + tag, "If-Modified-Since: " + date,
            "If-None-Match: " + tag + "\r\nIf-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT"}) {
            for (String method : new String[]{"GET", "HEAD"}) {
                Response known = client.exchange(method, "/static/page.html", condition);
                assertEquals(304, known.status, condition);
                assertEquals(0, known.body.length);
                assertEquals(tag, known.header("ETag"));
                assertEquals(date, known.header("Last-Modified"));
                assertTrue(known.headers.containsKey("date"));
            }
        }
        assertEquals("page", client.get("/static/page.html").text());
    }

    @Test
    void conditionsThatFailAreAnswered412AndOthersWithTheFile() throws IOException {
        String tag = client.get("/static/page.html").header("ETag");
        assertEquals(412, client.exchange("GET", "/static/page.html", "If-Match: \"x\"").status);
        assertEquals(412, client.exchange("GET", "/static/page.html", "If-Match: W/" + tag).status);
        assertEquals(412, client.exchange("GET", "/static/page.html",
                "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT").status);
        assertEquals("page", client.exchange("GET", "/static/page.html", "If-Match: " + tag).text());
        assertEquals("page", client.exchange("GET", "/static/page.html", "If-None-Match: \"x\"").text());
        assertEquals("page", client.exchange("GET", "/static/page.html", "If-Modified-Since: yesterday").text());
        assertEquals(404, client.exchange("GET", "/static/missing", "If-None-Match: *").status);
    }

    @Test
    void hostilePathsNeverLeaveTheRoot() throws IOException {
        site.linksInside();
        List<String> hostile = new ArrayList<>(List.of(site.linksOutside()));
        hostile.addAll(List.of("../secret.txt", "../../secret.txt", "docs/../../secret.txt", "./../secret.txt",
                "..//secret.txt", "/secret.txt", "//secret.txt", "/etc/passwd", "//etc/passwd", "../site2/index.html",
                "../site/page.html", "docs/../page.html", "./page.html", "page.html/.", "page.html/..",
                "docs//index.html",
                "%2e%2e/secret.txt", "%2E%2E/secret.txt", ".%2e/secret.txt", "%2e./secret.txt", "%2e%2e%2fsecret.txt",
                "..%2fsecret.txt", "..%2Fsecret.txt", "%2f..%2fsecret.txt", "%2fetc%2fpasswd",
                "docs%2f..%2f..%2fsecret.txt",
                "..%5csecret.txt", "..%5Csecret.txt", "%2e%2e%5csecret.txt", "..\\secret.txt",
                "docs\\..\\..\\secret.txt",
                "%252e%252e/secret.txt", "%252e%252e%252fsecret.txt", "..%252fsecret.txt", "%25252e%25252e/secret.txt",
                "%c0%ae%c0%ae/secret.txt", "%c0%ae%c0%ae%c0%afsecret.txt", "..%c0%afsecret.txt", "..%c1%9csecret.txt",
                "%e0%80%ae%e0%80%ae/secret.txt", "%f0%80%80%ae%f0%80%80%ae/secret.txt", "%uff0e%uff0e/secret.txt",
                "%u002e%u002e/secret.txt", "%ef%bc%8e%ef%bc%8e/secret.txt", "..%ef%bc%8fsecret.txt", "%00",
                "page.html%00",
                "page.html%00.png", "..%00/secret.txt", "%00../secret.txt", "..%0a/secret.txt", "..%0d%0a/secret.txt",
                "%0d%0aX-Injected:%20yes", "..;/secret.txt", "..;a=b/secret.txt", "%", "%2", "%zz", "%2e%", "..%",
                "page.html%20", "page.html.", "page.html%2f", "page.html%20/../../secret.txt", "....//secret.txt",
                "...//secret.txt", ".../secret.txt", "~root/", "~/secret.txt", "C:/secret.txt", "file:///etc/passwd",
                "proc/self/environ", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
                "docs/deep/../../../secret.txt", "docs/deep/er/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.txt",
                "d".repeat(4_000),
                "d/".repeat(2_000), "../".repeat(1_000) + "etc/passwd", "%2e%2e/".repeat(500) + "etc/passwd"));
        assertTrue(hostile.size() >= 100, () -> hostile.size() + " paths");
        assertAll(hostile.stream().<Executable>map(path -> () -> {
            try (Client alone = new Client(server.port())) { // some are no HTTP at all, and end the connection
                Response response = alone.get("/static/" + path);
                assertTrue(List.of(400, 404, 414).contains(response.status), path + ": " + response.status);
                assertFalse(response.text().contains(SiteOnDisk.SECRET), path);
                assertFalse(response.headers.containsKey("x-injected"), path);
            }
        }));
        assertEquals("page", client.get("/static/dirlink/up").text());
    }

    @Test
    void namesThatAreNotTextAreServed() throws IOException {
        site.writeRawName("caf\u00e9.txt", "latin");
        site.write("space and %.txt", "odd");
        assertEquals("latin", client.get("/static/caf%E9.txt").text());
        assertEquals("odd", client.get("/static/space%20and%20%25.txt").text());
    }

    @Test
    void whatIsNoFileIsAbsentAndBlocksNothing() throws Exception {
        site.makeFifo("fifo");
        assertEquals(404, client.get("/static/fifo").status);
        assertEquals("page", client.get("/static/page.html").text());
    }

    @Test
    void otherMethodsAreNotAllowed() throws IOException {
        Response response = client.exchange("DELETE", "/static/page.html");
        assertEquals(405, response.status);
        assertTrue(response.header("Allow").contains("GET"));
        assertTrue(Files.exists(site.root.resolve("page.html")));
    }

    @Test
    void changesShowAfterASecond() throws IOException {
        Response before = client.get("/static/page.html");
        Files.move(site.write("fresh", "replaced"), site.root.resolve("page.html"), StandardCopyOption.ATOMIC_MOVE);
        clockAhead.addAndGet(FileCache.CHECK_NANOS);
        Response after = client.exchange("GET", "/static/page.html", "If-None-Match: " + before.header("ETag"));
        assertEquals("replaced", after.text());
        assertNotEquals(before.header("ETag"), after.header("ETag"));
        Files.delete(site.root.resolve("page.html"));
        clockAhead.addAndGet(FileCache.CHECK_NANOS);
        assertEquals(404, client.get("/static/page.html").status);
    }

    @Test
    void fileThatShrankUnnoticedNeverYieldsFalseBytes() throws IOException {
        for (int size : new int[]{1_000, 500_000}) {
            site.write("shrinking", "s".repeat(size));
            clockAhead.addAndGet(FileCache.CHECK_NANOS);
            assertEquals(size, client.get("/static/shrinking").body.length);
            site.write("shrinking", "s");
            try (Client alone = new Client(server.port())) {
                Response response = alone.get("/static/shrinking");
                // or the clock's own second has passed, and the change was seen
                assertTrue(response.status == 500 || response.text().equals("s"), () -> "" + response.status);
            } catch (IOException cutShort) {
                // as promised: fewer bytes than announced, and the end of the connection
            }
            clockAhead.addAndGet(FileCache.CHECK_NANOS);
            assertEquals("s", client.get("/static/shrinking").text());
        }
    }

    @Test
    void rangesOfFilesOfAllSizesAreByteExact() throws IOException {
        Random random = new Random(12);
        for (int size : new int[]{1, 4_096, 300_001, 5_000_000}) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            Files.write(site.root.resolve("f" + size), bytes);
            for (int round = 0; round < 10; round++) {
                int from = random.nextInt(size);
                int to = from + random.nextInt(size - from);
                Response part = client.exchange("GET", "/static/f" + size, "Range: bytes=" + from + "-" + to);
                assertEquals(206, part.status);
                assertEquals("bytes " + from + "-" + to + "/" + size, part.header("Content-Range"));
                assertArrayEquals(Arrays.copyOfRange(bytes, from, to + 1), part.body, () -> from + " to " + to);
            }
        }
    }

    @Test
    void severalRangesArePartsOfOneBodyAndPipelinedRequestsFollow() throws IOException {
        byte[] bytes = new byte[1_000_000];
        new Random(13).nextBytes(bytes);
        Files.write(site.root.resolve("parts.bin"), bytes);
        String request = "GET /static/parts.bin HTTP/1.1\r\nHost: test\r\nRange: bytes=5-5,100-600099,-3\r\n\r\n";
        client.send(request + "GET /static/page.html HTTP/1.1\r\nHost: test\r\n\r\n" + request);
        Response first = client.read(false);
        assertEquals("page", client.read(false).text());
        for (Response response : List.of(first, client.read(false))) {
            assertEquals(206, response.status);
            String type = response.header("Content-Type");
            assertTrue(type.matches("multipart/byteranges; boundary=[0-9a-f]{32}"), type);
            String boundary = "--" + type.substring(type.indexOf('=') + 1);
            StringBuilder expected = new StringBuilder();
            for (int[] part : new int[][]{{5, 6}, {100, 600_100}, {999_997, 1_000_000}}) {
                expected.append(expected.isEmpty() ? "" : "\r\n").append(boundary)
                        .append("\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ").append(part[0])
                        .append('-').append(part[1] - 1).append("/1000000\r\n\r\n")
                        .append(new String(bytes, part[0], part[1] - part[0], StandardCharsets.ISO_8859_1));
            }
            expected.append("\r\n").append(boundary).append("--\r\n");
            assertEquals(expected.toString(), new String(response.body, StandardCharsets.ISO_8859_1));
        }
        assertNotEquals(first.header("Content-Type"),
                client.exchange("GET", "/static/parts.bin", "Range: bytes=1-2,4-5").header("Content-Type"));
    }

    @Test
    void acceptEncodingMayComeInSeveralFields() throws IOException {
        site.write("page.html.gz", "gz");
        site.write("page.html.br", "br");
        assertEquals("br", client.exchange("GET", "/static/page.html", "Accept-Encoding: gzip",
                "Accept-Encoding: br").header("Content-Encoding"));
        assertEquals("gzip", client.exchange("GET", "/static/page.html", "Accept-Encoding: gzip",
                "Accept-Encoding: br;q=0").header("Content-Encoding"));
    }

    @Test
    void cacheControlIsSaidOfFilesAndOnlyOfThem() throws IOException {
        String tag = client.get("/all/page.html").header("ETag");
        assertEquals("public, max-age=60", client.get("/all/page.html").header("Cache-Control"));
        assertEquals("public, max-age=60", client.exchange("GET", "/all/page.html", "Range: bytes=0-1")
                .header("Cache-Control"));
        assertEquals("public, max-age=60", client.exchange("GET", "/all/page.html", "If-None-Match: " + tag)
                .header("Cache-Control"));
        for (String target : new String[]{"/all/missing", "/all/docs", "/all/bare/", "/static/page.html"}) {
            assertEquals("", client.get(target).header("Cache-Control"), target);
        }
        assertEquals("", client.exchange("GET", "/all/page.html", "Range: bytes=9-").header("Cache-Control"));
        assertEquals("", client.exchange("GET", "/all/page.html", "If-Match: \"x\"").header("Cache-Control"));
    }

    @Test
    void contentTypesCanBeAddedAndReplaced() throws IOException {
        site.write("a.ODD", "");
        assertEquals("text/x-odd; charset=utf-8", client.get("/all/a.ODD").header("Content-Type"));
        assertEquals("application/octet-stream", client.get("/static/a.ODD").header("Content-Type"));
        assertEquals("application/x-page", client.get("/all/").header("Content-Type"));
    }

    @Test
    void dotfilesAreAbsentUnlessAllowed() throws IOException {
        for (String path : new String[]{".well-known/token", "%2ewell-known/token", ".well-known", ".well-known/"}) {
            assertEquals(404, client.get("/static/" + path).status, path);
        }
        assertEquals("token", client.get("/all/.well-known/token").text());
        assertEquals("/all/.well-known/", client.get("/all/.well-known").header("Location"));
    }

    @Test
    void directoriesWithoutIndexAreListedIfAllowed() throws IOException {
        site.write("bare/file.txt", "12345");
        Response list = client.get("/all/bare/?a=b");
        assertEquals(200, list.status);
        assertEquals("text/html; charset=utf-8", list.header("Content-Type"));
        assertTrue(list.text().contains("<h1>Index of /all/bare/</h1>"), list::text);
        assertTrue(list.text().contains("<a href=\"file.txt\">file.txt</a>"), list::text);
        Response head = client.exchange("HEAD", "/all/bare/");
        assertEquals(list.header("Content-Length"), head.header("Content-Length"));
        assertEquals("/all/bare/", client.get("/all/bare").header("Location"));
        assertEquals("docs index", client.get("/all/docs/").text());
        assertTrue(client.get("/all/.well-known/").text().contains(">token</a>"));
        assertEquals(404, client.get("/static/bare/").status);
        assertEquals(404, client.get("/all/missing/").status);
        assertEquals(404, client.get("/all/page.html/").status);
        Files.createDirectory(site.root.resolve("bare/index.html"));
        assertEquals(404, client.get("/all/bare/").status, "its index is a directory");
    }

    @Test
    void longListsArriveWhole() throws IOException {
        for (int i = 0; i < 900; i++) {
            site.write("bare/" + i + "-" + "n".repeat(200), "");
        }
        String page = client.get("/all/bare/").text();
        assertEquals(901, page.split("<a href=", -1).length - 1);
        assertTrue(page.endsWith("</html>\n"));
    }

    @Test
    void missingRootIsNamed(@TempDir Path base) {
        Path missing = base.resolve("missing");
        IOException refused = assertThrows(IOException.class, () -> StaticFiles.open(missing));
        assertTrue(refused.getMessage().contains(missing.toString()), refused.getMessage());
    }

    /** A response as it came: header names in lower case. */
    private record Response(int status, Map<String, String> headers, byte[] body) {
        String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    /** One connection that stays open. Gives up after ten seconds of silence. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final InputStream in;

        Client(int port) throws IOException {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(10_000);
            in = new BufferedInputStream(socket.getInputStream());
        }

        Response get(String target) throws IOException {
            return exchange("GET", target);
        }

        Response exchange(String method, String target, String... headers) throws IOException {
            StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: test\r\n");
            for (String header : headers) {
                request.append(header).append("\r\n");
            }
            send(request.append("\r\n").toString());
            return read(method.equals("HEAD"));
        }

        void send(String latin1) throws IOException {
            socket.getOutputStream().write(latin1.getBytes(StandardCharsets.ISO_8859_1));
        }

        Response read(boolean headOnly) throws IOException {
            int status = Integer.parseInt(line().split(" ")[1]);
            Map<String, String> headers = new HashMap<>();
            for (String line = line(); !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
            }
            int length = headOnly || status == 304 ? 0 : Integer.parseInt(headers.get("content-length"));
            byte[] body = in.readNBytes(length);
            if (body.length < length) {
                throw new EOFException(body.length + " bytes of " + length);
            }
            return new Response(status, headers, body);
        }

        private String line() throws IOException {
            StringBuilder line = new StringBuilder();
            for (int b = in.read(); b != '\n'; b = in.read()) {
                if (b < 0) {
                    throw new EOFException("connection closed after: " + line);
                }
                line.append((char) b);
            }
            return line.toString().stripTrailing();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
