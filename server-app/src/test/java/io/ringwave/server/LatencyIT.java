package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineConfig;
import io.ringwave.LoopContext;
import io.ringwave.http.Handlers;
import io.ringwave.http.HttpConfig;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Latencies;
import io.ringwave.http.LatencySummary;
import io.ringwave.http.PreparedResponse;
import io.ringwave.http.RouteClass;
import io.ringwave.http.Router;
import io.ringwave.http.StaticFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Recorded latencies: that none is missing, whatever clients do, and that they are what a client sees. */
class LatencyIT {
    private static final int EACH = 23;
    private static final int DEPTH = 40;
    private static final int LARGE_BYTES = 8 << 20;

    private static final long SPIN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int MEASURED = 300;
    /** The open loop: often enough to be done soon, seldom enough that no request waits for the one before. */
    private static final long BETWEEN_NANOS = TimeUnit.MILLISECONDS.toNanos(8);
    /** How often it is measured at most: what else the machine does falls on either side, and shows in both percentiles. */
    private static final int ROUNDS = 6;
    private static final double TOLERANCE = 0.1;

    private static HttpServer start(BackendOption backend, int loops, Path directory) throws Exception {
        EngineConfig config = EngineConfig.builder().loops(loops).backend(backend.backend).build();
        return HttpServer.start(config, routes(directory));
    }

    private static Function<LoopContext, Router> routes(Path directory) {
        PreparedResponse hello = PreparedResponse.of(200, "text/plain", "hello".getBytes(StandardCharsets.UTF_8));
        return loop -> new Router().get("/plaintext", Handlers.prepared(hello))
                .get("/api", (request, response) -> response.sendText("made"))
                .post("/echo", (request, response) -> response.send("text/plain", request.body()))
                .get("/spin", (request, response) -> {
                    spin(SPIN_NANOS);
                    response.sendText("spun");
                })
                .get("/wait", Handlers.offloaded((request, response) -> {
                    park(WAIT_NANOS);
                    response.sendText("waited");
                }))
                .get("/static/{rest...}", files(directory));
    }

    private static StaticFiles files(Path directory) {
        try {
            return StaticFiles.open(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void spin(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    private static void park(long nanos) {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyRequestIsRecordedOnceOrCut(BackendOption backend, @TempDir Path directory) throws Exception {
        Files.write(directory.resolve("1k"), new byte[1024]);
        Files.write(directory.resolve("large.bin"), new byte[LARGE_BYTES]);
        try (HttpServer server = start(backend, 2, directory)) {
            long cutForSure = 0;
            for (int i = 0; i < EACH; i++) {
                pipelined(server.port());
                halfClosed(server.port());
                reset(server.port());
                withBody(server.port());
                cutForSure++;
            }
            Await.until("connections end", () -> server.engine().stats().connectionsOpen(), open -> open == 0);
            Latencies latencies = Await.until("all is recorded or cut", server::latencies,
                    each -> total(each) + each.cut() >= server.stats().requestsTotal());
            assertEquals(server.stats().requestsTotal(), total(latencies) + latencies.cut());
            assertEquals(total(latencies), latencies.count(0) + latencies.count(1));
            assertEquals(EACH * DEPTH + EACH, latencies.count(RouteClass.PLAINTEXT));
            assertEquals(EACH * DEPTH + EACH, latencies.count(RouteClass.FILE));
            assertEquals(EACH * DEPTH / 8, latencies.count(RouteClass.OFFLOADED));
            assertEquals(EACH * (DEPTH + 3), latencies.count(RouteClass.API));
            assertEquals(cutForSure, latencies.cut());
        }
    }

    private static long total(Latencies latencies) {
        long total = 0;
        for (RouteClass each : RouteClass.values()) {
            total += latencies.count(each);
        }
        return total;
    }

    /** Of several classes in one piece and in many, while answers that are open hold the others up. */
    private static void pipelined(int port) throws IOException {
        StringBuilder requests = new StringBuilder();
        int count = 0;
        for (int i = 0; i < DEPTH; i++) {
            for (String path : new String[]{"/plaintext", "/api", "/static/1k", i % 8 == 0 ? "/wait" : ""}) {
                if (!path.isEmpty()) {
                    requests.append("GET ").append(path).append(" HTTP/1.1\r\nHost: test\r\n\r\n");
                    count++;
                }
            }
        }
        try (TestClient client = new TestClient(port)) {
            client.send(requests.toString());
            for (int i = 0; i < count; i++) {
                assertEquals(200, client.readResponse(false).status());
            }
        }
    }

    private static void halfClosed(int port) throws IOException {
        try (TestClient client = new TestClient(port)) {
            client.send("GET /plaintext HTTP/1.1\r\nHost: test\r\n\r\nGET /static/1k HTTP/1.1\r\nHost: test\r\n\r\n"
                    + "GET /nothing HTTP/1.1\r\nHost: test\r\n\r\n");
            client.socket().shutdownOutput();
            assertEquals(200, client.readResponse(false).status());
            assertEquals(200, client.readResponse(false).status());
            assertEquals(404, client.readResponse(false).status());
            assertTrue(client.isClosedByServer());
        }
    }

    /** Leaves in the middle of a response. */
    private static void reset(int port) throws IOException {
        try (TestClient client = new TestClient(port)) {
            client.send("GET /static/large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
            assertEquals('H', client.in().read());
            client.socket().setSoLinger(true, 0); // close() then sends RST
        }
    }

    private static void withBody(int port) throws IOException {
        try (TestClient client = new TestClient(port)) {
            client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nab");
            client.send("cde");
            assertEquals(200, client.readResponse(false).status());
            client.send("PUT /plaintext HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
            assertEquals(405, client.readResponse(false).status());
            client.send("GARBAGE\r\n\r\n"); // never reaches routing
            assertEquals(400, client.readResponse(false).status());
        }
    }

    @Test
    void nothingIsRecordedWhereThatIsOff() throws Exception {
        EngineConfig config = EngineConfig.builder().loops(1).build();
        try (HttpServer server = HttpServer.start(config, HttpConfig.builder().latencyRecording(false).build(),
                loop -> new Router().get("/api", (request, response) -> response.sendText("made")))) {
            assertEquals(200, TestClient.get(server.port(), "/api").status());
            assertFalse(server.latencies().isRecorded());
            assertEquals(0, server.latencies().count(RouteClass.API));
            assertEquals(LatencySummary.NOTHING, server.latencies().ofLoop(0));
        }
    }

    /**
     * A handler whose delay is known, seen by the server and by a client at a fixed rate. What the way to the client adds
     * is taken off: as much as it adds to a request that takes the server no time.
     */
    @ParameterizedTest
    @CsvSource({"IO_URING,/spin,API", "EPOLL,/spin,API", "IO_URING,/wait,OFFLOADED", "EPOLL,/wait,OFFLOADED"})
    void percentilesAreThoseThatAClientSees(BackendOption backend, String path, RouteClass routeClass,
            @TempDir Path directory) throws Exception {
        try (HttpServer server = start(backend, 1, directory); TestClient client = new TestClient(server.port())) {
            measure(client, path, MEASURED / 3); // until it is compiled
            measure(client, "/plaintext", MEASURED);
            StringBuilder seen = new StringBuilder();
            boolean agree = false;
            for (int round = 0; round < ROUNDS && !agree; round++) {
                Latencies before = Await.until("all before is recorded", server::latencies,
                        each -> total(each) == server.stats().requestsTotal());
                Histogram way = measure(client, "/plaintext", MEASURED);
                Histogram asked = measure(client, path, MEASURED);
                Latencies taken = Await.until("all are recorded", () -> server.latencies().since(before),
                        each -> each.count(routeClass) == MEASURED && each.count(RouteClass.PLAINTEXT) == MEASURED);
                LatencySummary plain = taken.ofClass(RouteClass.PLAINTEXT);
                LatencySummary delayed = taken.ofClass(routeClass);
                long p50 = asked.getValueAtPercentile(50) - (way.getValueAtPercentile(50) - plain.p50());
                long p99 = asked.getValueAtPercentile(99) - (way.getValueAtPercentile(99) - plain.p99());
                seen.append("p50 ").append(delayed.p50()).append(" beside ").append(p50).append(", p99 ")
                        .append(delayed.p99()).append(" beside ").append(p99).append("\n");
                agree = isNear(delayed.p50(), p50) && isNear(delayed.p99(), p99);
            }
            assertTrue(agree, seen::toString);
        }
    }

    private static boolean isNear(long recorded, long seen) {
        return Math.abs(recorded - seen) <= TOLERANCE * seen;
    }

    /**
     * Requests at fixed times. Each is measured from when it was due, if the one before was late; else from when it was
     * sent, since how long the client overslept is not the server's. It sleeps, for a client that spins keeps the loop
     * from the CPU on a small machine, and that would be the server's.
     */
    private static Histogram measure(TestClient client, String path, int count) throws IOException {
        Histogram histogram = new Histogram(TimeUnit.SECONDS.toNanos(60), 3);
        long due = System.nanoTime();
        for (int i = 0; i < count; i++) {
            due += BETWEEN_NANOS;
            long late = System.nanoTime() - due;
            park(-late);
            long start = late > 0 ? due : System.nanoTime();
            assertEquals(200, client.request("GET", path).status());
            histogram.recordValue(System.nanoTime() - start);
        }
        return histogram;
    }
}
