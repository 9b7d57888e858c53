package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What an unprivileged user's limit of locked memory leaves of the rings: shorter queues as long as they fit, then epoll,
 * and the reason in both cases. Each case has a user of its own, because the kernel counts over all processes of one, and
 * gives back what a process had locked only some time after its end.
 */
class LockedMemoryIT {

    @TempDir
    private static Path scratch;

    @BeforeAll
    static void prepare() throws Exception {
        Commands.require("setpriv");
        Commands.requireRoot("become an unprivileged user");
        Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.copy(ServerProcess.JAR, scratch.resolve("server.jar"));
        Files.setPosixFilePermissions(scratch.resolve("server.jar"), PosixFilePermissions.fromString("rw-r--r--"));
        assumeTrue(Commands.run("setpriv", "--reuid=65534", "--clear-groups", "test", "-r",
                scratch.resolve("server.jar").toString()).status() == 0, "an unprivileged user cannot read " + scratch);
    }

    @ParameterizedTest
    @CsvSource({"64,1,128", "128,1,512", "128,2,128", "256,1,1024", "256,2,512", "256,4,128", "8192,2,1024"})
    void ringsShrinkUntilAllOfThemFit(int limitKiB, int loops, int entries) throws Exception {
        try (ServerProcess server = start(61_000 + 10 * limitKiB % 4000 + loops, limitKiB, loops)) {
            byte[] stats = TestClient.get(server.port(), "/api/stats").body();
            assertEquals("io_uring", JsonText.at("/backend/name", stats), server.log());
            assertEquals("full_size_queues", JsonText.at("/backend/features/0/name", stats));
            String detail = JsonText.at("/backend/features/0/detail", stats);
            assertTrue(detail.startsWith(entries + " entries"), detail);
            assertEquals(entries == 1024 ? "used" : "unavailable", JsonText.at("/backend/features/0/use", stats));
            assertEquals(entries != 1024, detail.contains("the limit of locked memory allows no more"), detail);
            assertTrue(server.log().contains("full_size_queues (" + detail + ")"), server.log());
        }
    }

    @Test
    void whereNoneFitsTheServerRunsOnEpollAndSaysWhy() throws Exception {
        try (ServerProcess server = start(61_001, 8, 1)) {
            byte[] stats = TestClient.get(server.port(), "/api/stats").body();
            assertEquals("epoll", JsonText.at("/backend/name", stats), server.log());
            String reason = JsonText.at("/backend/reason", stats);
            assertTrue(reason.contains("ENOMEM"), reason);
            assertTrue(reason.contains("locked memory"), reason);
            assertTrue(JsonText.at("/backend/remedy", stats).contains("ulimit -l"), reason);
            assertTrue(server.log().contains(reason), server.log());
        }
    }

    private static ServerProcess start(int user, int limitKiB, int loops) throws Exception {
        return ServerProcess.startCopyUnder(scratch.resolve("server.jar"),
                List.of("sh", "-c", "ulimit -l $0 && exec \"$@\"", String.valueOf(limitKiB), "setpriv",
                        "--reuid=" + user, "--regid=65534", "--clear-groups"),
                "--static-dir", scratch.toString(), "--workers", String.valueOf(loops));
    }
}
