package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.SendableMemory;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Bodies that are written where they are sent from are the same as those that were there before. */
final class WrittenBodyTest {

    private static final int BUFFER = 1024;
    /** Around where a body fits, where it does not, and where the number of digits of its length changes. */
    private static final int[] LENGTHS = {0, 1, 9, 10, 99, 100, 500, BUFFER - 200, BUFFER - 165, BUFFER - 155, 999,
        1000,
        BUFFER, 2 * BUFFER, 9999, 10_000, 12_345};

    private final FakeLoop loop = new FakeLoop(BUFFER, 64);
    private final HttpConnectionHandler handler = newHandler();
    private FakeLoop.FakeConnection connection = loop.new FakeConnection(handler, 0);
    private BodyWriter writer = out -> {
    };
    private byte[] body = {};
    private int status = 200;
    private OutputStream stolen = OutputStream.nullOutputStream();

    private HttpConnectionHandler newHandler() {
        Router router = new Router()
                .get("/array", (request, response) -> response.status(status).header("X-A", "b").send("a/b", body))
                .get("/written", (request, response) -> response.status(status).header("X-A", "b").send("a/b", writer))
                .get("/failing", (request, response) -> {
                    assertThrows(IOException.class, () -> response.send("a/b", out -> {
                        out.write(body);
                        throw new IOException("on purpose");
                    }));
                    response.status(400).sendText("failed");
                }).get("/throws", (request, response) -> response.send("a/b", out -> {
                    out.write(body);
                    throw new IOException("on purpose");
                })).get("/changes", (request, response) -> response.send("a/b", out -> response.header("X-A", "b")))
                .get("/nested", (request, response) -> response.send("a/b", out -> response.send()));
        return new HttpConnectionHandler(loop, HttpConfig.builder().serverName("test").build(), router,
                new HttpCounters(), () -> 0, (descriptor, address, length, position) -> -1);
    }

    @AfterEach
    void everyBufferCameBack() {
        connection.end();
        assertEquals(loop.buffers, loop.free.size());
    }

    private static byte[] text(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ('a' + i % 26);
        }
        return bytes;
    }

    private String answer(String request) {
        connection.output.reset();
        connection.receive(request);
        return connection.sent();
    }

    private static String request(String method, String path) {
        return method + " " + path + " HTTP/1.1\r\nHost: a\r\n\r\n";
    }

    /** In one piece, in pieces of all sizes, and byte by byte. */
    private List<BodyWriter> writers() {
        return List.of(out -> out.write(body), out -> {
            Random random = new Random(body.length);
            for (int at = 0; at < body.length;) {
                int count = Math.min(body.length - at, random.nextInt(300));
                out.write(body, at, count);
                at += count;
            }
        }, out -> {
            for (byte each : body) {
                out.write(each);
            }
            out.flush();
            out.close();
        });
    }

    @Test
    void aBodyOfAnyLengthIsTheSameWhateverLengthTheLastOneHad() {
        for (String method : List.of("GET", "HEAD")) {
            for (int last : LENGTHS) {
                for (int length : LENGTHS) {
                    body = text(length);
                    String expected = answer(request(method, "/array"));
                    for (BodyWriter each : writers()) {
                        body = text(last);
                        writer = each;
                        answer(request("GET", "/written"));
                        body = text(length);
                        assertEquals(expected, answer(request(method, "/written")), last + " then " + length);
                    }
                }
            }
        }
    }

    @Test
    void bodiesInABatchStandOneBehindTheOther() {
        writer = out -> out.write(body);
        for (int length : LENGTHS) {
            body = text(length);
            assertEquals(answer(request("GET", "/array").repeat(9)), answer(request("GET", "/written").repeat(9)));
        }
    }

    @Test
    void aBodyThatFitsIsOneSendWithItsHead() {
        body = text(500);
        writer = out -> out.write(body);
        connection.receive(request("GET", "/written"));
        assertEquals(1, connection.sends.size());
    }

    @Test
    void aBodyLongerThanABufferIsOneSendWithItsHeadIfTheLastOneWasLong() {
        body = text(100_000);
        writer = out -> out.write(body);
        answer(request("GET", "/written"));
        assertTrue(connection.sends.size() > 90);
        connection.sends.clear();
        String answers = answer(request("GET", "/written").repeat(2));
        assertEquals(List.of(answers.substring(0, answers.length() / 2), answers.substring(answers.length() / 2)),
                connection.sends);
        assertEquals(2, connection.memoryInFlight.size());
    }

    @Test
    void blocksOfBodiesThatFailOrAreShortAreUsedAgain() {
        writer = out -> out.write(body);
        for (int round = 0; round < 2 * SendBlocks.MAX_TOTAL_BYTES / SendBlocks.MIN_BYTES; round++) {
            body = text(round % 2 == 0 ? 50_000 : 40);
            answer(request("GET", "/written") + request("GET", "/failing"));
            connection.memorySent();
        }
        body = text(50_000);
        answer(request("GET", "/written"));
        connection.sends.clear();
        answer(request("GET", "/written"));
        assertEquals(1, connection.sends.size());
    }

    @Test
    void clientsThatDoNotReadKeepABoundedNumberOfBlocks() {
        writer = out -> out.write(body);
        body = text(60_000);
        String expected = answer(request("GET", "/written"));
        for (int round = 0; round < 100; round++) {
            assertEquals(expected, answer(request("GET", "/written")));
        }
        long kept = 0;
        for (SendableMemory each : connection.memoryInFlight) {
            kept += each.memory().byteSize();
        }
        assertTrue(kept > SendBlocks.MAX_TOTAL_BYTES / 2 && kept <= SendBlocks.MAX_TOTAL_BYTES, kept + " bytes");
    }

    @Test
    void blocksOfOneSizeMakeRoomForThoseOfAnother() {
        SendBlocks blocks = new SendBlocks();
        for (int bytes : new int[]{1, SendBlocks.MAX_BYTES, 70_000, SendBlocks.MAX_BYTES + SendBlocks.PAGE_BYTES}) {
            List<SendBlock> taken = new ArrayList<>();
            for (SendBlock block = blocks.take(bytes); block != null; block = blocks.take(bytes)) {
                assertTrue(block.memory().byteSize() >= bytes);
                taken.add(block);
            }
            assertTrue(taken.size() >= 3);
            assertTrue(blocks.totalBytes() <= SendBlocks.MAX_TOTAL_BYTES);
            taken.forEach(SendBlock::sendFinished);
            assertEquals(0, blocks.takenBytes());
            assertThrows(IllegalStateException.class, taken.get(0)::sendFinished);
        }
        assertNull(blocks.take(SendBlocks.MAX_BYTES + SendBlocks.PAGE_BYTES + 1));
        SendBlock last = blocks.take(1);
        assertNotNull(last);
        blocks.close();
        assertNull(blocks.take(1));
        assertTrue(last.memory().scope().isAlive());
        last.sendFinished();
        assertEquals(0, blocks.totalBytes());
        assertFalse(last.memory().scope().isAlive());
    }

    @Test
    void withoutBodyNoneIsSent() {
        writer = out -> out.write(body);
        body = text(12);
        for (int code : new int[]{204, 304}) {
            status = code;
            assertEquals(answer(request("GET", "/array")), answer(request("GET", "/written")));
        }
    }

    @Test
    void nothingIsSentOfABodyWhoseWriterFails() {
        for (int length : LENGTHS) {
            body = text(length);
            String sent = answer(request("GET", "/array") + request("GET", "/failing") + request("GET", "/throws"));
            assertEquals(3, sent.split("HTTP/1.1 ", -1).length - 1, sent);
            assertTrue(sent.contains("HTTP/1.1 400 "), sent);
            assertTrue(sent.contains("\r\nContent-Length: 6\r\n\r\nfailedHTTP/1.1 500 "), sent);
            assertTrue(sent.endsWith("500 Internal Server Error\n"), sent);
        }
    }

    @Test
    void whoWritesABodyCannotChangeItsHeadOrAnswerTwice() {
        for (String path : List.of("/changes", "/nested")) {
            assertTrue(answer(request("GET", path)).startsWith("HTTP/1.1 500 "));
        }
    }

    @Test
    void aBodyIsClosedToThoseWhoComeLate() {
        writer = out -> stolen = out;
        answer(request("GET", "/written"));
        assertThrows(IOException.class, () -> stolen.write(1));
        assertThrows(IOException.class, () -> stolen.write(new byte[10]));
    }

    @Test
    void aBodyWaitsForBuffersLikeAnyOther() {
        writer = out -> out.write(body);
        body = text(10_000);
        String expected = answer(request("GET", "/array").repeat(3));
        connection.output.reset();
        connection.sendsUntilFull = 2;
        connection.receive(request("GET", "/written").repeat(3));
        assertEquals(2 * BUFFER, connection.output.size());
        for (int round = 0; round < 40 && connection.output.size() < expected.length(); round++) {
            connection.sendsUntilFull = 1 + round % 3;
            connection.becomeWritable();
        }
        assertEquals(expected, connection.sent());
    }

    @Test
    void aCollectedBodyIsGivenBackUnlessSomebodyKeepsIt() {
        BodyPool pool = new BodyPool();
        RequestBody first = new RequestBody(1 << 20, 10_000, pool);
        append(first, 100);
        first.end();
        assertEquals(4096, pool.keptBytes());
        RequestBody second = new RequestBody(1 << 20, 10_000, pool);
        append(second, 5000);
        assertEquals(4096, pool.keptBytes());
        append(second, 5000);
        assertEquals("x".repeat(10_000), new String(second.toArray(), StandardCharsets.US_ASCII));
        second.keep();
        second.end();
        assertEquals(10_000, second.toArray().length);
        assertEquals(4096, pool.keptBytes());
    }

    @Test
    void whatIsKeptForBodiesIsBounded() {
        BodyPool pool = new BodyPool();
        for (int bytes = 1; bytes < 1 << 21; bytes = bytes * 3 + 1) {
            byte[][] arrays = new byte[40][];
            for (int i = 0; i < arrays.length; i++) {
                arrays[i] = pool.acquire(bytes);
                assertTrue(arrays[i].length >= bytes);
            }
            for (byte[] array : arrays) {
                pool.release(array);
            }
            assertTrue(pool.keptBytes() <= BodyPool.MAX_KEPT_BYTES);
        }
    }

    private static void append(RequestBody body, int count) {
        body.append(MemorySegment.ofArray("x".repeat(count).getBytes(StandardCharsets.US_ASCII)), 0,
                count);
    }
}
