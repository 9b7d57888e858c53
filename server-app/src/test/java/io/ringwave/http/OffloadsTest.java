package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.workers.WorkerConfig;
import io.ringwave.workers.WorkerPool;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the way of a request through a worker costs its loop. */
final class OffloadsTest {

    private final FakeLoop loop = new FakeLoop(4096, 16);
    private final CountDownLatch loopIsIdle = new CountDownLatch(1);
    private final WorkerPool workers = new WorkerPool(WorkerConfig.of(1, 1));

    /** The answer and the end of the call come back together: on a shared core two wake-ups would be two turns. */
    @ParameterizedTest
    @ValueSource(strings = {"/answers", "/fails", "/forgets"})
    void anAnswerWakesItsLoopOnce(String path) {
        Router router = new Router().get("/answers", Handlers.offloaded((request, response) -> {
            loopIsIdle.await();
            response.sendText("waited");
        })).get("/fails", Handlers.offloaded((request, response) -> {
            loopIsIdle.await();
            throw new IllegalStateException("on purpose");
        })).get("/forgets", Handlers.offloaded((request, response) -> loopIsIdle.await()));
        HttpConnectionHandler handler = new HttpConnectionHandler(loop, HttpConfig.defaults(), router,
                new HttpCounters(), null, () -> 0, (descriptor, address, length, position) -> -1, workers.lane(0));
        FakeLoop.FakeConnection connection = loop.new FakeConnection(handler, 0);
        connection.receive("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        handler.onBatchEnd();
        assertEquals(0, connection.sends.size());

        loop.signalsPreempt = true;
        loopIsIdle.countDown();
        assertTrue(workers.close(Duration.ofSeconds(20)), "the worker did not end");

        assertEquals(1, loop.signalsRaised);
        handler.onBatchEnd();
        assertEquals(1, connection.sends.size());
        assertTrue(connection.sends.getFirst().startsWith("/answers".equals(path) ? "HTTP/1.1 200" : "HTTP/1.1 500"));
    }
}
