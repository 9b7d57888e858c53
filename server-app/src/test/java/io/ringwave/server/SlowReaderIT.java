package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineConfig;
import io.ringwave.http.HttpConfig;
import io.ringwave.http.HttpServer;
import io.ringwave.http.ResponseStream;
import io.ringwave.http.Router;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clients that take a kilobyte a second: they are served for as long as they like, and cost the server next to nothing. */
class SlowReaderIT {
    private static final long GIGABYTE = 1L << 30;
    private static final int MEGABYTE = 1 << 20;
    /** Longer than all queues together, and short enough for the send queue alone. */
    private static final int WHOLE = 8 << 20;
    private static final int QUEUED = 100_000;
    private static final int BLOCK = 16 * 1024;
    /** Long enough for the slow: their kernel tells that something was read some 4 KiB at a time. */
    private static final Duration SEND_TIMEOUT = Duration.ofSeconds(8);
    private static final int READ_SECONDS = 2 * (int) SEND_TIMEOUT.toSeconds();
    /** For the rest of the gigabyte, at full speed. */
    private static final int FAST_RECEIVE_BYTES = 1 << 20;

    /** Writes as long as something is taken, and counts it. */
    private static final class Producer implements Runnable {
        final AtomicLong produced = new AtomicLong();
        final ResponseStream stream;

        Producer(ResponseStream stream) {
            this.stream = stream;
        }

        @Override
        public void run() {
            byte[] block = new byte[BLOCK];
            while (produced.get() < GIGABYTE) {
                if (!stream.write(block)) {
                    return;
                }
                produced.addAndGet(BLOCK);
            }
            stream.close();
        }
    }

    private final BlockingQueue<Producer> producers = new LinkedBlockingQueue<>();

    private HttpServer start(BackendOption backend, Duration sendTimeout) throws Exception {
        byte[] whole = new byte[WHOLE];
        byte[] queued = new byte[QUEUED];
        Router router = new Router().get("/stream", (request, response) -> {
            Producer producer = new Producer(response.stream("text/plain"));
            producer.stream.onWritable(producer);
            producers.add(producer);
            producer.run();
        }).get("/whole", (request, response) -> response.send("text/plain", whole))
                .get("/last", (request, response) -> response.closeConnection().send("text/plain", queued))
                .get("/plain", (request, response) -> response.sendText("plain"));
        return HttpServer.start(EngineConfig.builder().loops(1).backend(backend.backend).build(),
                HttpConfig.builder().sendTimeout(sendTimeout).build(), loop -> router);
    }

    /** A client whose kernel takes little more than it reads. */
    private static TestClient smallClient(HttpServer server) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        return new TestClient(socket);
    }

    /**
     * What of a gigabyte is neither with the client nor in the kernel, whose queues of both sockets are read from
     * /proc/net/tcp, is with the server: less than a megabyte. The server's own figures say the same. At the end the client
     * reads on as fast as it can, and has got a gigabyte, to the byte.
     */
    @ParameterizedTest
    @EnumSource
    void aKilobyteASecondCostsLessThanAMegabyteAndIsNotCutOff(BackendOption backend) throws Exception {
        try (HttpServer server = start(backend, SEND_TIMEOUT);
                TestClient streaming = smallClient(server);
                TestClient whole = smallClient(server);
                TestClient last = smallClient(server)) {
            long buffersBefore = server.engine().stats().sendBuffersFree();
            streaming.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
            Producer producer = producers.poll(20, TimeUnit.SECONDS);
            assertNotNull(producer);
            whole.send("GET /whole HTTP/1.1\r\nHost: a\r\n\r\n");
            last.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n");
            int taken = 0;
            ByteArrayOutputStream ofStream = new ByteArrayOutputStream();
            ByteArrayOutputStream ofWhole = new ByteArrayOutputStream();
            ByteArrayOutputStream ofLast = new ByteArrayOutputStream();
            long start = System.nanoTime();
            for (int second = 1; second <= READ_SECONDS; second++) {
                ofStream.write(streaming.socket().getInputStream().readNBytes(1024));
                assertEquals(1024 * second, ofStream.size());
                ofWhole.write(whole.socket().getInputStream().readNBytes(1024));
                ofLast.write(last.socket().getInputStream().readNBytes(1024));
                taken += 1024;
                int clientHas = taken;
                long held = Await.until("less than a megabyte", () -> held(producer, clientHas, streaming),
                        bytes -> bytes < MEGABYTE);
                assertTrue(producer.stream.waitingBytes() <= ResponseStream.BUFFER_BYTES + BLOCK);
                if (second == READ_SECONDS) {
                    long buffers = (buffersBefore - server.engine().stats().sendBuffersFree()) * BLOCK;
                    System.out.printf("%s: of %,d bytes the client has %,d, the kernel %,d, the server %,d%n",
                            backend.backend, producer.produced.get(), taken, inKernel(streaming), held);
                    assertTrue(buffers <= 2 * MEGABYTE, "send buffers of all three: " + buffers);
                }
                while (System.nanoTime() - start < second * 1_000_000_000L) {
                    LockSupport.parkNanos(start + second * 1_000_000_000L - System.nanoTime()); // a slow reader
                }
            }
            assertFalse(producer.stream.isCancelled());
            assertEquals(0, server.stats().timeouts());
            int missing = bodyStart(ofWhole) + WHOLE - ofWhole.size();
            assertEquals(missing, whole.socket().getInputStream().readNBytes(missing).length);
            last.socket().getInputStream().transferTo(ofLast);
            assertEquals(bodyStart(ofLast) + QUEUED, ofLast.size());
            assertEquals(GIGABYTE, readChunked(ofStream, streaming.socket()));
            assertEquals(GIGABYTE, producer.produced.get());
            assertFalse(producer.stream.isCancelled());
        }
    }

    /** Reads a chunked body to its end, behind what was read of it before; returns its length. */
    private static long readChunked(ByteArrayOutputStream before, Socket socket) throws IOException {
        socket.setReceiveBufferSize(FAST_RECEIVE_BYTES);
        int start = bodyStart(before);
        try (InputStream in = new BufferedInputStream(new SequenceInputStream(
                new ByteArrayInputStream(before.toByteArray(), start, before.size() - start), socket.getInputStream()),
                4 * BLOCK)) {
            long length = 0;
            int chunk;
            do {
                chunk = Integer.parseInt(readLine(in), 16);
                in.skipNBytes(chunk);
                assertEquals("", readLine(in));
                length += chunk;
            } while (chunk > 0);
            return length;
        }
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            assertTrue(c >= 0, "the connection ends within a chunk");
            line.append((char) c);
        }
        return line.toString().strip();
    }

    /** Somebody who takes nothing at all is cut off, whatever kind of output it is. */
    @ParameterizedTest
    @EnumSource
    void whoTakesNothingIsCutOff(BackendOption backend) throws Exception {
        try (HttpServer server = start(backend, Duration.ofMillis(400));
                TestClient streaming = smallClient(server);
                TestClient whole = smallClient(server)) {
            streaming.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
            whole.send("GET /whole HTTP/1.1\r\nHost: a\r\n\r\n");
            Producer producer = producers.poll(20, TimeUnit.SECONDS);
            assertNotNull(producer);
            Await.until("cut off", () -> server.stats().timeouts(), timeouts -> timeouts == 2);
            Await.until("cancelled", producer.stream::isCancelled, cancelled -> cancelled);
        }
    }

    private static int bodyStart(ByteArrayOutputStream response) {
        int end = response.toString(StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n");
        assertTrue(end > 0, "a whole head has come");
        return end + 4;
    }

    /** What is neither with the client nor in the kernel. */
    private static long held(Producer producer, long clientHas, TestClient client) {
        return producer.produced.get() - clientHas - inKernel(client);
    }

    /** The bytes in the kernel on their way to a client: sent and not acknowledged, or received and not read. */
    private static long inKernel(TestClient client) {
        try {
            String here = port(client.socket().getLocalPort());
            String there = port(client.socket().getPort());
            long bytes = 0;
            for (String line : Files.readAllLines(Path.of("/proc/net/tcp"))) {
                String[] fields = line.trim().split("\\s+");
                String[] queues = fields[4].split(":");
                if (fields[1].endsWith(there) && fields[2].endsWith(here)) {
                    bytes += Long.parseLong(queues[0], 16); // tx_queue of the server's socket
                } else if (fields[1].endsWith(here) && fields[2].endsWith(there)) {
                    bytes += Long.parseLong(queues[1], 16); // rx_queue of the client's
                }
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String port(int port) {
        return String.format(":%04X", port);
    }
}
