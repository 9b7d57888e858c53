package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot start says why in one line, and exits with 2. */
class CommandLineIT {
    private static final String PAGES = "../static";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --no-such-option                       | --no-such-option
            --port abc                             | --port
            --port 70000                           | --port
            --port -1                              | --port
            --port                                 | --port
            --workers 0                            | --workers
            --workers 99999                        | --workers
            --pin sometimes                        | --pin
            --pin 0,0                              | twice
            --pin 9000                             | CPU 9000
            --pin 0 --workers 2                    | 1 CPUs for 2 loops
            --accept deal                          | reuseport
            --max-connections 0                    | --max-connections
            --max-connections 3 --workers 4        | --max-connections
            --max-connections x                    | --max-connections
            --mode slow-path                       | fast-path, dynamic-path
            --backend kqueue                       | auto, io_uring, epoll
            --log-format xml                       | text or json
            --log-level loud                       | off, error, warn
            --no-io-uring --backend io_uring       | --no-io-uring
            --host no-such-host.invalid            | no-such-host.invalid
            --host 203.0.113.77 --port 0           | 203.0.113.77
            --file-strategy magic                  | auto, memory, mmap, sendfile, splice, uring
            --cache-bytes -1                       | --cache-bytes
            --cache-revalidate 90000000            | --cache-revalidate
            --static-dir ./no-such-directory       | no-such-directory
            --static-dir ./pom.xml                 | not a directory
            --content-type glsl                    | --content-type
            --content-type .txt=text/plain         | --content-type
            --content-type txt=text                | --content-type
            --cache-control max-age=é         | --cache-control
            stray                                  | stray
            """)
    void saysInOneLineWhatIsWrong(String options, String named) throws Exception {
        List<String> all = Stream.concat(
                options.contains("--static-dir") ? Stream.empty() : Stream.of("--static-dir", PAGES),
                Stream.of(options.split(" "))).toList();
        assertRefused(named, List.of(), all.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({"auto", "epoll"})
    void aPortInUseIsNoticed(String backend) throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = String.valueOf(other.getLocalPort());
            assertRefused("port " + port, List.of(), "--host", "127.0.0.1", "--port", port, "--static-dir", PAGES,
                    "--backend", backend);
        }
    }

    @Test
    void aPortInUseIsNoticedWhenTheOtherSharesIt() throws Exception {
        try (ServerProcess other = ServerProcess.start("--static-dir", PAGES, "--workers", "2")) {
            String port = String.valueOf(other.port());
            assertRefused("port " + port, List.of(), "--host", "127.0.0.1", "--port", port, "--static-dir", PAGES,
                    "--workers", "2");
        }
    }

    @Test
    void aPrivilegedPortIsRefusedWithTheReason(@TempDir Path directory) throws Exception {
        Commands.require("setpriv");
        Commands.requireRoot("become a user who is not");
        assumeTrue(Commands.setting(Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start")).equals("1024"),
                "this machine lets everybody bind every port (net.ipv4.ip_unprivileged_port_start)");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path jar = Files.copy(ServerProcess.JAR, directory.resolve("server.jar"));
        Commands.Result result = Commands.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", jar.toString(), "--host",
                "127.0.0.1", "--port", "81", "--static-dir", "/usr/share");
        assertEquals(2, result.status(), result.output());
        assertTrue(result.output().contains("CAP_NET_BIND_SERVICE"), result.output());
        assertEquals(1, result.output().lines().count(), result.output());
    }

    @Test
    void ofAnOptionThatIsRepeatedTheLastOneCounts() throws Exception {
        try (ServerProcess server = ServerProcess.start("--static-dir", PAGES, "--workers", "3", "--backend", "epoll",
                "--workers", "2", "--max-connections", "10", "--backend", "auto", "--max-connections", "20")) {
            assertTrue(server.log().contains("workers: 2, connections: at most 20"), server.log());
        }
    }

    @Test
    void helpListsTheOptions() throws Exception {
        Commands.Result result = run("--help");
        assertEquals(0, result.status());
        for (String option : List.of("--host", "--port", "--workers", "--mode", "--static-dir", "--no-io-uring",
                "--backend", "--benchmark-routes", "--max-connections", "--version", "--help")) {
            assertTrue(result.output().contains(option), option);
        }
    }

    @Test
    void theVersionIsTheBuilds() throws Exception {
        Commands.Result result = run("--version");
        assertEquals(0, result.status());
        assertTrue(result.output().startsWith("ringwave-server " + Version.PROGRAM), result.output());
        assertTrue(result.output().contains("Java " + Runtime.version()), result.output());
        assertFalse(result.output().contains("$"), result.output());
    }

    @Test
    void anOlderJavaIsToldWhatItLacks() throws Exception {
        Optional<Path> older = olderJava();
        assumeTrue(older.isPresent(), "there is no Java 11 to 21 in /usr/lib/jvm");
        Commands.Result result = Commands.run(older.get().toString(), "-jar", ServerProcess.JAR.toString());
        assertEquals(2, result.status(), result.output());
        assertTrue(result.output().contains("Java 22 or newer is needed"), result.output());
        assertEquals(1, result.output().lines().count(), result.output());
    }

    private static Commands.Result run(String option) throws IOException, InterruptedException {
        return Commands.run(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar",
                ServerProcess.JAR.toString(), option);
    }

    private static void assertRefused(String named, List<String> command, String... options) throws Exception {
        try (ServerProcess server = ServerProcess.launch(command, options)) {
            assertEquals(2, server.awaitExit(), server.log());
            assertTrue(server.log().startsWith("ringwave-server: "), server.log());
            assertTrue(server.log().contains(named), server.log());
            assertEquals(1, server.log().lines().count(), server.log());
        }
    }

    private static Optional<Path> olderJava() throws IOException {
        Path homes = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(homes)) {
            return Optional.empty();
        }
        try (Stream<Path> found = Files.list(homes)) {
            return found.filter(home -> release(home) >= 11 && release(home) < 22).map(home -> home.resolve("bin/java"))
                    .filter(Files::isExecutable).findFirst();
        }
    }

    private static int release(Path home) {
        try (Stream<String> lines = Files.lines(home.resolve("release"))) {
            return lines.filter(line -> line.startsWith("JAVA_VERSION=\"")).findFirst()
                    .map(line -> Integer.parseInt(line.replaceAll("JAVA_VERSION=\"(\\d+).*", "$1"))).orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
