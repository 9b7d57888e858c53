package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** 256 busy connections: no error, no other status than 200, and no descriptor left behind. */
@Timeout(300)
class LoadIT {
    private static final String SECONDS = System.getProperty("ringwave.loadSeconds", "3");
    private static final String[] PATHS = {"/plaintext", "/static/1k", "/json"};

    @ParameterizedTest
    @EnumSource
    void wrkSeesNoErrors(BackendOption backend, @TempDir Path directory) throws Exception {
        Commands.require("wrk");
        Files.write(directory.resolve("1k"), new byte[1024]);
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", directory.toString(), "--benchmark-routes"))) {
            for (String path : PATHS) { // so that every loop has opened what it opens once and keeps
                load(server, path, "1");
            }
            awaitConnections(server.port(), 1);
            long before = server.openDescriptors();
            for (String path : PATHS) {
                load(server, path, SECONDS);
            }
            awaitConnections(server.port(), 1);
            Await.until("open descriptors", server::openDescriptors, open -> open <= before);
            assertFalse(server.log().contains("ERROR"), server.log());
            server.terminate();
            assertEquals(0, server.awaitExit(), server.log());
        }
    }

    private static void load(ServerProcess server, String path, String seconds) throws Exception {
        Commands.Result result = Commands.run("wrk", "-t1", "-c256", "-d" + seconds,
                "http://127.0.0.1:" + server.port() + path);
        assertEquals(0, result.status(), result.output());
        assertTrue(result.output().contains("Requests/sec"), result.output());
        assertFalse(result.output().contains("Socket errors"), path + "\n" + result.output());
        assertFalse(result.output().contains("Non-2xx"), path + "\n" + result.output());
    }

    /** Waits until the only connection is the one that asks. */
    private static void awaitConnections(int port, int wanted) throws Exception {
        Await.until("open connections", () -> connections(port), open -> open == wanted);
    }

    private static int connections(int port) throws IOException {
        return Integer.parseInt(JsonText.at("/connections/open", TestClient.get(port, "/api/stats").body()));
    }
}
