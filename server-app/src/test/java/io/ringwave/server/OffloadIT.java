package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineConfig;
import io.ringwave.LoopContext;
import io.ringwave.http.DeferredResponse;
import io.ringwave.http.Handlers;
import io.ringwave.http.HttpConfig;
import io.ringwave.http.HttpHandler;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Router;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers that come from other threads: in order, once, and only to whom they belong. */
class OffloadIT {
    private static final Duration DRAIN = Duration.ofMillis(500);

    private static HttpServer start(BackendOption backend, HttpConfig.Builder http,
            Function<LoopContext, Router> routers) throws Exception {
        EngineConfig config = EngineConfig.builder().loops(1).backend(backend.backend).drainTimeout(DRAIN)
                .mailboxCapacity(4).build();
        return HttpServer.start(config, http.build(), routers);
    }

    private static Router plain() {
        return new Router().get("/plain", (request, response) -> response.sendText("plain"));
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(20, TimeUnit.SECONDS), "it did not happen in time");
    }

    @ParameterizedTest
    @EnumSource
    void anOffloadedHandlerHasItsOwnCopyOfTheRequest(BackendOption backend) throws Exception {
        HttpHandler echo = (request, response) -> {
            String thread = Thread.currentThread().isVirtual() ? "virtual" : Thread.currentThread().getName();
            String text = thread.replaceAll("\\d+$", "") + " " + request.method() + " " + request.path() + " "
                    + request.query() + " " + request.rest() + " " + request.header("X-A") + " "
                    + new String(request.body(), StandardCharsets.UTF_8);
            response.status(201).header("X-B", "c").send("text/plain", text.getBytes(StandardCharsets.UTF_8));
        };
        try (HttpServer server = start(backend, HttpConfig.builder(), loop -> plain()
                .post("/worker/{rest...}", Handlers.offloaded(echo))
                .post("/virtual/{rest...}", Handlers.onVirtualThread(echo)));
                TestClient client = new TestClient(server.port())) {
            client.send("POST /worker/a/b?c=d HTTP/1.1\r\nHost: a\r\nX-A: x y\r\nContent-Length: 4\r\n\r\nbody");
            TestClient.Response response = client.readResponse(false);
            assertEquals("ringwave-worker- POST /worker/a/b c=d a/b x y body", response.text());
            assertEquals(201, response.status());
            assertEquals("c", response.headers().get("X-B"));
            client.send("POST /virtual/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nchu\r\n");
            client.send("4\r\nnked\r\n0\r\n\r\n");
            assertEquals("virtual POST /virtual/x null x null chunked", client.readResponse(false).text());
            String large = "x".repeat(300_000);
            assertTrue(client.post("/worker/", "text/plain", large.getBytes(StandardCharsets.UTF_8)).text()
                    .endsWith(" " + large));
            assertEquals("plain", client.request("GET", "/plain").text());
        }
    }

    /** Every way of answering, completed in random order over several connections: each gets its own in order. */
    @ParameterizedTest
    @EnumSource
    void pipelinedAnswersKeepTheirOrder(BackendOption backend) throws Exception {
        int connections = 4;
        int requests = 300;
        List<Runnable> open = Collections.synchronizedList(new ArrayList<>());
        Semaphore deferrals = new Semaphore(0);
        HttpHandler echo = (request, response) -> response.sendText(request.rest());
        HttpHandler deferring = (request, response) -> {
            String rest = request.rest();
            DeferredResponse deferred = response.defer();
            open.add(() -> deferred.complete(later -> later.sendText(rest)));
            deferrals.release();
        };
        try (HttpServer server = start(backend, HttpConfig.builder(),
                loop -> new Router().get("/loop/{rest...}", echo).get("/worker/{rest...}", Handlers.offloaded(echo))
                        .get("/virtual/{rest...}", Handlers.onVirtualThread(echo))
                        .get("/later/{rest...}", deferring)
                        .get("/both/{rest...}", Handlers.offloaded(deferring)))) {
            Thread completer = Thread.ofVirtual().start(() -> completeInRandomOrder(open, deferrals));
            Random random = new Random(7);
            String[] ways = {"loop", "worker", "virtual", "later", "both"};
            List<TestClient> clients = new ArrayList<>();
            for (int c = 0; c < connections; c++) {
                TestClient client = new TestClient(server.port());
                clients.add(client);
                StringBuilder all = new StringBuilder();
                for (int i = 0; i < requests; i++) {
                    all.append("GET /").append(ways[random.nextInt(ways.length)]).append("/").append(c).append('-')
                            .append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
                }
                client.send(all.toString());
            }
            for (int c = 0; c < connections; c++) {
                for (int i = 0; i < requests; i++) {
                    assertEquals(c + "-" + i, clients.get(c).readResponse(false).text());
                }
                clients.get(c).close();
            }
            completer.interrupt();
            completer.join();
        }
    }

    private static void completeInRandomOrder(List<Runnable> open, Semaphore deferrals) {
        Random random = new Random(3);
        try {
            while (true) {
                deferrals.acquire();
                open.remove(random.nextInt(open.size())).run();
            }
        } catch (InterruptedException e) {
            // the test has ended
        }
    }

    /** One worker that blocks, two requests that wait for it, and a fourth that is refused; other paths are served. */
    @ParameterizedTest
    @EnumSource
    void aFullLaneIsA503AndTheLoopServesOn(BackendOption backend) throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (HttpServer server = start(backend, HttpConfig.builder().offloadThreads(1).offloadQueue(2),
                loop -> plain().get("/slow", Handlers.offloaded((request, response) -> {
                    running.countDown();
                    await(release);
                    response.sendText("slow");
                })))) {
            List<TestClient> waiting = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                TestClient client = new TestClient(server.port());
                client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
                waiting.add(client);
                await(running);
                int expected = i;
                Await.until("waiting", () -> server.workerStats().waiting(), count -> count == expected);
            }
            try (TestClient refused = new TestClient(server.port())) {
                TestClient.Response response = refused.request("GET", "/slow");
                assertEquals(503, response.status());
                assertEquals("1", response.headers().get("Retry-After"));
                for (int i = 0; i < 100; i++) {
                    assertEquals("plain", refused.request("GET", "/plain").text());
                }
            }
            release.countDown();
            for (TestClient client : waiting) {
                assertEquals("slow", client.readResponse(false).text());
                client.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void workForAClientThatLeftIsNotBegunAndWhatRunsIsTold(BackendOption backend) throws Exception {
        BlockingQueue<DeferredResponse> deferrals = new LinkedBlockingQueue<>();
        CountDownLatch told = new CountDownLatch(1);
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger called = new AtomicInteger();
        try (HttpServer server = start(backend, HttpConfig.builder().offloadThreads(1), loop -> plain()
                .get("/busy", Handlers.offloaded((request, response) -> {
                    DeferredResponse own = response.defer();
                    own.onCancel(told::countDown);
                    deferrals.add(own);
                    running.countDown();
                    await(release);
                })).get("/count", Handlers.offloaded((request, response) -> {
                    called.incrementAndGet();
                    response.sendText("counted");
                })))) {
            TestClient busy = new TestClient(server.port());
            busy.send("GET /busy HTTP/1.1\r\nHost: a\r\n\r\n");
            await(running);
            TestClient waiting = new TestClient(server.port());
            waiting.send("GET /count HTTP/1.1\r\nHost: a\r\n\r\n");
            Await.until("waiting", () -> server.workerStats().waiting(), count -> count == 1);
            waiting.hangUp();
            busy.socket().setSoLinger(true, 0); // a reset, where the other sent FIN
            busy.hangUp();
            await(told);
            DeferredResponse late = deferrals.take();
            assertTrue(late.isCancelled());
            assertFalse(late.complete(response -> response.sendText("nobody")));
            Await.until("open connections", () -> server.engine().stats().connectionsOpen(), open -> open == 0);
            release.countDown();
            Await.until("executed", () -> server.workerStats().executed(), count -> count == 2);
            assertEquals(0, called.get(), "handlers called for a client that had left");
            assertEquals("counted", TestClient.get(server.port(), "/count").text());
        }
    }

    /** The connection's slot has been given to another client by the time that the answer comes. */
    @ParameterizedTest
    @EnumSource
    void aLateAnswerIsNobodyElses(BackendOption backend) throws Exception {
        BlockingQueue<DeferredResponse> deferrals = new LinkedBlockingQueue<>();
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch gone = new CountDownLatch(1);
        try (HttpServer server = start(backend, HttpConfig.builder(),
                loop -> plain().get("/later", (request, response) -> deferrals.add(response.defer())))) {
            TestClient first = new TestClient(server.port());
            first.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
            DeferredResponse early = deferrals.poll(20, TimeUnit.SECONDS);
            assertNotNull(early);
            // Completes, and hands its answer over only when the client has gone and another has its slot.
            Thread completer = Thread.ofVirtual().start(() -> assertTrue(early.complete(response -> {
                inside.countDown();
                await(gone);
                response.sendText("early");
            })));
            await(inside);
            first.hangUp();
            Await.until("open connections", () -> server.engine().stats().connectionsOpen(), open -> open == 0);
            try (TestClient second = new TestClient(server.port())) {
                second.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
                DeferredResponse own = deferrals.poll(20, TimeUnit.SECONDS);
                assertNotNull(own);
                gone.countDown();
                completer.join();
                assertTrue(early.isCancelled());
                assertTrue(own.complete(response -> response.sendText("own")));
                assertFalse(own.complete(response -> response.sendText("twice")));
                assertEquals("own", second.readResponse(false).text());
                assertEquals("plain", second.request("GET", "/plain").text());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerThatNeverComesIsA503(BackendOption backend) throws Exception {
        BlockingQueue<DeferredResponse> deferrals = new LinkedBlockingQueue<>();
        try (HttpServer server = start(backend, HttpConfig.builder().answerTimeout(Duration.ofMillis(200)),
                loop -> plain().get("/never", (request, response) -> deferrals.add(response.defer())));
                TestClient client = new TestClient(server.port())) {
            TestClient.Response response = client.request("GET", "/never");
            assertEquals(503, response.status());
            assertFalse(deferrals.take().complete(later -> later.sendText("too late")));
            assertEquals("plain", client.request("GET", "/plain").text());
            assertEquals(1, server.stats().timeouts());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHandlerThatFailsIsA500AndTheConnectionLivesOn(BackendOption backend) throws Exception {
        HttpHandler failing = (request, response) -> {
            throw new IllegalStateException("on purpose");
        };
        try (HttpServer server = start(backend, HttpConfig.builder(), loop -> plain().get("/loop", failing)
                .get("/worker", Handlers.offloaded(failing)).get("/virtual", Handlers.onVirtualThread(failing))
                .get("/silent", Handlers.offloaded((request, response) -> {
                })).get("/deferred", (request, response) -> {
                    response.defer();
                    throw new IllegalStateException("on purpose");
                }).get("/late", (request, response) -> response.defer().complete(later -> {
                    throw new IllegalStateException("on purpose");
                })).get("/twice", Handlers.offloaded((request, response) -> {
                    response.sendText("once");
                    response.sendText("twice");
                })));
                TestClient client = new TestClient(server.port())) {
            String[] paths = {"/loop", "/worker", "/virtual", "/silent", "/deferred", "/late", "/twice"};
            for (int i = 0; i < paths.length; i++) {
                assertEquals(500, client.request("GET", paths[i]).status(), paths[i]);
                assertEquals("plain", client.request("GET", "/plain").text());
                assertEquals(i + 1, server.stats().handlerFailures(), paths[i]);
            }
        }
    }

    /** The mailbox has four places, all of them taken when the answer comes. */
    @ParameterizedTest
    @EnumSource
    void anAnswerIsNotLostWhereTheMailboxIsFull(BackendOption backend) throws Exception {
        AtomicInteger ran = new AtomicInteger();
        try (HttpServer server = start(backend, HttpConfig.builder(),
                loop -> plain().get("/full", (request, response) -> {
                    DeferredResponse deferred = response.defer();
                    while (loop.execute(ran::incrementAndGet)) {
                        // until it takes no more
                    }
                    Thread other = Thread.ofPlatform()
                            .start(() -> deferred.complete(later -> later.sendText("answered")));
                    other.join();
                }));
                TestClient client = new TestClient(server.port())) {
            assertEquals("answered", client.request("GET", "/full").text());
            assertEquals(4, ran.get());
        }
    }

    @ParameterizedTest
    @EnumSource
    void closingWaitsForWhatIsInFlight(BackendOption backend) throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        HttpServer server = start(backend, HttpConfig.builder(),
                loop -> plain().get("/slow", Handlers.offloaded((request, response) -> {
                    running.countDown();
                    await(release);
                    response.sendText("slow");
                })));
        try (TestClient client = new TestClient(server.port())) {
            client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
            await(running);
            int port = server.port();
            Thread closer = Thread.ofPlatform().start(server::close);
            Await.until("refusing", () -> refuses(port), refused -> refused);
            release.countDown();
            TestClient.Response response = client.readResponse(false);
            assertEquals("slow", response.text());
            assertEquals("close", response.headers().get("Connection"));
            assertTrue(client.isClosedByServer());
            closer.join();
        }
    }

    private static boolean refuses(int port) {
        try (TestClient client = new TestClient(port)) {
            return !client.socket().isConnected();
        } catch (java.io.IOException e) {
            return true;
        }
    }

    /** The drain timeout is over: the client is hung up on, what runs is interrupted, what waits is never called. */
    @ParameterizedTest
    @EnumSource
    void closingDoesNotWaitForEver(BackendOption backend) throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicInteger called = new AtomicInteger();
        try (HttpServer server = start(backend, HttpConfig.builder().offloadThreads(1),
                loop -> plain().get("/stuck", Handlers.offloaded((request, response) -> {
                    called.incrementAndGet();
                    running.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                    }
                    response.sendText("too late");
                })));
                TestClient stuck = new TestClient(server.port());
                TestClient waiting = new TestClient(server.port())) {
            stuck.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
            await(running);
            waiting.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
            Await.until("waiting", () -> server.workerStats().waiting(), count -> count == 1);
            Thread.ofPlatform().start(server::close).join();
            await(interrupted);
            assertTrue(stuck.isClosedByServer());
            assertTrue(waiting.isClosedByServer());
            assertEquals(1, called.get());
        }
    }
}
