package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** SIGTERM stops accepting, finishes what is in flight, and exits with 0. */
class ShutdownIT {
    private static final int LARGE = 32 << 20; // more than all socket buffers hold

    @ParameterizedTest
    @EnumSource
    void finishesTheResponseInFlight(BackendOption backend, @TempDir Path directory) throws Exception {
        byte[] content = new byte[LARGE];
        new Random(1).nextBytes(content);
        Files.write(directory.resolve("large.bin"), content);
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", directory.toString(), "--workers", "1"));
                TestClient idle = new TestClient(server.port());
                Socket socket = new Socket()) {
            assertEquals(200, idle.request("GET", "/api/health").status());
            socket.setReceiveBufferSize(64 << 10);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            try (TestClient client = new TestClient(socket)) {
                client.send("GET /static/large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
                client.in().mark(1);
                assertEquals('H', client.in().read());
                client.in().reset();
                server.terminate();
                assertTrue(idle.isClosedByServer()); // so the loop has seen it
                assertFalse(isServed(server.port()), "a connection made after the signal");
                assertArrayEquals(content, client.readResponse(false).body());
                assertTrue(client.isClosedByServer());
            }
            assertEquals(0, server.awaitExit(), server.log());
        }
    }

    @ParameterizedTest
    @EnumSource
    void idleConnectionsDoNotDelayIt(BackendOption backend) throws Exception {
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", "../static"));
                TestClient silent = new TestClient(server.port());
                TestClient idle = new TestClient(server.port())) {
            assertEquals(200, idle.request("GET", "/api/health").status());
            long start = System.nanoTime();
            server.terminate();
            assertTrue(idle.isClosedByServer());
            assertTrue(silent.isClosedByServer());
            idle.hangUp();
            silent.hangUp();
            assertEquals(0, server.awaitExit(), server.log());
            long seconds = (System.nanoTime() - start) / 1_000_000_000;
            assertTrue(seconds < 4, seconds + " s, as if it had waited for the drain timeout");
        }
    }

    @Test
    void controlCEndsItTheSameWay() throws Exception {
        // What a shell starts in the background inherits that SIGINT is ignored, and the tests may run like that.
        List<String> heeding = List.of("env", "--default-signal=INT");
        try (ServerProcess server = ServerProcess.startUnder(heeding, "--static-dir", "../static")) {
            assertEquals(0, Commands.run("kill", "-INT", String.valueOf(server.pid())).status());
            assertEquals(0, server.awaitExit(), server.log());
            assertTrue(server.log().lines().reduce((first, second) -> second).orElse("").contains("stopped"),
                    server.log());
        }
    }

    /** Whether a new connection gets an answer within a moment. It may be refused, ended, or left alone. */
    private static boolean isServed(int port) throws IOException {
        try (TestClient late = new TestClient(port)) {
            late.socket().setSoTimeout(500);
            late.send("GET /api/health HTTP/1.1\r\nHost: test\r\n\r\n");
            return late.in().read() >= 0;
        } catch (SocketTimeoutException | SocketException e) {
            return false;
        }
    }
}
