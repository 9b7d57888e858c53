package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The metrics as their readers see them: promtool, a real Prometheus, and sums over samples that must be exact. */
class MetricsIT {
    private static final int EACH = 37;
    private static final int FILE_BYTES = 1024;
    private static final int LARGE_BYTES = 8 << 20;

    /** Requests and connections of every kind, each as often as {@link #EACH} says, and what that must add. */
    private static final List<Expected> EXPECTED = List.of(
            new Expected("ringwave_http_requests_total", "", 4 * EACH + 2 * EACH),
            new Expected("ringwave_http_responses_total", "status=\"2xx\"", 2 * EACH + 2 * EACH),
            new Expected("ringwave_http_responses_total", "status=\"3xx\"", EACH),
            new Expected("ringwave_http_responses_total", "status=\"4xx\"", 2 * EACH),
            new Expected("ringwave_http_responses_total", "status=\"5xx\"", EACH),
            new Expected("ringwave_http_requests_refused_total", "", 2 * EACH),
            new Expected("ringwave_http_timeouts_total", "", 0),
            new Expected("ringwave_http_handler_failures_total", "", 0),
            new Expected("ringwave_connections_accepted_total", "", 5 * EACH),
            new Expected("ringwave_connections_closed_total", "", 5 * EACH),
            new Expected("ringwave_connections_made_total", "", 0),
            new Expected("ringwave_connections_refused_total", "", 0),
            new Expected("ringwave_handler_failures_total", "", 0),
            new Expected("ringwave_connections_open", "", 0));

    private record Expected(String name, String label, long added) {}

    @ParameterizedTest
    @EnumSource
    void afterSoManyRequestsOfEachKindTheyReadExactlyThat(BackendOption backend, @TempDir Path directory)
            throws Exception {
        site(directory);
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", directory.toString(), "--workers", "2"));
                TestClient scraper = new TestClient(server.port())) {
            Page before = new Page(scraper);
            loadOfEveryKind(server.port());
            AtomicInteger looks = new AtomicInteger();
            Page after = Await.until("open connections", () -> {
                looks.incrementAndGet();
                return new Page(scraper);
            }, page -> page.sum("ringwave_connections_open", "") == before.sum("ringwave_connections_open", ""));
            // Each look was routed before its page was made, and answered after it: both are off by the same number.
            for (Expected each : EXPECTED) {
                boolean countsLooks = each.name.equals("ringwave_http_requests_total") || each.label.contains("2xx");
                assertEquals(each.added + (countsLooks ? looks.get() : 0),
                        after.sum(each.name, each.label) - before.sum(each.name, each.label), each.toString());
            }
            // A page tells of itself as routed, but not yet as sent.
            Await.until("all were sent or cut", () -> new Page(scraper),
                    page -> page.sum("ringwave_http_request_duration_seconds_count", "")
                            + page.value("ringwave_http_requests_cut_total") == page
                                    .sum("ringwave_http_requests_total", "") - 1);
            assertEquals(EACH, after.value("ringwave_http_requests_cut_total"), "those who left in the middle");
            long fileBytes = after.sum("ringwave_http_file_bytes_total", "")
                    - before.sum("ringwave_http_file_bytes_total", "");
            assertTrue(fileBytes >= (long) EACH * FILE_BYTES, fileBytes + " bytes of files");
        }
    }

    @ParameterizedTest
    @EnumSource
    void bytesOfFilesAreCountedByTheWayTheyWent(BackendOption backend, @TempDir Path directory) throws Exception {
        site(directory);
        for (String strategy : List.of("mmap", "sendfile", "splice", "uring")) {
            try (ServerProcess server = ServerProcess.start(
                    backend.with("--static-dir", directory.toString(), "--file-strategy", strategy))) {
                assertEquals(LARGE_BYTES, TestClient.get(server.port(), "/static/large.bin").body().length);
                try (TestClient scraper = new TestClient(server.port())) {
                    Page page = new Page(scraper);
                    assertEquals(LARGE_BYTES,
                            page.sum("ringwave_http_file_bytes_total", "strategy=\"" + strategy + "\""), strategy);
                    assertEquals(LARGE_BYTES, page.sum("ringwave_http_file_bytes_total", ""), strategy);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void promtoolHasNothingToSay(BackendOption backend, @TempDir Path directory) throws Exception {
        Commands.require("promtool");
        site(directory);
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", directory.toString()))) {
            TestClient.Response page = TestClient.get(server.port(), "/api/metrics");
            assertEquals("text/plain; version=0.0.4; charset=utf-8", page.headers().get("Content-Type"));
            Path file = Files.write(directory.resolve("metrics.txt"), page.body());
            assertEquals(new Commands.Result(0, ""),
                    Commands.run("sh", "-c", "promtool check metrics < " + file));
            assertTrue(page.text().contains("\nringwave_backend_info{backend=\"" + backend.backend + "\",} 1.0\n"),
                    page.text());
            assertTrue(page.text().contains("\njvm_threads_current "), page.text());
            assertTrue(page.text().contains("\nringwave_log_dropped_lines_total 0.0\n"), page.text());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRealPrometheusReadsTheSame(BackendOption backend, @TempDir Path directory) throws Exception {
        Path served = Files.createDirectory(directory.resolve("site"));
        site(served);
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", served.toString(), "--workers", "2"));
                PrometheusProcess prometheus = PrometheusProcess.start(server.port(), directory)) {
            loadOfEveryKind(server.port());
            for (Expected each : EXPECTED) {
                boolean countsScrapes = each.name.equals("ringwave_http_requests_total") || each.label.contains("2xx")
                        || each.name.startsWith("ringwave_connections_accepted")
                        || each.name.equals("ringwave_connections_open");
                if (!countsScrapes) {
                    Await.until(each.toString(),
                            () -> prometheus.query("sum(" + each.name + "{" + each.label + "})"),
                            Long.toString(each.added)::equals);
                }
            }
            assertEquals("1", prometheus.query("up{job=\"ringwave\"}"));
            assertEquals("2", prometheus.query("count(ringwave_http_requests_total)"));
            assertEquals("1", prometheus.query("ringwave_backend_info{backend=\"" + backend.backend + "\"}"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void openMetricsComesToWhomItIsAcceptable(BackendOption backend, @TempDir Path directory) throws Exception {
        site(directory);
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", directory.toString()));
                TestClient client = new TestClient(server.port())) {
            client.send("GET /api/metrics HTTP/1.1\r\nHost: test\r\n"
                    + "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n\r\n");
            TestClient.Response page = client.readResponse(false);
            assertEquals("application/openmetrics-text; version=1.0.0; charset=utf-8",
                    page.headers().get("Content-Type"));
            assertEquals("Accept", page.headers().get("Vary"));
            assertTrue(page.text().endsWith("\n# EOF\n"), page.text());
            assertTrue(page.text().contains("\n# TYPE ringwave_feature info\n") || backend == BackendOption.EPOLL,
                    page.text());
        }
    }

    private static void site(Path directory) throws IOException {
        Files.write(directory.resolve("1k"), new byte[FILE_BYTES]);
        Files.write(directory.resolve("large.bin"), new byte[LARGE_BYTES]);
    }

    /**
     * Keep-alive connections, refused requests, clients that finish sending before they read, and clients that reset in the
     * middle of a response.
     */
    private static void loadOfEveryKind(int port) throws IOException {
        for (int i = 0; i < EACH; i++) {
            try (TestClient client = new TestClient(port)) {
                assertEquals(200, client.request("GET", "/api/health").status());
                assertEquals(200, client.request("GET", "/static/1k").status());
                assertEquals(302, client.request("GET", "/").status());
                assertEquals(404, client.request("GET", "/api/nothing").status());
            }
            assertEquals(400, refused(port, "GET / HTTP/1.1\r\nHost : test\r\n\r\n"));
            assertEquals(505, refused(port, "GET / HTTP/3.1\r\nHost: test\r\n\r\n"));
            try (TestClient halfClosed = new TestClient(port)) {
                halfClosed.send("GET /api/health HTTP/1.1\r\nHost: test\r\n\r\n");
                halfClosed.socket().shutdownOutput();
                assertEquals(200, halfClosed.readResponse(false).status());
                assertTrue(halfClosed.isClosedByServer());
            }
            try (TestClient leaver = new TestClient(port)) {
                leaver.send("GET /static/large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
                assertEquals('H', leaver.in().read());
                leaver.socket().setSoLinger(true, 0); // close() then sends RST
            }
        }
    }

    private static int refused(int port, String request) throws IOException {
        try (TestClient client = new TestClient(port)) {
            client.send(request);
            return client.readResponse(false).status();
        }
    }

    /** The metrics at one moment, asked for over a connection that stays. */
    private static final class Page {
        private final List<String> lines;

        private Page(TestClient scraper) throws IOException {
            lines = new String(scraper.request("GET", "/api/metrics").body(), StandardCharsets.UTF_8).lines().toList();
        }

        /** The one sample of that name. */
        private long value(String name) {
            return lines.stream().filter(line -> line.startsWith(name + " ")).findFirst()
                    .map(line -> (long) Double.parseDouble(line.substring(name.length() + 1))).orElseThrow();
        }

        /** The sum of the samples of that name that have that label. */
        private long sum(String name, String label) {
            List<String> samples = lines.stream()
                    .filter(line -> line.startsWith(name + "{") && line.contains(label)).toList();
            assertTrue(!samples.isEmpty(), () -> "there is no " + name + " with " + label);
            return samples.stream().mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf("} ") + 2)))
                    .sum();
        }
    }
}
