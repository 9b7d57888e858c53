package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.ringwave.EngineConfig;
import io.ringwave.http.Handlers;
import io.ringwave.http.HttpConfig;
import io.ringwave.http.HttpResponse;
import io.ringwave.http.HttpServer;
import io.ringwave.http.ResponseStream;
import io.ringwave.http.Router;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lines of the access log, for requests of every kind, whatever bytes they have; and that none gets lost uncounted. */
class AccessLogTest {
    private static final Pattern COMBINED = Pattern.compile("(127\\.0\\.0\\.1) - - \\[([^]]+)] (.*)");
    private static final byte[] BODY = new byte[12_345];

    @TempDir
    Path directory;

    private final CountDownLatch streaming = new CountDownLatch(1);
    private final CountDownLatch left = new CountDownLatch(1);

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void eachKindOfAnswerHasItsLine(String backend) throws Exception {
        List<String> lines = log(backend, AccessLogFormat.COMBINED, port -> {
            ask(port, "GET /text?a=1 HTTP/1.1\r\nHost: x\r\nuser-agent: curl/8\r\nREFERER: http://there/\r\n\r\n");
            ask(port, "HEAD /text HTTP/1.1\r\nHost: x\r\n\r\n");
            ask(port, "GET /text HTTP/1.0\r\n\r\n");
            ask(port, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
            ask(port, "GET /304 HTTP/1.1\r\nHost: x\r\n\r\n");
            ask(port, "GET /fails HTTP/1.1\r\nHost: x\r\n\r\n");
            ask(port, "GET /worker HTTP/1.1\r\nHost: x\r\nUser-Agent: w\r\n\r\n");
            ask(port, "GET /stream HTTP/1.1\r\nHost: x\r\nReferer: r\r\n\r\n");
            ask(port, "GET /worker-stream HTTP/1.1\r\nHost: x\r\n\r\n");
            ask(port, "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nUser-Agent: up\r\n\r\n", "body");
            ask(port, "PUT /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n");
            ask(port, "PUT /none HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
            ask(port, "PUT /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "4\r\nbodyXX");
            ask(port, "\r\nGET  /two-blanks HTTP/1.1\r\nHost: x\r\n\r\n");
            ask(port, "nonsense");
        });
        assertEquals(List.of("\"GET /text?a=1 HTTP/1.1\" 200 12345 \"http://there/\" \"curl/8\"",
                "\"HEAD /text HTTP/1.1\" 200 0 \"-\" \"-\"", "\"GET /text HTTP/1.0\" 200 12345 \"-\" \"-\"",
                "\"GET /nothing HTTP/1.1\" 404 14 \"-\" \"-\"", "\"GET /304 HTTP/1.1\" 304 0 \"-\" \"-\"",
                "\"GET /fails HTTP/1.1\" 500 26 \"-\" \"-\"", "\"GET /worker HTTP/1.1\" 201 5 \"-\" \"w\"",
                "\"GET /stream HTTP/1.1\" 200 40000 \"r\" \"-\"", "\"GET /worker-stream HTTP/1.1\" 200 3 \"-\" \"-\"",
                "\"PUT /upload HTTP/1.1\" 200 3 \"-\" \"up\"", "\"PUT /upload HTTP/1.1\" 413 22 \"-\" \"-\"",
                "\"PUT /none HTTP/1.1\" 404 14 \"-\" \"-\"", "\"PUT /upload HTTP/1.1\" 400 16 \"-\" \"-\"",
                "\"GET  /two-blanks HTTP/1.1\" 400 16 \"-\" \"-\"", "\"nonsense\" 408 20 \"-\" \"-\""), lines);
    }

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void pipelinedRequestsHaveTheirLinesInOrder(String backend) throws Exception {
        List<String> lines = log(backend, AccessLogFormat.COMBINED, port -> {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 50; i++) {
                String path = i % 5 == 0 ? "/worker" : i % 7 == 0 ? "/stream" : "/text";
                requests.append("GET ").append(path).append("?").append(i).append(" HTTP/1.1\r\nHost: x\r\n")
                        .append(i == 49 ? "Connection: close\r\n" : "").append("\r\n");
            }
            ask(port, requests.toString());
        });
        assertEquals(50, lines.size());
        for (int i = 0; i < 50; i++) {
            assertTrue(lines.get(i).contains("?" + i + " HTTP/1.1\""), lines.get(i));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void aClientThatLeavesHasALineToo(String backend) throws Exception {
        List<String> lines = log(backend, AccessLogFormat.COMBINED, port -> {
            try (TestClient client = new TestClient(port)) {
                client.send("GET /never HTTP/1.1\r\nHost: x\r\nUser-Agent: one\r\n\r\n");
                assertTrue(streaming.await(20, TimeUnit.SECONDS));
            }
            assertTrue(left.await(20, TimeUnit.SECONDS));
        });
        assertEquals(List.of("\"GET /never HTTP/1.1\" 499 0 \"-\" \"one\""), lines);
    }

    @Test
    void whatHasItsPlaceInALineIsEscapedAsNginxDoesIt() throws Exception {
        List<String> lines = log("auto", AccessLogFormat.COMBINED, AccessLogTest::askHostile);
        assertEquals("\"GET /%22?q=\\x22 HTTP/1.1\" 400 16 \"-\" \"-\"", lines.get(0));
        assertEquals("\"GET /text HTTP/1.1\" 200 12345 \"\\x22, \\x5C and \\x5Cx22\" \"\\x80\\x90\\xA0\\xFF a\\x09b\"",
                lines.get(1));
        assertEquals("\"\\x16\\x03\\x01\\x00\\x7F\\x1B[31m\" 400 16 \"-\" \"-\"", lines.get(2));
        assertEquals(3, lines.size());
    }

    @Test
    void aLineOfJsonIsValidWhateverComes() throws Exception {
        List<String> lines = log("auto", AccessLogFormat.JSON, AccessLogTest::askHostile);
        assertEquals(3, lines.size());
        Map<String, String> refused = parse(lines.get(0));
        assertEquals("/%22?q=\"", refused.get("target"));
        assertEquals("400", refused.get("status"));
        Map<String, String> strange = parse(lines.get(1));
        assertEquals("127.0.0.1", strange.get("peer"));
        assertEquals("GET", strange.get("method"));
        assertEquals("/text", strange.get("target"));
        assertEquals("HTTP/1.1", strange.get("protocol"));
        assertEquals("200", strange.get("status"));
        assertEquals("12345", strange.get("bytes"));
        assertEquals("\", \\ and \\x22", strange.get("referer"));
        assertEquals("\u0080\u0090\u00a0\u00ff a\tb", strange.get("userAgent"));
        long age = System.currentTimeMillis() - OffsetDateTime.parse(strange.get("time")).toInstant().toEpochMilli();
        assertTrue(age >= 0 && age < 60_000, age + " ms ago");
        assertEquals("\u0016\u0003\u0001\0\u007f\u001b[31m", parse(lines.get(2)).get("request"));
    }

    private static void askHostile(int port) throws Exception {
        ask(port, "GET /%22?q=\" HTTP/1.1\r\nHost: x\r\n\r\n");
        ask(port, "GET /text HTTP/1.1\r\nHost: x\r\nReferer: \", \\ and \\x22\r\n"
                + "User-Agent: \u0080\u0090\u00a0\u00ff a\tb\r\n\r\n");
        ask(port, "\u0016\u0003\u0001\0\u007f\u001b[31m\r\n\r\n");
    }

    @Test
    void tooLongALineIsCut() throws Exception {
        String agent = "a".repeat(7000) + "\"".repeat(1100);
        Path file = directory.resolve("long.log");
        AccessLogWriter writer = AccessLogWriter.start(file.toString(), AccessLogFormat.JSON);
        HttpConfig http = HttpConfig.builder().maxHeadBytes(20_000).accessLog(writer::forLoop).build();
        try (HttpServer server = HttpServer.start(engine("auto"), http, loop -> routes())) {
            ask(server.port(), "GET /text HTTP/1.1\r\nHost: x\r\nUser-Agent: " + agent + agent + "\r\n\r\n");
        }
        writer.close();
        assertEquals(1, writer.written());
        assertEquals((agent + agent).substring(0, AccessEntry.MAX_FIELD_BYTES),
                parse(Files.readString(file)).get("userAgent"));
    }

    /** A ring that is full at once, a FIFO that is read late: what is not in the log was counted. */
    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void writtenAndDroppedAreAllRequests(String backend) throws Exception {
        Commands.require("mkfifo");
        Path fifo = directory.resolve("fifo");
        assertEquals(0, Commands.run("mkfifo", fifo.toString()).status());
        int requests = 20_000;
        AccessLogWriter writer = AccessLogWriter.start(fifo.toString(), AccessLogFormat.COMBINED, 1 << 17);
        HttpConfig http = HttpConfig.builder().accessLog(writer::forLoop).build();
        HttpServer server = HttpServer.start(engine(backend), http, loop -> routes());
        try {
            flood(server.port(), requests / 2);
            assertTrue(writer.dropped() > 0);
            assertEquals(0, writer.written());
            try (InputStream reader = Files.newInputStream(fifo)) {
                Thread reading = Thread.ofVirtual().start(() -> discard(reader));
                flood(server.port(), requests / 2);
                server.close();
                writer.close();
                assertTrue(reading.join(Duration.ofSeconds(20)));
            }
        } finally {
            server.close();
        }
        assertTrue(writer.written() > 0);
        assertEquals(requests, writer.written() + writer.dropped());
    }

    private static void discard(InputStream in) {
        try {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** What a full disk takes no more is counted, also the line that it has taken a part of. */
    @Test
    void aFullDiskLosesLinesAndCountsThem() throws Exception {
        AccessLogWriter writer = AccessLogWriter.start("/dev/full", AccessLogFormat.COMBINED);
        HttpConfig http = HttpConfig.builder().accessLog(writer::forLoop).build();
        try (HttpServer server = HttpServer.start(engine("auto"), http, loop -> routes())) {
            flood(server.port(), 5000);
        }
        writer.close();
        assertEquals(0, writer.written());
        assertEquals(5000, writer.dropped());
    }

    @Test
    void aFileThatCannotBeOpenedIsSaidAtTheStart() {
        String message = assertThrows(IllegalArgumentException.class,
                () -> AccessLogWriter.start(directory.resolve("none/x.log").toString(), AccessLogFormat.JSON))
                .getMessage();
        assertTrue(message.startsWith("--access-log: cannot open " + directory) && message.contains("ENOENT"), message);
    }

    // ---- A server with an access log

    private interface Load {
        void run(int port) throws Exception;
    }

    /** The lines that a load makes; of the combined format what follows peer and time, which are checked. */
    private List<String> log(String backend, AccessLogFormat format, Load load) throws Exception {
        Path file = directory.resolve("access.log");
        AccessLogWriter writer = AccessLogWriter.start(file.toString(), format);
        HttpConfig http = HttpConfig.builder().maxBodyBytes(1000).headTimeout(Duration.ofMillis(300))
                .accessLog(writer::forLoop).build();
        HttpServer server = HttpServer.start(engine(backend), http, loop -> routes());
        try {
            load.run(server.port());
        } finally {
            server.close();
        }
        long answered = server.stats().requestsTotal() + server.stats().requestsRefused();
        writer.close();
        assertEquals(0, writer.dropped());
        assertEquals(answered, writer.written());
        List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
        return format == AccessLogFormat.JSON ? lines : lines.stream().map(AccessLogTest::checked).toList();
    }

    private static String checked(String line) {
        Matcher parts = COMBINED.matcher(line);
        assertTrue(parts.matches(), line);
        DateTimeFormatter format = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT);
        Duration age = Duration.between(OffsetDateTime.parse(parts.group(2), format), OffsetDateTime.now());
        assertTrue(!age.isNegative() && age.toSeconds() < 60, line);
        return parts.group(3);
    }

    private static EngineConfig engine(String backend) {
        return EngineConfig.builder().address(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .loops(1).backend(backend).build();
    }

    private Router routes() {
        return new Router().get("/text", (request, response) -> response.send("text/plain", BODY))
                .get("/304", (request, response) -> response.status(304).send())
                .get("/fails", (request, response) -> {
                    throw new IllegalStateException("as it should");
                }).get("/worker", Handlers.offloaded((request, response) -> response.status(201).sendText("done\n")))
                .get("/stream", (request, response) -> stream(response))
                .get("/worker-stream", Handlers.offloaded((request, response) -> {
                    try (ResponseStream stream = response.stream("text/plain")) {
                        stream.write(new byte[3]);
                    }
                })).get("/never", (request, response) -> {
                    response.defer().onCancel(left::countDown);
                    streaming.countDown();
                }).put("/upload", (request, response) -> response.sendText("ok\n"));
    }

    private static void stream(HttpResponse response) {
        try (ResponseStream stream = response.stream("text/plain")) {
            IntStream.range(0, 4).forEach(i -> stream.write(new byte[10_000]));
        }
    }

    /** Sends requests in one piece each, and reads until the server has said the last word. */
    private static void ask(int port, String... parts) throws IOException {
        try (TestClient client = new TestClient(port)) {
            boolean persistent = parts[0].contains(" HTTP/1.1\r\n") && !parts[0].contains("close");
            for (String part : parts) {
                client.send(persistent && part.endsWith("\r\n\r\n")
                        ? part.substring(0, part.length() - 2) + "Connection: close\r\n\r\n"
                        : part);
            }
            client.in().readAllBytes();
        }
    }

    private static void flood(int port, int requests) throws IOException {
        String batch = "GET /304 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100);
        try (TestClient client = new TestClient(port)) {
            for (int sent = 0; sent < requests; sent += 100) {
                client.send(batch);
                for (int i = 0; i < 100; i++) {
                    assertEquals(304, client.readResponse(false).status());
                }
            }
        }
    }

    private static Map<String, String> parse(String line) throws IOException {
        Map<String, String> members = new TreeMap<>();
        try (JsonParser parser = new JsonFactory().createParser(line)) {
            assertEquals(JsonToken.START_OBJECT, parser.nextToken());
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                members.put(name, parser.getText());
            }
        }
        return members;
    }
}
