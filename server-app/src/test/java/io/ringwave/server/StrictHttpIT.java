package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** HTTP/1.1 on the wire, on the real jar: what is ambiguous is refused, what is allowed works as RFC 9112 says. */
class StrictHttpIT {
    private static final Map<BackendOption, ServerProcess> SERVERS = new EnumMap<>(BackendOption.class);

    @BeforeAll
    static void start() throws IOException {
        for (BackendOption backend : BackendOption.values()) {
            SERVERS.put(backend, ServerProcess.start(backend.with("--static-dir", "../static", "--benchmark-routes",
                    "--mode", "dynamic-path")));
        }
    }

    @AfterAll
    static void stop() {
        SERVERS.values().forEach(ServerProcess::close);
    }

    static Stream<Arguments> ambiguous() {
        return Stream.of(BackendOption.values()).flatMap(backend -> Stream.of(
                "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
                "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\n{}",
                "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n\r\n{}",
                "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{}",
                "POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
                "GET /plaintext HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
                "GET /plaintext HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
                "GET /plaintext HTTP/1.1\r\n\r\n", "GET /plaintext HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET  /plaintext HTTP/1.1\r\nHost: a\r\n\r\n", "GET /plain text HTTP/1.1\r\nHost: a\r\n\r\n")
                .map(request -> Arguments.of(backend, request)));
    }

    @ParameterizedTest
    @MethodSource("ambiguous")
    void whatIsAmbiguousIsRefusedAndTheConnectionEnds(BackendOption backend, String request) throws IOException {
        try (TestClient client = client(backend)) {
            client.send(request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            TestClient.Response response = client.readResponse(false);
            assertEquals(400, response.status());
            assertEquals("close", response.headers().get("Connection"));
            assertTrue(client.isClosedByServer());
        }
    }

    @ParameterizedTest
    @EnumSource
    void pipelinedRequestsAreAnsweredInOrder(BackendOption backend) throws IOException {
        String[] paths = {"/plaintext", "/json", "/api/health", "/nowhere"};
        String[] answers = {"Hello, World!", "{\"message\":\"Hello, World!\"}", "{\"status\":\"UP\"}", null};
        try (TestClient client = client(backend)) {
            StringBuilder requests = new StringBuilder();
            for (int request = 0; request < 64; request++) {
                requests.append("GET ").append(paths[request % 4]).append(" HTTP/1.1\r\nHost: test\r\n\r\n");
            }
            client.send(requests.toString());
            for (int request = 0; request < 64; request++) {
                TestClient.Response response = client.readResponse(false);
                if (answers[request % 4] == null) {
                    assertEquals(404, response.status());
                } else {
                    assertEquals(answers[request % 4], response.text());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void headHasTheHeadersOfGetAndNoBody(BackendOption backend) throws IOException {
        try (TestClient client = client(backend)) {
            for (String path : List.of("/plaintext", "/json", "/static/index.html", "/api/health")) {
                Map<String, String> of = client.request("HEAD", path).headers();
                TestClient.Response get = client.request("GET", path);
                assertEquals(get.headers().get("Content-Length"), of.get("Content-Length"), path);
                assertEquals(get.headers().get("Content-Type"), of.get("Content-Type"), path);
                assertEquals(get.headers().keySet(), of.keySet(), path);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void pathsDoNotLeaveTheDirectory(BackendOption backend) throws IOException {
        for (String path : List.of("/static/../pom.xml", "/static/%2e%2e/pom.xml", "/static/..%2fpom.xml",
                "/static/%2e%2e%2fpom.xml", "/static/./../pom.xml", "/static//etc/passwd", "/static/%00",
                "/static/..\\pom.xml", "/static/index.html%00.txt")) {
            int status = TestClient.get(SERVERS.get(backend).port(), path).status();
            assertTrue(status == 400 || status == 404, path + ": " + status);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileThatIsUnchangedIsNotSentAgain(BackendOption backend) throws IOException {
        try (TestClient client = client(backend)) {
            Map<String, String> headers = client.request("GET", "/static/style.css").headers();
            for (String condition : List.of("If-None-Match: " + headers.get("ETag"),
                    "If-Modified-Since: " + headers.get("Last-Modified"))) {
                client.send("GET /static/style.css HTTP/1.1\r\nHost: test\r\n" + condition + "\r\n\r\n");
                assertEquals(304, client.readResponse(false).status(), condition);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void curlWaitsForThePermissionToSendALargeBody(BackendOption backend, @TempDir Path directory) throws Exception {
        Commands.require("curl");
        Path body = Files.writeString(directory.resolve("body"), "[" + "1,".repeat(50_000) + "1]");
        Commands.Result result = Commands.run("curl", "-sSv", "--max-time", "30", "--expect100-timeout", "30", "-H",
                "Content-Type: application/json", "-H", "Expect: 100-continue", "--data-binary", "@" + body, "-o",
                directory.resolve("answer").toString(),
                "http://127.0.0.1:" + SERVERS.get(backend).port() + "/api/echo");
        assertEquals(0, result.status(), result.output());
        assertTrue(result.output().contains("< HTTP/1.1 100 "), result.output());
        assertTrue(result.output().contains("< HTTP/1.1 200 "), result.output());
        assertEquals(-1, Files.mismatch(body, directory.resolve("answer")));
    }

    @ParameterizedTest
    @EnumSource
    void chunkedBodiesAreJoined(BackendOption backend) throws IOException {
        try (TestClient client = client(backend)) {
            client.send("POST /api/echo HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n3;x=y\r\n1,2\r\n1\r\n]\r\n0\r\nTrailer: z\r\n\r\n");
            assertEquals("[1,2]", client.readResponse(false).text());
            assertEquals("Hello, World!", client.request("GET", "/plaintext").text());
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOldClientGetsOneAnswerAndTheEnd(BackendOption backend) throws IOException {
        try (TestClient client = client(backend)) {
            client.send("GET /plaintext HTTP/1.0\r\n\r\n");
            assertEquals("Hello, World!", client.readResponse(false).text());
            assertTrue(client.isClosedByServer());
        }
    }

    @Test
    void aRequestMayArriveByteByByte() throws IOException {
        for (BackendOption backend : BackendOption.values()) {
            try (TestClient client = client(backend)) {
                for (char next : "GET /plaintext HTTP/1.1\r\nHost: test\r\n\r\n".toCharArray()) {
                    client.send(String.valueOf(next));
                }
                assertEquals("Hello, World!", client.readResponse(false).text());
            }
        }
    }

    private static TestClient client(BackendOption backend) throws IOException {
        return new TestClient(SERVERS.get(backend).port());
    }
}
