package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Mixed load from well-behaved and difficult peers: every answer is right, nothing is logged, and afterwards the server
 * holds no more than before. Ten seconds for each backend, ten minutes in the profile {@code endurance}.
 */
@Timeout(SoakIT.MAX_SECONDS + 300)
class SoakIT {
    static final int MAX_SECONDS = 1800;

    private static final int SECONDS = Integer.getInteger("ringwave.soakSeconds", 10);
    /** Until every loop has opened every file, every buffer was used, and the compiler is mostly done. */
    private static final Duration WARM_UP = Duration.ofSeconds(Math.min(60, SECONDS));
    private static final Duration BETWEEN_SAMPLES = Duration.ofMillis(100);
    private static final int SAMPLES_PER_LINE = 300;
    /** What the process may have grown by; ten minutes took 10 MiB. The heap is not in it, since it cannot grow. */
    private static final long RESIDENT_GROWTH_BYTES = 24 << 20;
    /** What the live heap may have grown by; ten minutes took 8 KiB. */
    private static final long HEAP_GROWTH_BYTES = 1 << 20;
    /** The heap has its size from the start, so that its garbage is not taken for growth. */
    private static final List<String> FIXED_HEAP = List.of("env",
            "JAVA_TOOL_OPTIONS=-Xms256m -XX:+AlwaysPreTouch");

    @ParameterizedTest
    @EnumSource
    void afterMixedLoadTheServerIsAsBefore(BackendOption backend, @TempDir Path directory) throws Exception {
        assertTrue(SECONDS > 0 && SECONDS <= MAX_SECONDS, "soakSeconds: " + SECONDS);
        SoakSite site = SoakSite.write(directory);
        long seed = new Random().nextLong();
        System.out.println(backend.backend + ": soak of " + SECONDS + " s, seed " + seed);
        try (ServerProcess server = ServerProcess.startUnder(FIXED_HEAP, backend.with("--static-dir",
                directory.toString(), "--benchmark-routes", "--mode", "dynamic-path", "--workers", "2"))) {
            load(server, site, seed, WARM_UP);
            awaitQuiet(server);
            ServerVitals before = ServerVitals.of(server);
            byte[] statsBefore = TestClient.get(server.port(), "/api/stats").body();
            assertEquals(backend.backend, JsonText.at("/backend/name", statsBefore));

            SoakLoad load = load(server, site, seed + 1, Duration.ofSeconds(SECONDS));
            awaitQuiet(server);
            ServerVitals after = Await.until("what the server holds; before it was " + before,
                    () -> ServerVitals.of(server), now -> now.holdsNoMoreThan(before));
            byte[] stats = TestClient.get(server.port(), "/api/stats").body();
            System.out
                    .println(backend.backend + ": " + load.summary() + "\n  before " + before + "\n  after  " + after);
            assertCounters(load, statsBefore, stats);
            assertTrue(after.residentBytes() - before.residentBytes() <= RESIDENT_GROWTH_BYTES, "resident memory: "
                    + before + " -> " + after);
            assertTrue(after.liveHeapBytes() - before.liveHeapBytes() <= HEAP_GROWTH_BYTES, "live heap: "
                    + before + " -> " + after);
            assertEquals(List.of(), server.log().lines().filter(line -> line.contains("ERROR") || line.contains("WARN")
                    || line.contains("Exception")).toList());
            server.terminate();
            assertEquals(0, server.awaitExit(), server.log());
        }
    }

    private static void assertCounters(SoakLoad load, byte[] before, byte[] after) throws IOException {
        assertEquals(0, ServerVitals.number("/connections/refused", after), "connections refused");
        assertEquals(0, ServerVitals.number("/loops/handlerFailures", after), "failures of handlers");
        assertEquals(0, ServerVitals.number("/requests/handlerFailures", after), "failures of handlers");
        assertEquals(0, ServerVitals.number("/requests/timeouts", after), "nobody was slow enough to be cut off");
        assertEquals(0, ServerVitals.number("/responses/5xx", after), "5xx");
        assertEquals(load.refusals(), difference("/requests/refused", before, after), "requests refused");
        assertTrue(difference("/responses/2xx", before, after) >= load.answers(), "answers that nobody sent");
    }

    private static long difference(String pointer, byte[] before, byte[] after) throws IOException {
        return ServerVitals.number(pointer, after) - ServerVitals.number(pointer, before);
    }

    /** Runs the load, and looks at the server's threads meanwhile. */
    private static SoakLoad load(ServerProcess server, SoakSite site, long seed, Duration duration) throws Exception {
        SoakLoad load = new SoakLoad(server.port(), site, seed);
        CountDownLatch over = new CountDownLatch(1);
        Watch watch = new Watch(server, over);
        Thread watching = Thread.ofPlatform().start(watch);
        load.run(duration);
        over.countDown();
        watching.join();
        assertEquals(List.of(), load.failures(), () -> load.summary() + "\n" + server.log());
        assertEquals("", watch.complaint);
        assertEquals(List.of(), load.idleKinds(), "kinds of peers that got nothing done");
        return load;
    }

    /** Samples of the process while it is under load. */
    private static final class Watch implements Runnable {
        private final ServerProcess server;
        private final CountDownLatch over;
        private String complaint = "never looked"; // read after this thread was joined

        Watch(ServerProcess server, CountDownLatch over) {
            this.server = server;
            this.over = over;
        }

        @Override
        public void run() {
            try {
                int sample = 0;
                do {
                    List<String> threads = ServerVitals.threads(server.pid());
                    complaint = complaintAbout(threads);
                    if (sample++ % SAMPLES_PER_LINE == 0) {
                        System.out.println("  " + sample / 10 + " s: " + server.openDescriptors() + " descriptors, "
                                + (ServerVitals.residentBytes(server.pid()) >> 20) + " MiB");
                    }
                } while (complaint.isEmpty() && !over.await(BETWEEN_SAMPLES.toMillis(), TimeUnit.MILLISECONDS));
            } catch (IOException | InterruptedException | RuntimeException e) {
                complaint = "the server's process could not be looked at: " + e;
            }
        }

        /** Work that io_uring hands to a thread of the kernel is work that was meant to be done in the loop. */
        private static String complaintAbout(List<String> threads) {
            if (threads.stream().filter(name -> name.startsWith("ringwave-loop-")).count() != 2) {
                return "not the threads of the server: " + threads;
            }
            return threads.stream().anyMatch(name -> name.startsWith("iou-")) ? "kernel workers: " + threads : "";
        }
    }

    /** Waits until the only connection is the one that asks. */
    private static void awaitQuiet(ServerProcess server) throws Exception {
        Await.until("open connections", () -> ServerVitals.number("/connections/open",
                TestClient.get(server.port(), "/api/stats").body()), open -> open == 1);
    }
}
