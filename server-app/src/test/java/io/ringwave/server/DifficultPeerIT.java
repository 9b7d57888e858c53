package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Peers that read slowly, or leave in the middle, harm nobody but themselves. */
class DifficultPeerIT {
    private static final int LARGE = 16 << 20;

    @ParameterizedTest
    @EnumSource
    void aSlowReaderGetsEverythingAndDelaysNobody(BackendOption backend, @TempDir Path directory) throws Exception {
        byte[] content = large(directory);
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", directory.toString(), "--workers", "1"));
                Socket socket = new Socket()) {
            socket.setReceiveBufferSize(16 << 10);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            try (TestClient slow = new TestClient(socket); TestClient other = new TestClient(server.port())) {
                slow.send("GET /static/large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
                InputStream in = slow.in();
                in.mark(1 << 16);
                in.read(new byte[1 << 10]);
                in.reset();
                for (int request = 0; request < 200; request++) { // while the large one stands still
                    assertEquals(200, other.request("GET", "/api/health").status());
                }
                assertArrayEquals(content, slow.readResponse(false).body());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReaderThatNeverReadsPipelinedAnswersIsHeldBack(BackendOption backend, @TempDir Path directory)
            throws Exception {
        large(directory);
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", directory.toString(), "--workers", "1"));
                TestClient greedy = new TestClient(server.port());
                TestClient other = new TestClient(server.port())) {
            for (int request = 0; request < 200; request++) {
                greedy.send("GET /static/large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
            }
            for (int request = 0; request < 200; request++) {
                assertEquals(200, other.request("GET", "/api/health").status());
            }
            greedy.hangUp();
            Await.until("open connections", () -> JsonText.at("/connections/open",
                    other.request("GET", "/api/stats").body()), "1"::equals);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aResetInTheMiddleOfAResponseFreesEverything(BackendOption backend, @TempDir Path directory) throws Exception {
        large(directory);
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", directory.toString(), "--workers", "1"));
                TestClient other = new TestClient(server.port())) {
            assertEquals(200, other.request("GET", "/static/large.bin").status());
            long before = server.openDescriptors();
            for (int round = 0; round < 50; round++) {
                try (TestClient leaver = new TestClient(server.port())) {
                    leaver.send("GET /static/large.bin HTTP/1.1\r\nHost: test\r\n\r\n");
                    assertEquals('H', leaver.in().read());
                    leaver.socket().setSoLinger(true, 0); // close() then sends RST
                }
            }
            Await.until("open connections", () -> JsonText.at("/connections/open",
                    other.request("GET", "/api/stats").body()), "1"::equals);
            Await.until("open descriptors", server::openDescriptors, open -> open <= before);
            assertFalse(server.log().contains("ERROR"), server.log());
        }
    }

    private static byte[] large(Path directory) throws IOException {
        byte[] content = new byte[LARGE];
        new Random(7).nextBytes(content);
        Files.write(directory.resolve("large.bin"), content);
        return content;
    }
}
