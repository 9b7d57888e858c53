package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where io_uring is not to be had, the same jar serves over epoll and says why, and what would change that. */
class FallbackIT {
    private static final Path SWITCH = Path.of("/proc/sys/kernel/io_uring_disabled");

    @TempDir
    private static Path scratch;

    @BeforeAll
    static void writePage() throws IOException {
        Files.writeString(scratch.resolve("index.html"), "Hello, World!\n");
    }

    @ParameterizedTest
    @CsvSource({"EPERM,1", "ENOSYS,38"})
    void aSeccompFilterForbidsIt(String name, String errno) throws Exception {
        Commands.require("gcc");
        Path deny = scratch.resolve("deny_io_uring");
        Commands.Result compiled = Commands.run("gcc", "-Wall", "-Werror", "-o", deny.toString(),
                "src/test/c/deny_io_uring.c");
        assertEquals(0, compiled.status(), compiled.output());
        try (ServerProcess server = ServerProcess.startUnder(List.of(deny.toString(), errno), "--static-dir",
                scratch.toString())) {
            assertServesOverEpoll(server, name);
        }
    }

    @Test
    void aSysctlForbidsIt() throws Exception {
        Commands.requireRoot("set kernel.io_uring_disabled");
        assumeTrue(Files.isWritable(SWITCH), SWITCH + " is not there, or may not be written");
        String before = Commands.setting(SWITCH);
        ServerProcess server;
        try {
            Files.writeString(SWITCH, "2");
            server = ServerProcess.start("--static-dir", scratch.toString());
        } finally {
            Files.writeString(SWITCH, before); // at once: it holds for the whole machine
        }
        try (server) {
            assertServesOverEpoll(server, "io_uring_disabled");
        }
    }

    @Test
    void liburingIsMissing() throws Exception {
        Commands.require("unshare");
        Commands.requireRoot("hide liburing from one process");
        Optional<String> liburing = Commands.run("sh", "-c", "ldconfig -p || /sbin/ldconfig -p").output().lines()
                .filter(line -> line.contains("liburing.so.2 ")).map(line -> line.replaceAll(".*=> *", "")).findFirst();
        assumeTrue(liburing.isPresent(), "liburing is missing anyway");
        Path nothing = Files.createFile(scratch.resolve("nothing"));
        String real = Path.of(liburing.get()).toRealPath().toString();
        String[] hide = {"unshare", "--mount", "sh", "-c", "mount --bind \"$0\" \"$1\" && shift && exec \"$@\"",
            nothing.toString(), real};
        assumeTrue(Commands.run("unshare", "--mount", "mount", "--bind", nothing.toString(), real).status() == 0,
                "this container allows no mount namespaces");
        try (ServerProcess server = ServerProcess.startUnder(List.of(hide), "--static-dir", scratch.toString())) {
            assertServesOverEpoll(server, "liburing");
        }
    }

    @Test
    void anOptionForbidsIt() throws Exception {
        try (ServerProcess server = ServerProcess.start("--static-dir", scratch.toString(), "--no-io-uring")) {
            assertServesOverEpoll(server, "--no-io-uring");
        }
    }

    private static void assertServesOverEpoll(ServerProcess server, String cause) throws Exception {
        assertEquals("Hello, World!\n", TestClient.get(server.port(), "/static/index.html").text());
        byte[] stats = TestClient.get(server.port(), "/api/stats").body();
        assertEquals("epoll", JsonText.at("/backend/name", stats), server.log());
        String reason = JsonText.at("/backend/reason", stats);
        String remedy = JsonText.at("/backend/remedy", stats);
        assertTrue((reason + remedy).contains(cause), reason + " / " + remedy);
        assertFalse(remedy.isBlank(), reason);
        assertTrue(server.log().contains(reason), server.log());
        assertTrue(server.log().contains(remedy), server.log());
        server.terminate();
        assertEquals(0, server.awaitExit(), server.log());
    }
}
