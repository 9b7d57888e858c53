package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ringwave.SendableFile;
import io.ringwave.linux.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.io.TempDir;

/** HTTP on connections, with a loop that has no kernel below it. */
final class HttpConnectionTest {

    private static final long SECOND = 1_000_000_000L;
    private static final long WALL_CLOCK = 784_111_777_500L; // half a second into the second of RFC 9110's example
    private static final String DATE = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    private static final String GET = "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String HELLO = "HTTP/1.1 200 OK\r\nServer: test\r\n" + DATE
            + "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
    private static final PreparedResponse PREPARED = PreparedResponse.of(200, "text/plain", bytes("hello"));
    private static final HttpConfig CONFIG = HttpConfig.builder().serverName("test").maxHeadBytes(512)
            .maxBodyBytes(1000)
            .maxTargetBytes(100).idleTimeout(Duration.ofSeconds(60)).headTimeout(Duration.ofSeconds(10))
            .bodyTimeout(Duration.ofSeconds(20)).sendTimeout(Duration.ofSeconds(30)).build();

    private long wallClock = WALL_CLOCK;
    private final HttpCounters counters = new HttpCounters();
    private FakeLoop loop = new FakeLoop(4096, 16);
    private HttpConnectionHandler handler = newHandler();
    private FakeLoop.FakeConnection connection = loop.new FakeConnection(handler, 0);
    private final List<String> handled = new ArrayList<>();
    private final TestFile file = new TestFile();

    private HttpConnectionHandler newHandler() {
        return newHandler(this::readFile);
    }

    private HttpConnectionHandler newHandler(FileReads files) {
        Router router = new Router().get("/plain", (request, response) -> response.send(PREPARED))
                .get("/prepared", Handlers.prepared(PREPARED))
                .get("/array", (request, response) -> response.send("text/plain", bytes("hello")))
                .get("/text", (request, response) -> response.status(201).header("X-A", "b").sendText("h\u00e4"))
                .get("/empty", (request, response) -> response.send())
                .get("/204", (request, response) -> response.status(204).send())
                .get("/304",
                        (request, response) -> response.status(304).header("ETag", "\"1\"").send("a/b", bytes("x")))
                .get("/close", (request, response) -> response.closeConnection().sendText("bye"))
                .get("/big", (request, response) -> response.send("text/plain", big(20_000)))
                .get("/stream", (request, response) -> response.stream("a/b").write(big(60_000)))
                .get("/bigprepared", (request, response) -> response.send(PreparedResponse.of(200, "a/b", big(20_000))))
                .get("/log/{rest...}", this::log).post("/echo", this::echo).put("/echo", this::echo)
                .get("/file", (request, response) -> response.sendFile(file, 3, 10))
                .get("/bigfile", (request, response) -> response.sendFile(file, 0, (2 << 22) + 5))
                .get("/parts", (request, response) -> response.sendParts(parts()))
                .get("/throws", (request, response) -> {
                    throw new IllegalStateException("on purpose");
                }).get("/silent", (request, response) -> {
                }).get("/twice", (request, response) -> {
                    response.sendText("one");
                    response.sendText("two");
                }).get("/splitting", (request, response) -> response.header("A", "b\r\nC: d").send());
        return new HttpConnectionHandler(loop, CONFIG, router, counters, () -> wallClock, files);
    }

    private void useLoop(int bufferBytes, int buffers) {
        connection.end();
        loop = new FakeLoop(bufferBytes, buffers);
        handler = newHandler();
        connection = loop.new FakeConnection(handler, 0);
    }

    private void log(HttpRequest request, HttpResponse response) {
        handled.add(request.rest());
        response.sendText(request.rest());
    }

    private void echo(HttpRequest request, HttpResponse response) {
        handled.add(request.method() + " " + request.target() + " " + request.header("Host"));
        assertEquals(request.bodyLength(), request.body().length);
        assertArrayEquals(request.body(), request.bodySegment().toArray(ValueLayout.JAVA_BYTE));
        response.send("text/plain", request.body());
    }

    private FileParts parts() {
        FileParts parts = new FileParts(file, 2);
        parts.add(bytes("--one\r\n"), 7, (1 << 22) + 1);
        parts.add(bytes("\r\n--two\r\n"), 5L << 30, 3);
        parts.end(bytes("\r\n--end"));
        return parts;
    }

    /** A file whose bytes are its positions, modulo 64, from "@" on. */
    private int readFile(int descriptor, long address, int length, long position) {
        int count = (int) Math.min(Math.min(length, 4), file.size - position); // short reads
        for (int i = 0; i < count; i++) {
            long offset = address - loop.slab.address() + i;
            loop.slab.set(ValueLayout.JAVA_BYTE, offset, (byte) ('@' + (position + i) % 64));
        }
        return file.failing ? -Errno.EIO : count;
    }

    private static final class TestFile implements SendableFile {
        int finished;
        long size = 1 << 30;
        boolean failing;

        @Override
        public int descriptor() {
            return 77;
        }

        @Override
        public void sendFinished() {
            finished++;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] big(int length) {
        byte[] body = new byte[length];
        for (int i = 0; i < length; i++) {
            body[i] = (byte) ('a' + i % 26);
        }
        return body;
    }

    private static String bigText(int length) {
        return new String(big(length), StandardCharsets.US_ASCII);
    }

    private void assertClosedWith(int status) {
        String last = connection.sent().substring(connection.sent().lastIndexOf("HTTP/1.1 "));
        assertTrue(last.startsWith("HTTP/1.1 " + status + " "), last);
        assertTrue(last.contains("\r\nConnection: close\r\n"), last);
        assertTrue(connection.finished);
    }

    @AfterEach
    void everyBufferCameBack() {
        connection.end();
        assertEquals(loop.buffers, loop.free.size());
    }

    // ---- Responses

    @Test
    void preparedAndEncodedResponsesAreTheSame() {
        connection.receive(GET);
        connection.receive(GET.replace("/plain", "/array"));
        assertEquals(List.of(HELLO, HELLO), connection.sends);
        assertFalse(connection.finished);
        assertEquals(2, counters.responses(2));
        assertEquals(2, counters.requests.get());
    }

    @Test
    void carriesStatusFieldsAndLength() {
        connection.receive(GET.replace("/plain", "/text"));
        assertEquals("HTTP/1.1 201 Created\r\nServer: test\r\n" + DATE
                + "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\nX-A: b\r\n\r\nh\u00c3\u00a4",
                connection.sent());
    }

    @Test
    void emptyResponsesHaveLengthZeroAnd204HasNone() {
        connection.receive(GET.replace("/plain", "/empty"));
        connection.receive(GET.replace("/plain", "/204"));
        connection.receive(GET.replace("/plain", "/304"));
        assertEquals("HTTP/1.1 200 OK\r\nServer: test\r\n" + DATE + "Content-Length: 0\r\n\r\n",
                connection.sends.get(0));
        assertEquals("HTTP/1.1 204 No Content\r\nServer: test\r\n" + DATE + "\r\n", connection.sends.get(1));
        assertEquals(
                "HTTP/1.1 304 Not Modified\r\nServer: test\r\n" + DATE + "Content-Type: a/b\r\nETag: \"1\"\r\n\r\n",
                connection.sends.get(2));
    }

    @Test
    void headHasTheHeadOfGetAndNoBody() {
        for (String path : List.of("/plain", "/array")) {
            connection.receive("HEAD " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        String head = HELLO.substring(0, HELLO.length() - 5);
        assertEquals(List.of(head, head), connection.sends);
    }

    @Test
    void theDateIsRenewedOnceASecond() {
        connection.receive(GET);
        wallClock += 600;
        connection.pass(SECOND / 2 - 1);
        connection.receive(GET);
        assertEquals(connection.sends.get(0), connection.sends.get(1));
        connection.pass(1);
        connection.receive(GET);
        assertTrue(connection.sends.get(2).contains("08:49:38 GMT"));
    }

    @Test
    void http10ClosesUnlessAskedToKeepTheConnection() {
        connection.receive("GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        assertTrue(connection.sent().contains("\r\nConnection: keep-alive\r\n\r\nhello"));
        assertFalse(connection.finished);
        connection.receive("GET /plain HTTP/1.0\r\n\r\n" + GET);
        assertEquals(2, counters.requests.get());
        assertClosedWith(200);
    }

    @Test
    void closesWhenTheClientOrTheHandlerWantsIt() {
        connection.receive("GET /array HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + GET);
        assertEquals(1, counters.requests.get());
        assertClosedWith(200);
        connection.end();
        connection = loop.new FakeConnection(handler, 0);
        connection.receive(GET.replace("/plain", "/close"));
        assertClosedWith(200);
    }

    // ---- Routing

    @Test
    void answers404405AndOptions() {
        connection.receive(GET.replace("/plain", "/nothing"));
        connection.receive(GET.replace("GET", "DELETE"));
        connection.receive(GET.replace("GET", "OPTIONS"));
        connection.receive(GET.replace("GET /plain", "OPTIONS *"));
        connection.receive(GET.replace("/plain", "http://a/plain"));
        assertTrue(connection.sends.get(0).startsWith("HTTP/1.1 404 Not Found\r\n"));
        assertTrue(connection.sends.get(1).startsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
        assertTrue(connection.sends.get(1).contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"));
        assertTrue(connection.sends.get(2).startsWith("HTTP/1.1 204 No Content\r\n"));
        assertTrue(connection.sends.get(2).contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"));
        assertTrue(connection.sends.get(3).startsWith("HTTP/1.1 204 No Content\r\n"));
        assertEquals(HELLO, connection.sends.get(4));
        assertFalse(connection.finished);
    }

    /** What repeats the head before it is not routed again; that must not show. */
    @Test
    void aBatchIsRoutedAsEachRequestWouldBeAlone() {
        String nothing = GET.replace("/plain", "/n");
        String log = GET.replace("/plain", "/log/1");
        String other = GET.replace("/plain", "/log/2");
        String wrongMethod = log.replace("GET", "PUT");
        String post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
        String put = post.replace("POST", "PUT");
        List<String> requests = List.of(log, log, log, other, other, log, nothing, nothing, wrongMethod, wrongMethod,
                log, post, post, put, put, nothing, post);
        for (String request : requests) {
            connection.receive(request);
        }
        String alone = connection.sent();
        List<String> handledAlone = List.copyOf(handled);
        handled.clear();
        connection.end();
        connection = loop.new FakeConnection(handler, 0);
        connection.receive(String.join("", requests));
        assertEquals(alone, connection.sent());
        assertEquals(handledAlone, handled);
        assertEquals(12, handled.size());
    }

    @Test
    void showsRequestsToHandlers() {
        connection.receive("GET /log/a/%20b?q=1 HTTP/1.1\r\nHost: a\r\n\r\n");
        assertEquals(List.of("a/%20b"), handled);
    }

    @Test
    void aRequestWithoutABodyHasAnEmptyOneWhateverCameBefore() {
        String post = "POST /echo HTTP/1.1\r\nHost: a\r\n";
        connection.receive(post + "Content-Length: 3\r\n\r\nabc" + post + "\r\n" + post + "Content-Length: 0\r\n\r\n");
        assertEquals(3, handled.size());
        assertTrue(connection.sent().endsWith("Content-Length: 0\r\n\r\n"), connection.sent());
    }

    // ---- Batches and cuts

    @Test
    void theResponsesOfABatchLeaveInOneSend() {
        connection.receive(GET.repeat(20));
        assertEquals(List.of(HELLO.repeat(20)), connection.sends);
    }

    @Test
    void aBatchThatDoesNotFitLeavesInFullBuffers() {
        connection.receive(GET.repeat(100));
        assertEquals(HELLO.repeat(100), connection.sent());
        assertEquals((HELLO.length() * 100 + 4095) / 4096, connection.sends.size(), 1);
    }

    /** The answers to requests that repeat each other may be copies, where they were prepared; that must not show. */
    @ParameterizedTest
    @ValueSource(ints = {128, 256, 4096})
    void preparedAnswersToEqualRequestsAreThoseOfAHandler(int bufferBytes) {
        useLoop(bufferBytes, 64);
        String head = GET.replace("GET", "HEAD");
        String old = "GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
        String close = "GET /plain HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        for (int count : new int[]{1, 2, 3, 4, 5, 17, 30, 31, 32, 33, 64, 200}) {
            String plain = GET.repeat(count) + head.repeat(count) + GET.repeat(count) + old.repeat(count)
                    + GET.repeat(3) + close.repeat(count);
            connection.receive(plain);
            String expected = connection.sent();
            connection.end();
            connection = loop.new FakeConnection(handler, 0);
            long before = counters.requests.get();
            connection.receive(plain.replace("/plain", "/prepared"));
            assertEquals(expected, connection.sent());
            assertEquals(4 * count + 4, counters.requests.get() - before);
            assertTrue(connection.finished);
            connection.end();
            connection = loop.new FakeConnection(handler, 0);
        }
    }

    @Test
    void copiesOfAPreparedAnswerWaitLikeOthersForAConnectionThatTakesNoMore() {
        connection.sendsUntilFull = 1;
        connection.receive(GET.replace("/plain", "/prepared").repeat(100));
        assertTrue(connection.paused);
        assertEquals(1, connection.sends.size());
        assertEquals(4096 / HELLO.length(), counters.requests.get(), 1);
        connection.sendsUntilFull = Integer.MAX_VALUE;
        connection.becomeWritable();
        assertFalse(connection.paused);
        assertEquals(HELLO.repeat(100), connection.sent());
        assertEquals(100, counters.requests.get());
    }

    @Test
    void requestsCutAnywhereAreAnsweredInOrder() {
        String requests = "GET /log/1 HTTP/1.1\r\nHost: a\r\n\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 5\r\nHost: x\r\n\r\n"
                + "12345GET /log/2 HTTP/1.1\r\nHost: a\r\n\r\nPUT /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: y"
                + "\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /log/3 HTTP/1.1\r\nHost: a\r\n\r\n";
        connection.receive(requests);
        String whole = connection.sent();
        List<String> expected = List.of("1", "POST /echo x", "2", "PUT /echo y", "3");
        assertEquals(expected, handled);
        for (int step = 1; step < requests.length(); step++) {
            connection.end();
            handled.clear();
            connection = loop.new FakeConnection(handler, 0);
            for (int at = 0; at < requests.length(); at += step) {
                connection.receive(requests.substring(at, Math.min(requests.length(), at + step)));
            }
            assertEquals(whole, connection.sent(), "in steps of " + step);
            assertEquals(expected, handled, "in steps of " + step);
        }
    }

    @Test
    void aRefusalIsTheSameWhereverTheHeadIsCut() {
        for (String bad : List.of("GET / HTTP/1.1\r\nHost: a\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
                "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n")) {
            for (int cut = 0; cut < bad.length(); cut++) {
                connection.end();
                connection = loop.new FakeConnection(handler, 0);
                connection.receive(GET);
                if (cut > 0) {
                    connection.receive(bad.substring(0, cut));
                }
                connection.receive(bad.substring(cut) + GET);
                assertTrue(connection.sent().startsWith(HELLO + "HTTP/1.1 400 "));
                assertClosedWith(400);
            }
        }
    }

    // ---- Limits and refusals

    @Test
    void refusesLongHeadsLongTargetsAndLongBodies() {
        for (List<String> refused : List.of(List.of("431", "GET / HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(600)),
                List.of("414", "GET /" + "x".repeat(600)),
                List.of("413", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n"),
                List.of("413",
                        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"),
                List.of("413", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"),
                List.of("400", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
                List.of("501", "BREW / HTTP/1.1\r\n\r\n"), List.of("505", "GET / HTTP/3.0\r\n\r\n"))) {
            for (int step : List.of(1, 7, 10_000)) {
                connection.end();
                connection = loop.new FakeConnection(handler, 0);
                for (int at = 0; at < refused.get(1).length() && !connection.finished; at += step) {
                    connection.receive(refused.get(1).substring(at, Math.min(refused.get(1).length(), at + step)));
                }
                assertClosedWith(Integer.parseInt(refused.get(0)));
            }
        }
        assertEquals(0, counters.requests.get());
    }

    @Test
    void nothingIsReadAfterARefusal() {
        connection.receive("GET / HTTP/1.1\r\n\r\n");
        connection.receive(GET);
        assertEquals(0, counters.requests.get());
        assertEquals(1, counters.refused.get());
        assertEquals(1, connection.sends.size());
    }

    // ---- Expect

    @Test
    void invitesABodyThatIsWaitedFor() {
        connection.receive("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        assertEquals("HTTP/1.1 100 Continue\r\n\r\n", connection.sent());
        connection.receive("hi" + GET);
        assertTrue(connection.sent().endsWith("\r\n\r\nhi" + HELLO));
    }

    @Test
    void doesNotInviteABodyThatIsThereOrUnwanted() {
        connection.receive("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nh");
        assertEquals("", connection.sent());
        connection.receive("i");
        assertFalse(connection.sent().contains("100 Continue"));
        connection.receive("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        assertClosedWith(404);
    }

    // ---- Handlers that fail

    @Test
    void aFailingHandlerCostsOneRequestOnly() {
        connection.receive(GET.replace("/plain", "/throws") + GET.replace("/plain", "/silent")
                + GET.replace("/plain", "/splitting") + GET);
        assertEquals(1, connection.sends.size());
        assertEquals(4, connection.sent().split("HTTP/1.1 500 Internal Server Error\r\n", -1).length);
        assertTrue(connection.sent().endsWith(HELLO));
        assertFalse(connection.sent().contains("C: d"));
        assertEquals(3, counters.handlerFailures.get());
        assertEquals(3, counters.responses(5));
    }

    @Test
    void aSecondResponseIsNotSent() {
        connection.receive(GET.replace("/plain", "/twice") + GET);
        assertTrue(connection.sent().contains("\r\n\r\none" + HELLO));
    }

    // ---- Back-pressure

    @Test
    void aBodyLongerThanABufferContinuesOverSeveral() {
        for (String path : List.of("/big", "/bigprepared")) {
            connection.receive(GET.replace("/plain", path) + GET);
            assertTrue(connection.sent().endsWith("\r\n\r\n" + bigText(20_000) + HELLO));
        }
    }

    @Test
    void whatTheConnectionCannotTakeWaitsAndEverythingBehindIt() {
        for (String path : List.of("/big", "/bigprepared")) {
            connection.end();
            connection = loop.new FakeConnection(handler, 0);
            connection.sendsUntilFull = 2;
            connection.receive(GET.replace("/plain", path) + GET);
            assertEquals(2, connection.sends.size());
            assertTrue(connection.paused);
            connection.receive(GET.repeat(2).substring(0, 40)); // a late chunk, cut
            connection.sendsUntilFull = 2;
            connection.becomeWritable();
            assertEquals(4, connection.sends.size());
            connection.sendsUntilFull = Integer.MAX_VALUE;
            connection.becomeWritable();
            assertFalse(connection.paused);
            connection.receive(GET.repeat(2).substring(40));
            assertTrue(connection.sent().endsWith("\r\n\r\n" + bigText(20_000) + HELLO.repeat(3)));
        }
    }

    @Test
    void requestsWaitForABuffer() {
        connection.noBuffers = true;
        connection.receive(GET + GET.substring(0, 10));
        assertTrue(connection.paused);
        assertEquals(0, counters.requests.get());
        connection.becomeWritable();
        assertFalse(connection.paused);
        connection.receive(GET.substring(10));
        assertEquals(HELLO.repeat(2), connection.sent());
    }

    @Test
    void anUnwritableConnectionIsNotServed() {
        connection.writable = false;
        connection.receive(GET.repeat(3));
        assertEquals(0, counters.requests.get());
        connection.becomeWritable();
        assertEquals(List.of(HELLO.repeat(3)), connection.sends);
    }

    @Test
    void aHeadLongerThanABufferIsSentInParts() {
        useLoop(64, 64);
        connection.receive(GET.substring(0, 20));
        connection.receive(GET.substring(20) + GET.substring(0, 30));
        connection.receive(GET.substring(30));
        assertEquals(HELLO.repeat(2), connection.sent());
        connection.sendsUntilFull = 1;
        connection.receive(GET.replace("/plain", "/array"));
        connection.becomeWritable();
        assertEquals(HELLO.repeat(3), connection.sent());
    }

    // ---- Files

    @Test
    void aShortFileLeavesWithItsHeadAndWithOtherResponses() {
        connection.receive(GET + GET.replace("/plain", "/file") + GET);
        assertEquals(List.of(HELLO + "HTTP/1.1 200 OK\r\nServer: test\r\n" + DATE
                + "Content-Length: 10\r\n\r\nCDEFGHIJKL" + HELLO), connection.sends);
        assertEquals(1, file.finished);
    }

    @Test
    void aShortFileThatCannotBeReadIsAnsweredWith500() {
        file.failing = true;
        connection.receive(GET.replace("/plain", "/file"));
        file.failing = false;
        file.size = 12;
        connection.receive(GET.replace("/plain", "/file") + GET);
        assertEquals(2, file.finished);
        assertEquals(2, counters.responses(5));
        assertTrue(connection.sent().endsWith("500 Internal Server Error\n" + HELLO));
    }

    @Test
    void headOfAFileSendsNoneOfIt() {
        connection.receive("HEAD /bigfile HTTP/1.1\r\nHost: a\r\n\r\n");
        assertTrue(connection.sent().endsWith("Content-Length: 8388613\r\n\r\n"));
        assertEquals(1, file.finished);
    }

    @Test
    void aLongFileIsSentInPiecesBehindItsHeadAndHoldsWhatFollows() {
        connection.receive(GET + GET.replace("/plain", "/bigfile") + GET);
        assertEquals(List.of(true), connection.more);
        assertEquals("file(0,4194304)", connection.sends.get(1));
        connection.fileSent();
        assertEquals("file(4194304,4194304)", connection.sends.get(2));
        connection.pass(29 * SECOND);
        loop.mailboxFull = true; // then the timer does it
        connection.fileSent();
        loop.mailboxFull = false;
        connection.pass(1);
        assertEquals("file(8388608,5)", connection.sends.get(3));
        assertEquals(0, file.finished);
        loop.mailboxFull = true;
        connection.fileSent();
        assertEquals(1, file.finished);
        assertEquals(4, connection.sends.size());
        connection.pass(1);
        assertEquals(HELLO, connection.sends.get(4));
        assertTrue(connection.isOpen());
    }

    @Test
    void aFileIsReleasedOnceWhenTheConnectionEnds() {
        connection.receive(GET.replace("/plain", "/bigfile"));
        connection.end();
        assertEquals(1, file.finished);
        connection = loop.new FakeConnection(handler, 0);
        connection.sendsUntilFull = 1;
        connection.receive(GET);
        connection.sendsUntilFull = 1;
        connection.receive(GET.replace("/plain", "/bigfile"));
        connection.becomeWritable();
        connection.end();
        assertEquals(2, file.finished);
        connection = loop.new FakeConnection(handler, 0);
        connection.receive(GET);
        assertEquals(HELLO, connection.sent());
    }

    @Test
    void partsOfAFileAreSentInTurnWithTheirBytesBetween() {
        connection.receive(GET.replace("/plain", "/parts") + GET);
        String head = connection.sends.get(0);
        assertTrue(head.contains("\r\nContent-Length: " + (7 + (1 << 22) + 1 + 9 + 3 + 7) + "\r\n"), head);
        assertTrue(head.endsWith("\r\n\r\n--one\r\n"), head);
        assertEquals(List.of("file(7,4194304)"), connection.sends.subList(1, connection.sends.size()));
        connection.fileSent();
        connection.fileSent();
        assertEquals(0, file.finished);
        assertEquals(List.of("file(4194311,1)", "\r\n--two\r\n", "file(5368709120,3)"),
                connection.sends.subList(2, connection.sends.size()));
        connection.fileSent();
        assertEquals(1, file.finished);
        assertEquals(List.of("\r\n--end" + HELLO), connection.sends.subList(5, connection.sends.size()));
        assertTrue(connection.isOpen());
    }

    @Test
    void theBytesBetweenPartsWaitForABuffer() {
        connection.receive(GET.replace("/plain", "/parts"));
        connection.noBuffers = true;
        connection.fileSent();
        connection.fileSent();
        assertEquals(3, connection.sends.size(), connection.sends::toString);
        connection.becomeWritable();
        assertEquals(List.of("\r\n--two\r\n", "file(5368709120,3)"),
                connection.sends.subList(3, connection.sends.size()));
        connection.fileSent();
        assertEquals("\r\n--end", connection.sends.get(5));
        assertEquals(1, file.finished);
    }

    @Test
    void aFileThatChangesBetweenTwoPartsCutsTheSecond(@TempDir Path site) throws IOException {
        Path path = Files.write(site.resolve("f"), new byte[600_000]);
        StaticFiles files = StaticFiles.open(site);
        handler = new HttpConnectionHandler(loop, CONFIG, new Router().get("/static/{rest...}", files), counters,
                () -> wallClock, this::readFile);
        connection = loop.new FakeConnection(handler, 0);
        String get = "GET /static/f HTTP/1.1\r\nHost: a\r\nRange: bytes=0-99999,300000-399999\r\n\r\n";
        connection.receive(get);
        connection.fileSent();
        connection.fileSent();
        assertTrue(connection.sent().endsWith("--\r\n"), "a file that does not change is sent whole");
        int before = connection.sent().length();

        connection.receive(get);
        connection.fileSent(); // the first part has ended, and the second begun
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes("x")), 350_000);
        }
        connection.fileSent();
        assertFalse(connection.isOpen());
        assertEquals(1, counters.filesCut.get());
        String second = connection.sent().substring(before);
        assertEquals(2, second.split("Content-Range: ", -1).length - 1, "both parts had begun");
        assertFalse(second.endsWith("--\r\n"));
        files.close(); // what is still being sent is closed when the connection ends
    }

    @Test
    void partsAreGivenUpOnceWhenTheConnectionEndsAndNotSentToHead() {
        connection.receive(GET.replace("/plain", "/parts"));
        connection.fileSent();
        connection.end();
        assertEquals(1, file.finished);
        connection = loop.new FakeConnection(handler, 0);
        connection.receive("HEAD /parts HTTP/1.1\r\nHost: a\r\n\r\n" + GET);
        assertEquals(2, file.finished);
        assertTrue(connection.sent().endsWith("\r\n\r\n" + HELLO), connection.sent());
    }

    @Test
    void aConnectionClosesAfterItsFile() {
        connection.receive("GET /bigfile HTTP/1.0\r\n\r\n");
        connection.fileSent();
        connection.fileSent();
        assertFalse(connection.finished);
        connection.fileSent();
        assertTrue(connection.finished);
    }

    @Test
    void aPeerWhoTakesSomeIsWaitedForHoweverLongItTakesAndOneWhoTakesNothingIsNot() {
        for (String path : List.of("/bigfile", "/big", "/stream", "/close")) {
            connection.end();
            connection = loop.new FakeConnection(handler, 0);
            connection.sendsUntilFull = path.equals("/big") ? 1 : 2;
            long timeouts = counters.timeouts.get();
            connection.receive(GET.replace("/plain", path));
            loop.runTasks();
            for (int i = 0; i < 40; i++) {
                connection.outstanding = 1000 - i / 3; // some in 22 seconds
                connection.pass(sendLook());
                assertTrue(connection.open, path);
            }
            connection.outstanding = 9;
            connection.pass(sendLook());
            for (int i = 0; i < 3; i++) {
                connection.pass(sendLook());
                assertTrue(connection.open, path);
            }
            connection.pass(sendLook());
            assertFalse(connection.open, path);
            assertEquals(timeouts + 1, counters.timeouts.get(), path);
        }
    }

    /** An answer that was sent, as far as HTTP knows, is still on its way for a while if the peer is slow. */
    @Test
    void aPeerWhoStillTakesTheLastAnswerIsNotIdle() {
        connection.receive(GET);
        for (int i = 0; i < 40; i++) {
            connection.outstanding = 1000 - i;
            connection.pass(i == 0 ? 60 * SECOND : sendLook());
            assertTrue(connection.open);
        }
        for (int i = 0; i < 3; i++) {
            connection.pass(sendLook());
            assertTrue(connection.open);
        }
        connection.pass(sendLook());
        assertFalse(connection.open);
        assertEquals(1, counters.timeouts.get());
    }

    private static long sendLook() {
        return CONFIG.sendTimeout().toNanos() / 4;
    }

    // ---- Time

    @Test
    void anIdleConnectionIsClosedWithoutAWord() {
        connection.pass(30 * SECOND);
        connection.receive(GET);
        connection.pass(59 * SECOND);
        assertTrue(connection.open);
        connection.pass(SECOND);
        assertFalse(connection.open);
        assertEquals(List.of(HELLO), connection.sends);
        assertEquals(1, counters.timeouts.get());
    }

    @Test
    void aHeadThatDripsInIsNotWaitedForLonger() {
        for (int i = 0; i < 9; i++) {
            connection.receive(GET.substring(i, i + 1));
            connection.pass(SECOND);
        }
        assertTrue(connection.isOpen());
        connection.receive(GET.substring(9, 10));
        connection.pass(SECOND);
        assertClosedWith(408);
        for (int i = 0; i < 5; i++) {
            assertTrue(connection.open);
            connection.pass(sendLook());
        }
        assertFalse(connection.open);
    }

    @Test
    void aBodyHasItsOwnTime() {
        connection.receive("POST /echo HTTP/1.1\r\nHost: a\r\n");
        connection.pass(9 * SECOND);
        connection.receive("Content-Length: 5\r\n\r\n1");
        connection.pass(19 * SECOND);
        connection.receive("2");
        assertTrue(connection.isOpen());
        connection.pass(SECOND);
        assertClosedWith(408);
    }

    @Test
    void aPeerThatTakesNothingIsClosed() {
        connection.sendsUntilFull = 1;
        connection.receive(GET.replace("/plain", "/big"));
        connection.pass(7 * SECOND);
        connection.sendsUntilFull = 1;
        connection.becomeWritable();
        for (int i = 0; i < 4; i++) {
            connection.pass(sendLook());
            assertTrue(connection.open, "never early");
        }
        connection.pass(sendLook());
        assertFalse(connection.open, "a quarter late at most");
    }

    @Test
    void theTimerIsLeftAloneByRequestAfterRequest() {
        for (int i = 0; i < 1000; i++) {
            connection.receive(GET + GET.substring(0, 20));
            connection.receive(GET.substring(20));
            connection.pass(1000);
        }
        assertTrue(connection.deadlineCalls <= 3, "calls: " + connection.deadlineCalls);
    }

    // ---- The end

    @Test
    void drainingClosesIdleConnectionsAtOnceAndOthersAfterTheirResponse() {
        handler.onDrain(connection);
        assertTrue(connection.finished);
        connection.end();
        connection = loop.new FakeConnection(handler, 0);
        connection.receive(GET.substring(0, 10));
        handler.onDrain(connection);
        assertFalse(connection.finished);
        connection.receive(GET.substring(10));
        assertClosedWith(200);
    }

    @Test
    void drainingWaitsForOutput() {
        connection.sendsUntilFull = 1;
        connection.receive(GET.replace("/plain", "/big"));
        handler.onDrain(connection);
        assertFalse(connection.finished);
        connection.becomeWritable();
        assertTrue(connection.sent().endsWith(bigText(20_000)));
        assertTrue(connection.finished);
    }

    @Test
    void whatWasAskedBeforeThePeerFinishedIsAnswered() {
        connection.sendsUntilFull = 1;
        connection.receive(GET.replace("/plain", "/big") + GET);
        handler.onPeerFinished(connection);
        assertFalse(connection.finished);
        connection.becomeWritable();
        assertTrue(connection.sent().endsWith(bigText(20_000) + HELLO));
        assertTrue(connection.finished);
        connection.end();
        connection = loop.new FakeConnection(handler, 0);
        connection.receive(GET.substring(0, 10));
        handler.onPeerFinished(connection);
        assertTrue(connection.finished);
        assertEquals("", connection.sent());
    }

    // ---- Under random circumstances

    @Test
    void everythingIsAnsweredOnceAndInOrderUnderRandomStarvation() {
        for (long seed = 1; seed <= 300; seed++) {
            Random random = new Random(seed);
            useLoop(1 << 7 + random.nextInt(4), 64);
            handled.clear();
            StringBuilder requests = new StringBuilder();
            StringBuilder bodies = new StringBuilder();
            int count = 1 + random.nextInt(30);
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String body = bigText(random.nextInt(500));
                expected.add("POST /echo?" + i + " h");
                bodies.append(body).append('|');
                requests.append("POST /echo?").append(i).append(" HTTP/1.1\r\nHost: h\r\n");
                if (random.nextBoolean()) {
                    requests.append("Content-Length: ").append(body.length()).append("\r\n\r\n").append(body);
                } else {
                    requests.append("Transfer-Encoding: chunked\r\n\r\n");
                    if (!body.isEmpty()) {
                        requests.append(Integer.toHexString(body.length())).append("\r\n").append(body).append("\r\n");
                    }
                    requests.append("0\r\n\r\n");
                }
            }
            int at = 0;
            for (int turn = 0; turn < 100_000 && (at < requests.length() || handled.size() < count); turn++) {
                connection.sendsUntilFull = 1 + random.nextInt(5);
                if (connection.paused || at == requests.length()) {
                    connection.becomeWritable();
                    connection.noBuffers = random.nextInt(4) == 0;
                } else {
                    int step = Math.min(requests.length() - at, 1 + random.nextInt(loop.bufferBytes));
                    connection.receive(requests.substring(at, at + step));
                    at += step;
                }
            }
            connection.sendsUntilFull = Integer.MAX_VALUE;
            connection.becomeWritable();
            assertEquals(expected, handled, "seed " + seed);
            assertEquals(bodies.toString(), bodiesOf(connection.sent()), "seed " + seed);
            assertEquals(loop.buffers, loop.free.size(), "seed " + seed);
        }
    }

    private static String bodiesOf(String responses) {
        StringBuilder bodies = new StringBuilder();
        int at = 0;
        while (at < responses.length()) {
            assertTrue(responses.startsWith("HTTP/1.1 200 OK\r\n", at), () -> "no response: " + responses);
            int length = responses.indexOf("Content-Length: ", at) + 16;
            int body = responses.indexOf("\r\n\r\n", at) + 4;
            int end = body + Integer.parseInt(responses.substring(length, responses.indexOf("\r\n", length)));
            bodies.append(responses, body, end).append('|');
            at = end;
        }
        return bodies.toString();
    }

    // ---- Allocation

    @Test
    void servingAllocatesNothing() {
        String batch = (GET + GET.replace("/plain", "/allocation")).repeat(30);
        byte[] body = bytes("hello");
        Router router = new Router().get("/plain", (request, response) -> response.send(PREPARED)).get("/allocation",
                (request, response) -> response.status(404).send("text/plain", body));
        QuietLoop quiet = new QuietLoop(router, batch);
        // The build adds jdk.management only; what that requires transitively is not added with it.
        getClass().getModule().addReads(ModuleLayer.boot().findModule("java.management").orElseThrow());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 20 && least > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            quiet.serve(500);
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least, "bytes allocated for 30,000 requests");
    }

    /** The state of a connection is reused by the next one in its slot, which must find nothing of the former. */
    @Test
    void outputThatAClosedConnectionLeftPendingIsNotTheNextOnes() {
        HttpConnection http = new HttpConnection(handler);
        http.waiting().keep(MemorySegment.ofArray(new byte[100]), 0, 100, true);
        http.end(new CarryPool(1024));

        byte[] answer = bytes("answer");
        http.waiting().keep(MemorySegment.ofArray(answer), 0, answer.length, false);
        byte[] sent = new byte[200];
        assertEquals(answer.length, http.waiting().take(MemorySegment.ofArray(sent), 0, sent.length));
        assertArrayEquals(answer, Arrays.copyOf(sent, answer.length));
    }

    /** The kernel may be late: what a piece belonged to is not the next connection's, nor is that one's output touched. */
    @Test
    void aPieceThatEndsAfterItsConnectionLeavesTheNextOneAlone() {
        HttpConnection http = new HttpConnection(handler);
        http.open(connection);
        WaitingOutput former = http.waiting();
        former.keepFile(file, 0, 1 << 20);
        former.sendFilePiece(connection);
        http.end(new CarryPool(1024));
        assertEquals(0, file.finished, "the engine still has it");

        http.open(connection);
        assertFalse(http.isBlocked());
        TestFile next = new TestFile();
        http.waiting().keepFile(next, 5, 1 << 20);
        assertNotSame(former, http.waiting());
        connection.fileSent();
        assertEquals(1, file.finished);
        assertEquals(0, next.finished);
        assertTrue(http.isBlocked() && http.waiting().hasFilePiece());
        assertFalse(http.mustProceed);
        http.end(new CarryPool(1024));
        assertEquals(1, next.finished);
    }

    /** What waits is borrowed: a connection that has nothing to send has no such object, and the next one gets it. */
    @Test
    void whoHasSentEverythingGivesWhatHeldItBack() {
        HttpConnection http = new HttpConnection(handler);
        http.open(connection);
        WaitingOutput waiting = http.waiting();
        waiting.keep(MemorySegment.ofArray(bytes("head")), 0, 4, false);
        waiting.keepFile(file, 0, 100);
        assertEquals(4, waiting.take(MemorySegment.ofArray(new byte[10]), 0, 10));
        assertTrue(http.isBlocked() && http.isAnswering() && http.waitsForPeer());
        waiting.sendFilePiece(connection);
        connection.fileSent();
        assertFalse(http.isBlocked() || http.isAnswering() || http.waitsForPeer());
        assertSame(waiting, new HttpConnection(handler).waiting());
    }

    /** A loop that receives the same batch again and again. */
    private static final class QuietLoop {
        private final FakeLoop loop = new FakeLoop(16 * 1024, 2);
        private final HttpConnectionHandler handler;
        private final QuietConnection connection;
        private final int length;

        QuietLoop(Router router, String batch) {
            byte[] bytes = bytes(batch);
            length = bytes.length - 10;
            handler = new HttpConnectionHandler(loop, CONFIG, router, new HttpCounters(), () -> WALL_CLOCK,
                    (descriptor, address, count, position) -> -1);
            connection = new QuietConnection(loop);
            handler.onOpen(connection);
            // The last request is cut, and its rest begins the next batch.
            MemorySegment.copy(bytes, length, loop.slab, ValueLayout.JAVA_BYTE, 0, 10);
            MemorySegment.copy(bytes, 0, loop.slab, ValueLayout.JAVA_BYTE, 10, length);
            connection.receive(handler, 10, length);
        }

        void serve(int batches) {
            for (int i = 0; i < batches; i++) {
                connection.receive(handler, 0, 10 + length);
            }
        }
    }
}
