package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The program on a Unix-domain socket, asked by curl. */
class UnixSocketIT {

    @ParameterizedTest
    @EnumSource
    void servesOnAPathAndLeavesNoFile(BackendOption option, @TempDir Path directory) throws Exception {
        Path path = directory.resolve("server");
        for (int round = 0; round < 2; round++) { // in the second over what the first, killed, has left
            try (ServerProcess server = ServerProcess.launch(List.of(),
                    option.with("--static-dir", "../static", "--unix-socket", path.toString(), "--workers", "2"))) {
                server.awaitLine(line -> line.contains("listening on unix:" + path));
                for (int i = 0; i < 4; i++) {
                    assertEquals("{\"status\":\"UP\"}", curl(path, "/api/health").strip());
                }
                byte[] page = Files.readAllBytes(Path.of("../static/index.html"));
                assertEquals(new String(page, StandardCharsets.UTF_8), curl(path, "/static/index.html"));
                if (round == 1) {
                    server.terminate();
                    assertEquals(Main.STOPPED, server.awaitExit());
                    assertFalse(Files.exists(path));
                }
            }
            assertTrue(round == 1 || Files.exists(path), "a server that was killed leaves its file");
        }
    }

    @Test
    void refusesAPathOnWhichAnotherServerAnswers(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("server");
        String[] options = {"--static-dir", "../static", "--unix-socket", path.toString()};
        try (ServerProcess first = ServerProcess.launch(List.of(), options)) {
            first.awaitLine(line -> line.contains("listening on unix:" + path));
            try (ServerProcess second = ServerProcess.launch(List.of(), options)) {
                assertEquals(Main.NOT_STARTED, second.awaitExit());
                assertTrue(second.log().contains(
                        "ringwave-server: Cannot listen on " + path + ": another server answers there"), second.log());
            }
            assertEquals("{\"status\":\"UP\"}", curl(path, "/api/health").strip());
        }
    }

    private static String curl(Path path, String target) throws Exception {
        Process curl = new ProcessBuilder("curl", "-sS", "--max-time", "20", "--unix-socket", path.toString(),
                "http://localhost" + target).redirectErrorStream(true).start();
        String output = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(curl.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, curl.exitValue(), output);
        return output;
    }
}
