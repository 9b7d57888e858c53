package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineConfig;
import io.ringwave.http.EventStream;
import io.ringwave.http.Handlers;
import io.ringwave.http.HttpHandler;
import io.ringwave.http.HttpServer;
import io.ringwave.http.ResponseStream;
import io.ringwave.http.Router;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Responses that are sent while they are made. */
class StreamIT {
    private static final long GIGABYTE = 1L << 30;
    private static final int BLOCK = 16 * 1024;

    private static HttpServer start(BackendOption backend, Router router) throws Exception {
        return HttpServer.start(EngineConfig.builder().loops(1).backend(backend.backend).build(), loop -> router);
    }

    /** Reads one chunk; null after the last. */
    private static byte[] readChunk(InputStream in) throws IOException {
        int size = Integer.parseInt(readLine(in), 16);
        byte[] chunk = in.readNBytes(size);
        assertEquals("", readLine(in));
        return size == 0 ? null : chunk;
    }

    private static byte[] readChunks(InputStream in) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] chunk = readChunk(in); chunk != null; chunk = readChunk(in)) {
            all.write(chunk);
        }
        return all.toByteArray();
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            assertTrue(next >= 0, "the connection ended");
            line.append((char) next);
        }
        assertEquals('\r', line.charAt(line.length() - 1));
        return line.substring(0, line.length() - 1);
    }

    /** Writes {@code total} bytes that count, as fast as they are taken, without blocking. */
    private static final class Producer implements Runnable {
        final AtomicLong produced = new AtomicLong();
        private final ResponseStream stream;
        private final long total;
        private final byte[] block = new byte[BLOCK];

        Producer(ResponseStream stream, long total) {
            this.stream = stream;
            this.total = total;
            for (int i = 0; i < block.length; i++) {
                block[i] = (byte) i;
            }
        }

        @Override
        public void run() {
            while (produced.get() < total && stream.isWritable()) {
                int length = (int) Math.min(BLOCK, total - produced.get());
                assertTrue(stream.write(block, 0, length));
                produced.addAndGet(length);
            }
            if (produced.get() == total) {
                stream.close();
            }
        }
    }

    private static HttpHandler fromTheLoop(long total) {
        return (request, response) -> {
            ResponseStream stream = response.stream("text/plain");
            Producer producer = new Producer(stream, total);
            stream.onWritable(producer);
            producer.run();
        };
    }

    private static HttpHandler blocking(long total) {
        return (request, response) -> {
            ResponseStream stream = response.stream("text/plain");
            Producer producer = new Producer(stream, total);
            do {
                producer.run();
            } while (producer.produced.get() < total && stream.awaitWritable());
        };
    }

    private static void assertCounts(int total, byte[] body) {
        assertEquals(total, body.length);
        for (int i = 0; i < total; i++) {
            if (body[i] != (byte) (i % BLOCK)) {
                throw new AssertionError("byte " + i + " is " + body[i]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamArrivesWholeAndTheConnectionLivesOn(BackendOption backend) throws Exception {
        Router router = new Router().get("/plain", (request, response) -> response.sendText("plain"));
        for (int total : new int[]{0, 1, 100, 5_000_000}) {
            router.get("/loop/" + total, fromTheLoop(total))
                    .get("/worker/" + total, Handlers.offloaded(blocking(total)))
                    .get("/virtual/" + total, Handlers.onVirtualThread(blocking(total)));
        }
        try (HttpServer server = start(backend, router); TestClient client = new TestClient(server.port())) {
            for (int total : new int[]{0, 1, 100, 5_000_000}) {
                for (String from : new String[]{"/loop/", "/worker/", "/virtual/"}) {
                    client.send("GET " + from + total
                            + " HTTP/1.1\r\nHost: a\r\n\r\nGET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
                    TestClient.Response head = client.readHead();
                    assertEquals("chunked", head.headers().get("Transfer-Encoding"));
                    assertNull(head.headers().get("Content-Length"));
                    assertCounts(total, readChunks(client.in()));
                    assertEquals("plain", client.readResponse(false).text());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void toHttp10ItEndsWithTheConnectionAndToHeadItHasNoBody(BackendOption backend) throws Exception {
        Router router = new Router().get("/s", fromTheLoop(200_000)).get("/w", Handlers.offloaded(blocking(200_000)));
        try (HttpServer server = start(backend, router)) {
            for (String path : new String[]{"/s", "/w"}) {
                try (TestClient client = new TestClient(server.port())) {
                    client.send("GET " + path + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
                    TestClient.Response head = client.readHead();
                    assertNull(head.headers().get("Transfer-Encoding"));
                    assertEquals("close", head.headers().get("Connection"));
                    assertCounts(200_000, client.in().readAllBytes());
                }
                try (TestClient client = new TestClient(server.port())) {
                    assertEquals(200, client.request("HEAD", path).status());
                    assertEquals(200, client.request("HEAD", path).status());
                }
            }
        }
    }

    /**
     * A gigabyte for a client that takes a kilobyte now and then: what was made beyond what the client took fits into
     * the kernel's buffers, the connection's send queue and the stream's own bound, and that is all that it costs.
     */
    @ParameterizedTest
    @EnumSource
    void aSlowReaderHoldsTheProducerBack(BackendOption backend) throws Exception {
        BlockingQueue<Producer> producers = new LinkedBlockingQueue<>();
        BlockingQueue<ResponseStream> streams = new LinkedBlockingQueue<>();
        Router router = new Router().get("/big", (request, response) -> {
            ResponseStream stream = response.stream("text/plain");
            Producer producer = new Producer(stream, GIGABYTE);
            stream.onWritable(producer);
            producers.add(producer);
            streams.add(stream);
            producer.run();
        });
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        try (HttpServer server = start(backend, router)) {
            long sentBefore = server.engine().stats().bytesSent();
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            TestClient client = new TestClient(socket);
            client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
            ResponseStream stream = streams.poll(20, TimeUnit.SECONDS);
            Producer producer = producers.poll(20, TimeUnit.SECONDS);
            assertNotNull(stream);
            assertNotNull(producer);
            byte[] kilobyte = new byte[1024];
            for (int i = 0; i < 20; i++) {
                assertEquals(1024, client.in().readNBytes(kilobyte, 0, 1024));
                LockSupport.parkNanos(20_000_000); // a slow reader
                long held = producer.produced.get() - (server.engine().stats().bytesSent() - sentBefore);
                assertTrue(held < 1 << 20, "made and not taken by the kernel: " + held);
                assertTrue(stream.waitingBytes() <= ResponseStream.BUFFER_BYTES + BLOCK, "" + stream.waitingBytes());
            }
            assertFalse(stream.isWritable());
            assertTrue(producer.produced.get() < 1 << 25, "made: " + producer.produced.get());
            client.hangUp();
            Await.until("cancelled", stream::isCancelled, cancelled -> cancelled);
            assertFalse(stream.write(kilobyte));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWriterThatWaitsIsWokenWhenTheClientLeaves(BackendOption backend) throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        try (HttpServer server = start(backend, new Router().get("/big", Handlers.offloaded((request, response) -> {
            ResponseStream stream = response.stream("text/plain");
            Producer producer = new Producer(stream, GIGABYTE);
            do {
                producer.run();
                held.countDown();
            } while (stream.awaitWritable());
            ended.countDown();
        }))); TestClient client = new TestClient(server.port())) {
            client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
            assertTrue(held.await(20, TimeUnit.SECONDS));
            client.hangUp();
            assertTrue(ended.await(20, TimeUnit.SECONDS));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStreamThatIsAbortedEndsWithoutItsLastChunk(BackendOption backend) throws Exception {
        Router router = new Router().get("/abort", (request, response) -> {
            ResponseStream stream = response.stream("text/plain");
            stream.write(new byte[10]);
            Thread.ofVirtual().start(stream::abort);
        }).get("/throw", Handlers.offloaded((request, response) -> {
            response.stream("text/plain").write(new byte[10]);
            throw new IllegalStateException("on purpose");
        }));
        try (HttpServer server = start(backend, router)) {
            for (String path : new String[]{"/abort", "/throw"}) {
                try (TestClient client = new TestClient(server.port())) {
                    client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
                    String all = new String(readUntilEnd(client), StandardCharsets.ISO_8859_1);
                    assertFalse(all.endsWith("0\r\n\r\n"), all);
                }
            }
        }
    }

    private static byte[] readUntilEnd(TestClient client) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            client.in().transferTo(all);
        } catch (IOException e) {
            // a reset ends it as well
        }
        return all.toByteArray();
    }

    @ParameterizedTest
    @EnumSource
    void eventsArriveAsTheyAreSentFromAnyThread(BackendOption backend) throws Exception {
        BlockingQueue<EventStream> streams = new LinkedBlockingQueue<>();
        try (HttpServer server = start(backend,
                new Router().get("/events", (request, response) -> streams.add(EventStream.begin(response))));
                TestClient client = new TestClient(server.port())) {
            client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
            TestClient.Response head = client.readHead();
            assertEquals("text/event-stream", head.headers().get("Content-Type"));
            EventStream events = streams.poll(20, TimeUnit.SECONDS);
            assertNotNull(events);
            assertTrue(events.send("tick", "7", "one\ntwo\n"));
            assertEquals("event: tick\nid: 7\ndata: one\ndata: two\ndata: \n\n", text(readChunk(client.in())));
            assertTrue(events.send("h\u00e4"));
            assertEquals("data: h\u00e4\n\n", text(readChunk(client.in())));
            assertTrue(events.comment("still here"));
            assertEquals(": still here\n\n", text(readChunk(client.in())));
            org.junit.jupiter.api.Assertions.assertThrows(IllegalArgumentException.class,
                    () -> events.send("a\nb", null, "c"));
            events.close();
            assertNull(readChunk(client.in()));
        }
    }

    private static String text(byte[] chunk) {
        return new String(Arrays.copyOf(chunk, chunk.length), StandardCharsets.UTF_8);
    }
}
