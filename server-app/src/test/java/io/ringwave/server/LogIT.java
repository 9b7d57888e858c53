package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The program's log on stderr: its formats, and that the server does not depend on anybody who takes it. */
class LogIT {
    private static final String PAGES = "../static";
    private static final int PIPE_BYTES = 65_536; // pipe(7)

    @Test
    void everyLineIsAJsonObjectIfThatIsAskedFor() throws Exception {
        try (ServerProcess server = ServerProcess.start("--static-dir", PAGES, "--log-format", "json", "--workers", "2",
                "--log-level", "debug")) {
            assertEquals(200, TestClient.get(server.port(), "/api/health").status());
            server.terminate();
            assertEquals(Main.STOPPED, server.awaitExit(), server.log());
            List<String> lines = server.log().lines().toList();
            JsonFactory json = new JsonFactory();
            for (String line : lines) {
                try (JsonParser parser = json.createParser(line)) {
                    while (parser.nextToken() != null) {
                        parser.getText();
                    }
                }
            }
            byte[] listening = lines.stream().filter(line -> line.contains("listening on")).findFirst().orElseThrow()
                    .getBytes(StandardCharsets.UTF_8);
            assertEquals(Integer.toString(server.port()), JsonText.at("/fields/port", listening));
            assertEquals("INFO", JsonText.at("/level", listening));
            byte[] backend = lines.stream().filter(line -> line.contains("\"message\":\"Backend ")).findFirst()
                    .orElseThrow().getBytes(StandardCharsets.UTF_8);
            assertTrue(List.of("io_uring", "epoll").contains(JsonText.at("/fields/backend", backend)), server.log());
            assertTrue(lines.getLast().contains("stopped after 1 requests"), lines.getLast());
        }
    }

    @Test
    void aLevelAboveLeavesTheRestOut() throws Exception {
        int port = freePort();
        try (ServerProcess server = ServerProcess.launch(List.of(), "--static-dir", PAGES, "--host", "127.0.0.1",
                "--port", Integer.toString(port), "--log-level", "warn")) {
            awaitStarted(port);
            server.terminate();
            assertEquals(Main.STOPPED, server.awaitExit(), server.log());
            assertFalse(server.log().contains("INFO"), server.log());
        }
    }

    /** A full disk, and a pipe whose reader has gone. */
    @ParameterizedTest
    @ValueSource(strings = {"exec \"$@\" 2>/dev/full", "exec \"$@\" 2> >(:)"})
    void aLogThatCannotBeWrittenDoesNotHurt(String script) throws Exception {
        Commands.require("bash");
        int port = freePort();
        try (ServerProcess server = ServerProcess.launch(List.of("bash", "-c", script, "bash"), "--static-dir", PAGES,
                "--host", "127.0.0.1", "--port", Integer.toString(port))) {
            awaitStarted(port);
            serves(port);
            Await.until("lines dropped", () -> dropped(port), count -> count > 0);
            server.terminate();
            assertEquals(Main.STOPPED, server.awaitExit());
        }
    }

    @Test
    void aPipeThatNobodyReadsDoesNotHurt(@TempDir Path directory) throws Exception {
        Path fifo = directory.resolve("fifo");
        Commands.require("mkfifo");
        assertEquals(0, Commands.run("mkfifo", fifo.toString()).status());
        int port = freePort();
        try (RandomAccessFile reader = new RandomAccessFile(fifo.toFile(), "rw")) { // open, so that it is not broken
            reader.write(new byte[PIPE_BYTES]);
            try (ServerProcess server = ServerProcess.launch(
                    List.of("sh", "-c", "exec \"$@\" 2>" + fifo, "sh"), "--static-dir", PAGES, "--host",
                    "127.0.0.1", "--port", Integer.toString(port))) {
                awaitStarted(port);
                serves(port);
                server.terminate();
                assertEquals(Main.STOPPED, server.awaitExit());
            }
        }
    }

    private static void awaitStarted(int port) throws Exception {
        Await.until("the server answers", () -> {
            try {
                return TestClient.get(port, "/api/stats").status();
            } catch (IOException notYet) {
                return 0;
            }
        }, status -> status == 200);
    }

    private static void serves(int port) throws IOException {
        try (TestClient client = new TestClient(port)) {
            for (int i = 0; i < 100; i++) {
                assertEquals(200, client.request("GET", "/static/").status());
            }
        }
    }

    private static long dropped(int port) throws IOException {
        return TestClient.get(port, "/api/metrics").text().lines()
                .filter(line -> line.startsWith("ringwave_log_dropped_lines_total "))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf(' ') + 1))).findFirst()
                .orElseThrow();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
