package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.SendableFile;
import io.ringwave.workers.WorkerConfig;
import io.ringwave.workers.WorkerPool;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

/** Which requests are recorded, when, and as having taken how long; on a loop whose clock the test moves. */
class LatencyRecorderTest {
    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int FILE_BYTES = (2 << 22) + 5;

    private final FakeLoop loop = new FakeLoop(4096, 64);
    private final LatencyRecorder recorder = new LatencyRecorder(loop);
    private final HttpCounters counters = new HttpCounters();
    private final List<DeferredResponse> deferred = new ArrayList<>();
    private final List<ResponseStream> streams = new ArrayList<>();
    private final HttpConnectionHandler handler = newHandler();
    private final FakeLoop.FakeConnection connection = loop.new FakeConnection(handler, 0);
    private final Histogram[] recorded = new Histogram[LatencyRecorder.CLASSES];

    private HttpConnectionHandler newHandler() {
        PreparedResponse text = PreparedResponse.of(200, "text/plain", "hello".getBytes(StandardCharsets.UTF_8));
        PreparedResponse json = PreparedResponse.of(200, "application/json", new byte[2]);
        Router router = new Router().get("/plain", Handlers.prepared(text)).get("/json", Handlers.prepared(json))
                .get("/api", (request, response) -> response.sendText("made"))
                .get("/later", (request, response) -> deferred.add(response.defer()))
                .get("/stream", (request, response) -> streams.add(response.stream("text/plain")))
                .get("/worker", Handlers.offloaded((request, response) -> response.sendText("waited")))
                .get("/bigfile", (request, response) -> response.sendFile(new AnyFile(), 0, FILE_BYTES))
                .get("/breaks", (request, response) -> {
                    streams.add(response.stream("text/plain"));
                    throw new IllegalStateException("on purpose");
                }).get("/throws", (request, response) -> {
                    throw new IllegalStateException("on purpose");
                });
        HttpConfig config = HttpConfig.builder().offloadThreads(1).build();
        return new HttpConnectionHandler(loop, config, router, counters, recorder, () -> 0,
                (descriptor, address, length, position) -> -1,
                new WorkerPool(WorkerConfig.of(1, 1).withLaneCapacity(16)).lane(0));
    }

    private static final class AnyFile implements SendableFile {

        @Override
        public int descriptor() {
            return 77;
        }

        @Override
        public void sendFinished() {}
    }

    private static String get(String... paths) {
        StringBuilder requests = new StringBuilder();
        for (String path : paths) {
            requests.append("GET ").append(path).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        return requests.toString();
    }

    /** The kernel takes one send, after a while. */
    private void sent(long nanos) {
        loop.now += nanos;
        connection.queuedSends--;
        handler.onSent(connection);
        handler.onBatchEnd();
    }

    /** Requests come, and their answers make the queue so long. */
    private void receive(int queued, String... paths) {
        connection.queuedSends = queued;
        connection.receive(get(paths));
        handler.onBatchEnd();
    }

    private Histogram recorded(RouteClass routeClass) {
        int index = routeClass.ordinal();
        if (recorded[index] == null) {
            recorded[index] = recorder.interval(index, null);
        } else {
            recorded[index].add(recorder.interval(index, null));
        }
        return recorded[index];
    }

    private void assertRecorded(RouteClass routeClass, int count, long nanos) {
        Histogram histogram = recorded(routeClass);
        assertEquals(count, histogram.getTotalCount(), routeClass::toString);
        if (count > 0) {
            assertTrue(histogram.valuesAreEquivalent(nanos, histogram.getMaxValue()),
                    () -> routeClass + ": " + histogram.getMaxValue());
        }
    }

    private long totalCount() {
        long total = 0;
        for (RouteClass each : RouteClass.values()) {
            total += recorded(each).getTotalCount();
        }
        return total;
    }

    @Test
    void theRequestsOfOnePieceEndWhenTheirOneSendHas() {
        receive(1, "/plain", "/api", "/plain", "/json", "/nothing", "/plain");
        assertEquals(0, totalCount());
        sent(5 * MILLI);
        assertRecorded(RouteClass.PLAINTEXT, 3, 5 * MILLI);
        assertRecorded(RouteClass.API, 3, 5 * MILLI);
        assertEquals(6, counters.requests.get());
        assertEquals(0, recorder.cut());
    }

    @Test
    void requestsThatAreAnsweredByCopiesAreRecordedToo() {
        receive(1, "/api", "/plain", "/plain", "/plain", "/plain", "/plain", "/json", "/json", "/json");
        sent(5 * MILLI);
        assertRecorded(RouteClass.PLAINTEXT, 5, 5 * MILLI);
        assertRecorded(RouteClass.API, 4, 5 * MILLI);
        assertEquals(9, counters.requests.get());
    }

    @Test
    void whatIsSentAtOnceTakesTheLeastThatIsRecorded() {
        receive(0, "/plain");
        assertRecorded(RouteClass.PLAINTEXT, 1, LatencyRecorder.LOWEST_NANOS);
    }

    @Test
    void whatTakesForEverIsRecordedAsTheMost() {
        receive(1, "/plain");
        sent(TimeUnit.HOURS.toNanos(2));
        assertRecorded(RouteClass.PLAINTEXT, 1, LatencyRecorder.HIGHEST_NANOS);
    }

    @Test
    void aPieceThatComesWhileOutputWaitsEndsWithItsOwnSends() {
        receive(1, "/plain");
        loop.now += MILLI;
        receive(3, "/plain", "/plain"); // its own are the second and the third
        sent(MILLI);
        assertRecorded(RouteClass.PLAINTEXT, 1, 2 * MILLI);
        sent(MILLI);
        assertRecorded(RouteClass.PLAINTEXT, 1, 2 * MILLI);
        sent(7 * MILLI);
        assertRecorded(RouteClass.PLAINTEXT, 3, 9 * MILLI);
    }

    @Test
    void anAnswerLeftOpenDoesNotKeepTheOthersWaiting() {
        receive(1, "/plain", "/later");
        sent(MILLI);
        assertRecorded(RouteClass.PLAINTEXT, 1, MILLI);
        loop.now += 10 * MILLI;
        connection.queuedSends = 1;
        deferred.getFirst().complete(response -> response.sendText("late"));
        loop.runTasks();
        assertRecorded(RouteClass.API, 0, 0);
        sent(MILLI);
        assertRecorded(RouteClass.API, 1, 12 * MILLI);
    }

    @Test
    void aStreamEndsWithItsLastChunk() {
        receive(1, "/stream");
        sent(MILLI);
        streams.getFirst().write(new byte[10]);
        connection.queuedSends = 1;
        loop.runTasks();
        sent(MILLI);
        assertEquals(0, totalCount());
        streams.getFirst().close();
        connection.queuedSends = 1;
        loop.runTasks();
        sent(MILLI);
        assertRecorded(RouteClass.API, 1, 3 * MILLI);
    }

    @Test
    void aFileEndsWithItsLastPiece() {
        receive(1, "/api", "/bigfile");
        sent(MILLI);
        assertRecorded(RouteClass.API, 1, MILLI);
        while (connection.sends.getLast().startsWith("file(")
                && recorded(RouteClass.API).getTotalCount() == 1) {
            loop.now += MILLI;
            connection.fileSent();
            handler.onBatchEnd();
        }
        assertRecorded(RouteClass.API, 2, (1 + 3) * MILLI); // two pieces of 4 MiB, and what is left
    }

    @Test
    void whoLeavesWhileItsAnswerIsOpenIsCut() {
        receive(0, "/later");
        handler.onPeerFinished(connection);
        assertEquals(1, recorder.cut());
        connection.end();
        assertEquals(1, recorder.cut());
        assertEquals(0, totalCount());
    }

    @Test
    void whatAConnectionWasNotSentIsCut() {
        receive(2, "/plain", "/plain", "/later");
        connection.end();
        assertEquals(3, recorder.cut());
        assertEquals(0, totalCount());
        FakeLoop.FakeConnection next = loop.new FakeConnection(handler, 0);
        next.receive(get("/plain"));
        handler.onBatchEnd();
        assertRecorded(RouteClass.PLAINTEXT, 1, LatencyRecorder.LOWEST_NANOS);
        assertEquals(3, recorder.cut());
    }

    @Test
    void aHandlerThatFailsHasAnsweredAsWell() {
        receive(1, "/throws");
        sent(MILLI);
        assertRecorded(RouteClass.API, 1, MILLI);
    }

    @Test
    void anAnswerThatBreaksOffIsCut() {
        connection.queuedSends = 1;
        assertThrows(IllegalStateException.class,
                () -> connection.receive(get("/plain", "/breaks")));
        connection.end(); // as the engine does
        assertEquals(2, recorder.cut());
        assertEquals(2, counters.requests.get());
        assertEquals(0, totalCount());
    }

    @Test
    void headIsOfTheClassOfGet() {
        connection.queuedSends = 0;
        connection.receive("HEAD /plain HTTP/1.1\r\nHost: a\r\n\r\n");
        handler.onBatchEnd();
        assertRecorded(RouteClass.PLAINTEXT, 1, LatencyRecorder.LOWEST_NANOS);
    }

    @Test
    void offloadedRequestsAreOfTheirOwnClass() {
        receive(0, "/worker");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (recorded(RouteClass.OFFLOADED).getTotalCount() == 0) {
            assertTrue(System.nanoTime() < deadline, "no answer came");
            Thread.onSpinWait();
            loop.runTasks();
            handler.onBatchEnd();
        }
        assertRecorded(RouteClass.OFFLOADED, 1, LatencyRecorder.LOWEST_NANOS);
    }

    /** More pieces wait than are told apart: then they share the beginning of the earliest, and none is lost. */
    @Test
    void noRequestIsLostHoweverManyPiecesWait() {
        for (int piece = 1; piece <= 3 * UnsentRequests.CAPACITY; piece++) {
            receive(piece, piece % 2 == 0 ? "/plain" : "/api");
            loop.now += MILLI;
        }
        for (int piece = 1; piece <= 3 * UnsentRequests.CAPACITY; piece++) {
            sent(MILLI);
        }
        assertEquals(3 * UnsentRequests.CAPACITY, totalCount());
        assertEquals(0, recorder.cut());
    }

    /** Random pieces, answers, sends and ends: what was counted is recorded or cut, each once. */
    @Test
    void recordedAndCutAreAllThatWasRouted() {
        for (long seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            FakeLoop.FakeConnection[] peers = new FakeLoop.FakeConnection[3];
            for (int step = 0; step < 300; step++) {
                int slot = 1 + random.nextInt(peers.length);
                FakeLoop.FakeConnection peer = peers[slot - 1];
                if (peer == null) {
                    peers[slot - 1] = loop.new FakeConnection(handler, slot);
                    continue;
                }
                loop.now += random.nextInt(1_000_000);
                switch (random.nextInt(8)) {
                    case 0, 1, 2 -> {
                        peer.queuedSends += random.nextInt(3);
                        String[] paths = new String[1 + random.nextInt(5)];
                        for (int i = 0; i < paths.length; i++) {
                            paths[i] = List.of("/plain", "/api", "/json", "/later").get(random.nextInt(4));
                        }
                        if (!peer.paused) {
                            peer.receive(get(paths));
                        }
                    }
                    case 3, 4, 5 -> {
                        if (peer.queuedSends > 0) {
                            peer.queuedSends--;
                            handler.onSent(peer);
                        }
                    }
                    case 6 -> {
                        if (!deferred.isEmpty()) {
                            deferred.removeFirst().complete(response -> response.sendText("late"));
                            loop.runTasks();
                        }
                    }
                    default -> {
                        if (random.nextInt(4) == 0) {
                            peer.end();
                            peers[slot - 1] = null;
                        }
                    }
                }
                if (random.nextBoolean()) {
                    handler.onBatchEnd();
                }
            }
            for (FakeLoop.FakeConnection peer : peers) {
                if (peer != null) {
                    peer.end();
                }
            }
            handler.onBatchEnd();
            deferred.clear();
            assertEquals(counters.requests.get(), totalCount() + recorder.cut(), "seed " + seed);
        }
        assertTrue(recorder.cut() > 100 && totalCount() > 10_000, recorder.cut() + " and " + totalCount());
    }

    @Test
    void anIdleConnectionHoldsNothing() {
        receive(1, "/plain");
        HttpConnection http = (HttpConnection) connection.attachment();
        assertNotNull(http);
        assertNotNull(http.unsent);
        sent(MILLI);
        assertNull(http.unsent);
    }
}
