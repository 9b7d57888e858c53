package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Handlers that block for 50 ms, about a hundred times a second, delay nobody who does not ask for them. */
class BlockingHandlerIT {
    /** Each asks again as soon as it is answered: twenty times a second. */
    private static final int BLOCKERS = 5;
    private static final int REQUESTS = 400;
    /** Half of what a handler blocks for: who had to wait for one would take longer more often than not. */
    private static final long SOON_NANOS = 25_000_000;
    /** From here on a run is an acceptance run, whose percentiles say something. */
    private static final int SECONDS_TO_MEASURE = 30;

    private static final boolean MEASURES = Integer.getInteger("ringwave.loadSeconds", 3) >= SECONDS_TO_MEASURE;

    @ParameterizedTest
    @EnumSource
    void nobodyWaitsForThem(BackendOption backend) throws Exception {
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", "../static", "--workers", "1",
                "--offload-threads", "5", "--benchmark-routes"))) {
            long[] alone = plaintext(server.port());
            AtomicBoolean done = new AtomicBoolean();
            AtomicInteger blocked = new AtomicInteger();
            AtomicReference<Exception> failed = new AtomicReference<>();
            Thread[] blockers = new Thread[BLOCKERS];
            for (int i = 0; i < BLOCKERS; i++) {
                blockers[i] = Thread.ofVirtual().start(() -> block(server.port(), done, blocked, failed));
            }
            Await.until("blocking requests", blocked::get, count -> count >= BLOCKERS);
            int before = blocked.get();
            long[] beside = plaintext(server.port());
            for (int i = 0; blocked.get() < before + BLOCKERS && failed.get() == null; i++) {
                beside = i % 2 == 0 ? plaintext(server.port()) : beside; // until they surely ran beside each other
            }
            done.set(true);
            for (Thread blocker : blockers) {
                blocker.join();
            }
            assertNull(failed.get());
            assertTrue(beside[REQUESTS / 2] < SOON_NANOS, "half of the requests took " + beside[REQUESTS / 2] + " ns");
            if (MEASURES) {
                long p99 = beside[REQUESTS * 99 / 100];
                long p99Alone = Math.max(alone[REQUESTS * 99 / 100], 1_000_000); // below that it is the machine's noise
                assertTrue(p99 < 3 * p99Alone, "p99 " + p99 + " ns beside them, " + p99Alone + " ns alone");
            }
        }
    }

    private static void block(int port, AtomicBoolean done, AtomicInteger count, AtomicReference<Exception> failed) {
        try (TestClient client = new TestClient(port)) {
            while (!done.get()) {
                assertEquals("waited\n", client.request("GET", "/blocking").text());
                count.incrementAndGet();
            }
        } catch (IOException e) {
            failed.set(e);
        }
    }

    /** How long each of the requests took, sorted. */
    private static long[] plaintext(int port) throws IOException {
        long[] nanos = new long[REQUESTS];
        try (TestClient client = new TestClient(port)) {
            for (int i = 0; i < REQUESTS; i++) {
                long start = System.nanoTime();
                assertEquals("Hello, World!", client.request("GET", "/plaintext").text());
                nanos[i] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanos);
        return nanos;
    }
}
