package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineConfig;
import io.ringwave.http.BodyFlow;
import io.ringwave.http.BodyReceiver;
import io.ringwave.http.Handlers;
import io.ringwave.http.HttpRequest;
import io.ringwave.http.HttpResponse;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Router;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Request bodies that are taken while they arrive. */
class UploadIT {
    private static final int MAX_BYTES = 1 << 26;

    private final BlockingQueue<Receiver> receivers = new LinkedBlockingQueue<>();

    /** Counts and sums up; answers with both. */
    private final class Receiver implements BodyReceiver {
        final BodyFlow flow;
        final CountDownLatch aborted = new CountDownLatch(1);
        volatile boolean pauses;
        volatile long received;
        private final String name;
        private final CRC32 sum = new CRC32();

        Receiver(HttpRequest request, BodyFlow flow) {
            this.flow = flow;
            name = request.parameter("name");
            pauses = name.equals("pausing");
            if (name.equals("failing")) {
                throw new IllegalStateException("on purpose");
            }
            receivers.add(this);
        }

        @Override
        public void received(MemorySegment memory, long offset, int length) {
            if (name.equals("breaking")) {
                throw new IllegalStateException("on purpose");
            }
            sum.update(memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE));
            received += length;
            if (pauses) {
                flow.pause();
            }
        }

        @Override
        public void complete(HttpRequest request, HttpResponse response) {
            response.sendText(name + " " + request.parameter("name") + " " + received + " " + sum.getValue());
        }

        @Override
        public void aborted() {
            aborted.countDown();
        }
    }

    private HttpServer start(BackendOption backend) throws Exception {
        return HttpServer.start(EngineConfig.builder().loops(1).backend(backend.backend).build(),
                loop -> new Router().put("/files/{name}", Handlers.streaming(MAX_BYTES, Receiver::new)));
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + (i >> 8));
        }
        return bytes;
    }

    private static String expected(String name, byte[] body) {
        CRC32 sum = new CRC32();
        sum.update(body);
        return name + " " + name + " " + body.length + " " + sum.getValue();
    }

    private static String head(String name, String framing) {
        return "PUT /files/" + name + " HTTP/1.1\r\nHost: a\r\n" + framing + "\r\n\r\n";
    }

    @ParameterizedTest
    @EnumSource
    void bodiesArrivePieceByPiece(BackendOption backend) throws Exception {
        try (HttpServer server = start(backend); TestClient client = new TestClient(server.port())) {
            for (int length : new int[]{0, 1, 1000, 5_000_000}) {
                byte[] body = bytes(length);
                client.send(head("whole", "Content-Length: " + length));
                client.socket().getOutputStream().write(body);
                assertEquals(expected("whole", body), client.readResponse(false).text());
                client.send(head("chunked", "Transfer-Encoding: chunked"));
                for (int at = 0; at < length; at += 70_000) {
                    int count = Math.min(70_000, length - at);
                    client.send(Integer.toHexString(count) + "\r\n");
                    client.socket().getOutputStream().write(body, at, count);
                    client.send("\r\n");
                }
                client.send("0\r\n\r\n" + head("next", "Content-Length: 2") + "ab");
                assertEquals(expected("chunked", body), client.readResponse(false).text());
                assertEquals(expected("next", new byte[]{'a', 'b'}), client.readResponse(false).text());
            }
        }
    }

    /** Pauses after each piece; sixty megabytes wait with the client, and in the kernel, until it is told to go on. */
    @ParameterizedTest
    @EnumSource
    void aReceiverThatPausesHoldsTheClientBack(BackendOption backend) throws Exception {
        byte[] body = bytes(60_000_000);
        try (HttpServer server = start(backend); TestClient client = new TestClient(server.port())) {
            Thread sender = Thread.ofPlatform().start(() -> {
                try {
                    client.send(head("pausing", "Content-Length: " + body.length));
                    client.socket().getOutputStream().write(body);
                } catch (IOException e) {
                    // the answer will not come, which is what the test then sees
                }
            });
            Receiver receiver = receivers.poll(20, TimeUnit.SECONDS);
            assertNotNull(receiver);
            for (int i = 0; i < 10; i++) {
                long before = receiver.received;
                Await.until("received", () -> { // resumed again and again: the first time it may not have paused yet
                    receiver.flow.resume();
                    return receiver.received;
                }, received -> received > before);
                long held = server.engine().stats().bytesReceived() - receiver.received;
                assertTrue(held < 1 << 17, "received by the engine, and not taken: " + held);
            }
            assertTrue(sender.isAlive(), "the client could send everything");
            receiver.pauses = false;
            receiver.flow.resume();
            assertEquals(expected("pausing", body), client.readResponse(false).text());
            sender.join();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBodyThatBreaksOffIsAborted(BackendOption backend) throws Exception {
        try (HttpServer server = start(backend)) {
            TestClient client = new TestClient(server.port());
            client.send(head("leaving", "Content-Length: 100") + "part of it");
            Receiver receiver = receivers.poll(20, TimeUnit.SECONDS);
            assertNotNull(receiver);
            client.hangUp();
            assertTrue(receiver.aborted.await(20, TimeUnit.SECONDS));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatCannotBeTakenIsRefused(BackendOption backend) throws Exception {
        try (HttpServer server = start(backend)) {
            assertEquals(500, status(server, head("failing", "Content-Length: 100") + "part"));
            assertEquals(500, status(server, head("breaking", "Content-Length: 100") + "part"));
            assertEquals(1, receivers.size());
            assertTrue(receivers.take().aborted.await(20, TimeUnit.SECONDS));
            assertEquals(413, status(server, head("long", "Content-Length: " + (MAX_BYTES + 1))));
            assertEquals(413, status(server, head("long", "Transfer-Encoding: chunked") + "4000001\r\n"));
            assertTrue(receivers.take().aborted.await(20, TimeUnit.SECONDS));
            assertEquals(400, status(server, head("bad", "Transfer-Encoding: chunked") + "x\r\n"));
            assertTrue(receivers.take().aborted.await(20, TimeUnit.SECONDS));
            assertEquals(2, server.stats().handlerFailures());
        }
    }

    private static int status(HttpServer server, String request) throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            client.send(request);
            TestClient.Response response = client.readResponse(false);
            assertTrue(client.isClosedByServer());
            return response.status();
        }
    }
}
