package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The access log of the program: what curl asked for, log rotation, and places that take no lines. */
class AccessLogIT {
    private static final String PAGES = "../static";

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void curlsRequestsAreThere(BackendOption backend) throws Exception {
        Commands.require("curl");
        Path log = directory.resolve("access.log");
        Files.write(directory.resolve("large.bin"), new byte[5 << 20]);
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", directory.toString(),
                "--access-log", log.toString(), "--mode", "dynamic-path", "--workers", "1"))) { // loops write in no order
            String url = "http://127.0.0.1:" + server.port();
            String[] curl = {"curl", "-s", "-o", "/dev/null", "-A", "\"quoted\"", "-e", "http://there/"};
            curl(curl, url + "/static/large.bin");
            curl(curl, "-r", "100-199", url + "/static/large.bin");
            curl(curl, "-I", url + "/static/large.bin");
            curl(curl, "-d", "{\"a\":1}", url + "/api/echo");
            curl(curl, url + "/api/metrics");
            server.terminate();
            assertEquals(Main.STOPPED, server.awaitExit(), server.log());
        }
        String end = " \"http://there/\" \"\\x22quoted\\x22\"";
        List<String> lines = Files.readAllLines(log).stream().map(line -> line.substring(line.indexOf("] ") + 2))
                .toList();
        assertEquals("\"GET /static/large.bin HTTP/1.1\" 200 5242880" + end, lines.get(0));
        assertEquals("\"GET /static/large.bin HTTP/1.1\" 206 100" + end, lines.get(1));
        assertEquals("\"HEAD /static/large.bin HTTP/1.1\" 200 0" + end, lines.get(2));
        assertEquals("\"POST /api/echo HTTP/1.1\" 200 7" + end, lines.get(3));
        assertTrue(lines.get(4).startsWith("\"GET /api/metrics HTTP/1.1\" 200 "), lines.get(4));
        assertEquals(5, lines.size());
    }

    private static void curl(String[] options, String... more) throws Exception {
        String[] command = new String[options.length + more.length];
        System.arraycopy(options, 0, command, 0, options.length);
        System.arraycopy(more, 0, command, options.length, more.length);
        assertEquals(new Commands.Result(0, ""), Commands.run(command));
    }

    @Test
    void sighupAndRenamingOpenTheFileAnew() throws Exception {
        Path log = directory.resolve("access.log");
        try (ServerProcess server = ServerProcess.start("--static-dir", PAGES, "--access-log", log.toString())) {
            ask(server, "/api/health?first");
            awaitLine(log, "?first");
            // with a signal, as logrotate does it: at once
            Path rotated = Files.move(log, directory.resolve("access.log.1"));
            assertEquals(0, Commands.run("kill", "-HUP", Long.toString(server.pid())).status());
            Await.until("the file is there again", () -> Files.exists(log), there -> there);
            ask(server, "/api/health?second");
            awaitLine(log, "?second");
            assertFalse(Files.readString(rotated).contains("?second"));
            // without one: within a second
            Files.move(log, directory.resolve("access.log.2"));
            Await.until("the file is there again", () -> Files.exists(log), there -> there);
            ask(server, "/api/health?third");
            awaitLine(log, "?third");
            Files.delete(log);
            Await.until("the file is there again", () -> Files.exists(log), there -> there);
            ask(server, "/api/health?fourth");
            awaitLine(log, "?fourth");
            server.terminate();
            assertEquals(Main.STOPPED, server.awaitExit(), server.log());
        }
    }

    @Test
    void stdoutTakesItToo() throws Exception {
        Path out = directory.resolve("stdout");
        try (ServerProcess server = ServerProcess.startUnder(
                List.of("sh", "-c", "out=$1; shift; exec \"$@\" >\"$out\"", "sh", out.toString()), "--static-dir",
                PAGES, "--access-log", "-", "--access-log-format", "json")) {
            ask(server, "/api/health");
            server.terminate();
            assertEquals(Main.STOPPED, server.awaitExit(), server.log());
        }
        List<String> lines = Files.readAllLines(out);
        assertEquals(1, lines.size());
        assertEquals("/api/health", JsonText.at("/target", lines.get(0).getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @EnumSource
    void aFullDiskDoesNotHurt(BackendOption backend) throws Exception {
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", PAGES, "--access-log", "/dev/full"))) {
            serves(server);
            Await.until("dropped lines", () -> dropped(server), count -> count > 100);
            server.awaitLine(line -> line.contains("lines of the access log were dropped") && line.contains("ENOSPC"));
            server.terminate();
            assertEquals(Main.STOPPED, server.awaitExit(), server.log());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFifoThatNobodyReadsDoesNotHurt(BackendOption backend) throws Exception {
        Commands.require("mkfifo");
        Path fifo = directory.resolve("fifo");
        assertEquals(0, Commands.run("mkfifo", fifo.toString()).status());
        try (ServerProcess server = ServerProcess.start(
                backend.with("--static-dir", PAGES, "--access-log", fifo.toString(), "--workers", "1"))) {
            serves(server);
            try (TestClient client = new TestClient(server.port())) {
                String batch = "GET /api/health?".concat("x".repeat(1000)).concat(" HTTP/1.1\r\nHost: x\r\n\r\n")
                        .repeat(16);
                for (int sent = 0; sent < 3 * AccessRing.DEFAULT_BYTES; sent += batch.length()) {
                    client.send(batch);
                    for (int i = 0; i < 16; i++) {
                        assertEquals(200, client.readResponse(false).status());
                    }
                }
            }
            assertTrue(dropped(server) > 0);
            server.terminate();
            assertEquals(Main.STOPPED, server.awaitExit(), server.log());
        }
    }

    private static void ask(ServerProcess server, String path) throws IOException {
        assertEquals(200, TestClient.get(server.port(), path).status());
    }

    private static void serves(ServerProcess server) throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            for (int i = 0; i < 200; i++) {
                assertEquals(200, client.request("GET", "/static/").status());
            }
        }
    }

    private static void awaitLine(Path log, String text) throws Exception {
        Await.until(text, () -> Files.readString(log), lines -> lines.contains(text));
    }

    private static long dropped(ServerProcess server) throws IOException {
        long inStats = Long.parseLong(
                JsonText.at("/accessLog/dropped", TestClient.get(server.port(), "/api/stats").body()));
        long inMetrics = TestClient.get(server.port(), "/api/metrics").text().lines()
                .filter(line -> line.startsWith("ringwave_access_log_dropped_lines_total "))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.indexOf(' ') + 1))).findFirst()
                .orElseThrow();
        assertTrue(inMetrics >= inStats);
        return inStats;
    }
}
