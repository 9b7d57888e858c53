package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code /api/stats} and its stream of events, of the standalone jar. */
class StatsStreamIT {
    private static final int REQUESTS = 50;
    /** The drain timeout is 5 seconds: a stream that were not ended would take all of it. */
    private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(4);

    private static ServerProcess start(BackendOption backend) throws IOException {
        return ServerProcess
                .start(backend.with("--static-dir", "../static", "--benchmark-routes", "--workers", "2"));
    }

    private static void listen(TestClient client) throws IOException {
        client.send("GET /api/stats/stream HTTP/1.1\r\nHost: test\r\n\r\n");
        TestClient.Response head = client.readHead();
        assertEquals(200, head.status());
        assertEquals("text/event-stream", head.headers().get("Content-Type"));
        assertEquals("no-store", head.headers().get("Cache-Control"));
    }

    /** The data of the next event; null at the end of the stream. Events are chunks. */
    private static byte @org.jspecify.annotations.Nullable [] event(TestClient client) throws IOException {
        StringBuilder size = new StringBuilder();
        for (int next = client.in().read(); next != '\n'; next = client.in().read()) {
            assertTrue(next >= 0, "the stream broke off");
            size.append((char) next);
        }
        int length = Integer.parseInt(size.toString().strip(), 16);
        String chunk = new String(client.in().readNBytes(length), StandardCharsets.UTF_8);
        assertEquals("\r\n", new String(client.in().readNBytes(2), StandardCharsets.US_ASCII));
        if (length == 0) {
            return null;
        }
        List<String> lines = chunk.lines().toList();
        assertEquals(List.of("event: stats", "data: ", ""),
                List.of(lines.get(0), lines.get(1).substring(0, 6), lines.get(2)));
        assertEquals(3, lines.size());
        return lines.get(1).substring(6).getBytes(StandardCharsets.UTF_8);
    }

    private static double number(String pointer, byte[] json) throws IOException {
        return Double.parseDouble(JsonText.at(pointer, json));
    }

    @ParameterizedTest
    @EnumSource
    void eachSecondIsAnEvent(BackendOption backend) throws Exception {
        try (ServerProcess server = start(backend);
                TestClient reader = new TestClient(server.port());
                TestClient other = new TestClient(server.port());
                TestClient client = new TestClient(server.port())) {
            listen(reader);
            listen(other);
            for (int i = 0; i < REQUESTS; i++) {
                assertEquals(200, client.request("GET", "/plaintext").status());
                assertEquals(200, client.request("GET", "/static/index.html").status());
            }
            byte[] event = event(reader);
            while (number("/latencyMicros/file/count", event) < REQUESTS) {
                event = event(reader);
            }
            assertEquals(REQUESTS, number("/latencyMicros/file/count", event));
            assertEquals(REQUESTS, number("/latencyMicros/plaintext/count", event));
            assertEquals(backend.backend, JsonText.at("/backend/name", event));
            assertTrue(number("/throughput/requestsPerSecond/10s", event) > 0);
            assertTrue(number("/throughput/bytesSentPerSecond/60s", event) > 0);
            assertTrue(number("/throughput/bytesReceivedPerSecond/60s", event) > 0);
            assertEquals(3, number("/connections/open", event));
            assertEquals(0, number("/connections/closed/peer_reset", event));
            assertEquals(2 * REQUESTS + 2, number("/requests/total", event));
            assertEquals(2 * REQUESTS + 2, number("/responses/2xx", event));
            assertEquals(REQUESTS, number("/files/cacheHits", event) + number("/files/cacheMisses", event));
            assertEquals(0, number("/offloaded/executed", event));
            assertTrue(number("/buffers/sendFree", event) > 0);
            for (int loop = 0; loop < 2; loop++) {
                assertEquals(loop, number("/perLoop/" + loop + "/loop", event));
                double busy = number("/perLoop/" + loop + "/busy", event);
                assertTrue(busy >= 0 && busy <= 1, "busy " + busy);
            }
            assertTrue(number("/perLoop/0/ring/enters", event) + number("/perLoop/1/ring/enters", event) > 0);
            assertEquals(2 * REQUESTS, number("/perLoop/0/latencyMicros/count", event)
                    + number("/perLoop/1/latencyMicros/count", event));
            double time = number("/time", event);
            assertEquals(1000, number("/time", event(reader)) - time, 900, "milliseconds between two events");
            byte[] same = event(other);
            while (number("/time", same) < time) {
                same = event(other);
            }
            assertEquals(new String(event, StandardCharsets.UTF_8), new String(same, StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @EnumSource
    void statsHaveTheSameFigures(BackendOption backend) throws Exception {
        try (ServerProcess server = start(backend); TestClient client = new TestClient(server.port())) {
            for (int i = 0; i < REQUESTS; i++) {
                assertEquals(200, client.request("GET", "/plaintext").status());
            }
            byte[] stats = Await.until("a sample", () -> client.request("GET", "/api/stats").body(), each -> {
                try {
                    return number("/latencyMicros/plaintext/count", each) == REQUESTS;
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            double p50 = number("/latencyMicros/plaintext/p50", stats);
            double max = number("/latencyMicros/plaintext/max", stats);
            assertTrue(1 <= p50 && p50 <= max && max < 20_000_000, p50 + " and " + max);
            assertTrue(number("/throughput/requestsPerSecond/60s", stats) > 0);
            assertEquals(0, number("/latencyMicros/offloaded/max", stats));
            assertEquals(1, number("/connections/open", stats));
            assertTrue(number("/loops/turns", stats) > REQUESTS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoComesBeyondTheLimitIsToldToComeBack(BackendOption backend) throws Exception {
        List<TestClient> readers = new ArrayList<>();
        try (ServerProcess server = start(backend)) {
            for (int i = 0; i < StatsStream.MAX_READERS; i++) {
                TestClient reader = new TestClient(server.port());
                readers.add(reader);
                listen(reader);
            }
            try (TestClient late = new TestClient(server.port())) {
                TestClient.Response refused = late.request("GET", "/api/stats/stream");
                assertEquals(503, refused.status());
                assertEquals("5", refused.headers().get("Retry-After"));
                readers.getFirst().hangUp(); // its place is free as soon as the server has seen that
                Await.until("there is room again", () -> {
                    late.send("HEAD /api/stats/stream HTTP/1.1\r\nHost: test\r\n\r\n");
                    return late.readResponse(true).status();
                }, status -> status == 200);
            }
        } finally {
            for (TestClient reader : readers) {
                reader.hangUp();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void streamsDoNotDelayTheEnd(BackendOption backend) throws Exception {
        try (ServerProcess server = start(backend);
                TestClient reader = new TestClient(server.port());
                TestClient silent = new TestClient(server.port())) {
            listen(reader);
            silent.send("GET /api/stats/stream HTTP/1.1\r\nHost: test\r\n\r\n"); // and does not read
            event(reader);
            long start = System.nanoTime();
            server.terminate();
            while (event(reader) != null) {}
            assertTrue(reader.isClosedByServer());
            reader.hangUp();
            silent.hangUp(); // else the server waits for its FIN, as it does with any client
            assertEquals(0, server.awaitExit(), server.log());
            assertTrue(System.nanoTime() - start < STOP_NANOS, "it took long to end");
        }
    }
}
