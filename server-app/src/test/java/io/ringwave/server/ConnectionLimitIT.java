package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How many connections there may be, what becomes of the others, and what one costs that is idle. */
@Timeout(300)
class ConnectionLimitIT {

    private static final String PAGES = "../static";
    private static final ByteBuffer REQUEST = ByteBuffer
            .wrap("GET /api/health HTTP/1.1\r\nHost: test\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    private static final int WARM = 2_000;
    /** Several times as many as there are buffers. */
    private static final int IDLE = 8_000;
    /** What an idle connection may take, in bytes. There is nothing of it outside the heap, unless it owned a buffer. */
    private static final long IDLE_BYTES = 512;

    @ParameterizedTest
    @EnumSource
    void whoComesBeyondTheLimitWaitsUntilAnotherLeaves(BackendOption backend) throws Exception {
        int limit = 8;
        try (ServerProcess server = ServerProcess.start(
                backend.with("--static-dir", PAGES, "--workers", "1", "--max-connections", String.valueOf(limit)))) {
            long descriptors = server.openDescriptors();
            for (int round = 0; round < 3; round++) {
                ArrayDeque<TestClient> served = new ArrayDeque<>();
                ArrayDeque<TestClient> waiting = new ArrayDeque<>();
                for (int i = 0; i < limit; i++) {
                    TestClient client = new TestClient(server.port());
                    assertEquals(200, client.request("GET", "/api/health").status());
                    served.add(client);
                }
                server.awaitLine(line -> line.contains("stops accepting at " + limit + " connections"));
                for (int i = 0; i < limit; i++) {
                    TestClient client = new TestClient(server.port());
                    client.send("GET /api/health HTTP/1.1\r\nHost: test\r\n\r\n");
                    waiting.add(client);
                }
                while (!waiting.isEmpty()) {
                    for (TestClient client : served) {
                        assertEquals(200, client.request("GET", "/api/health").status());
                    }
                    assertTrue(waiting.stream().allMatch(ConnectionLimitIT::isUnanswered), "served beyond the limit");
                    served.remove().close();
                    TestClient next = waiting.remove();
                    assertEquals(200, next.readResponse(false).status());
                    served.add(next);
                }
                for (TestClient client : served) {
                    client.close();
                }
            }
            assertEquals(1, server.log().lines().filter(line -> line.contains("stops accepting")).count());
            Await.until("open descriptors", server::openDescriptors, open -> open <= descriptors);
        }
    }

    private static boolean isUnanswered(TestClient client) {
        try {
            return client.socket().getInputStream().available() == 0;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void whatTheProcessCannotHoldIsSaidWithTheRemedy() throws Exception {
        try (ServerProcess server = ServerProcess.startUnder(List.of("bash", "-c", "ulimit -n 2000; exec \"$@\"", "-"),
                "--static-dir", PAGES, "--backend", "epoll", "--workers", "2", "--max-connections", "100000")) {
            String line = server.log().lines().filter(each -> each.contains("At most ")).findFirst().orElseThrow();
            assertTrue(line.contains("At most 1712 connections, not 100000: the process may open 2000 files"), line);
            assertTrue(line.contains("ulimit -n"), line);
            assertTrue(server.log().contains("connections: at most 1712"), server.log());
        }
    }

    @ParameterizedTest
    @EnumSource
    void anIdleConnectionTakesLittleMemoryAndNoBuffer(BackendOption backend) throws Exception {
        List<SocketChannel> clients = new ArrayList<>();
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", PAGES, "--workers", "1", "--max-connections", "15000"))) {
            open(clients, server.port(), WARM);
            long before = heapBytes(server);
            long descriptors = server.openDescriptors();
            open(clients, server.port(), IDLE);
            long each = (heapBytes(server) - before) / IDLE;
            assertTrue(each <= IDLE_BYTES, "an idle connection takes " + each + " bytes");
            if (server.log().contains("direct descriptors")) {
                assertEquals(descriptors, server.openDescriptors());
            }
            for (SocketChannel client : clients) {
                request(client);
            }
        } finally {
            for (SocketChannel client : clients) {
                client.close();
            }
        }
    }

    private static void open(List<SocketChannel> clients, int port, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            SocketChannel client = SocketChannel
                    .open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            clients.add(client);
            request(client);
        }
    }

    /** One request, and as much of its answer as arrives at once. */
    private static void request(SocketChannel client) throws IOException {
        client.write(REQUEST.duplicate());
        ByteBuffer answer = ByteBuffer.allocate(4096);
        assertTrue(client.read(answer) > 12);
        assertEquals("HTTP/1.1 200", new String(answer.array(), 0, 12, StandardCharsets.US_ASCII));
    }

    /** What is reachable in the server's heap. */
    private static long heapBytes(ServerProcess server) throws Exception {
        Commands.Result histogram = Commands.run(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                String.valueOf(server.pid()), "GC.class_histogram");
        String total = histogram.output().lines().filter(line -> line.startsWith("Total")).findFirst()
                .orElseThrow(() -> new AssertionError(histogram.output()));
        return Long.parseLong(total.strip().split("\\s+")[2]);
    }
}
