package io.ringwave.server;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Other programs that the system tests run. */
final class Commands {

    private Commands() {}

    /** What a program printed, on stdout and stderr together, and its exit code. */
    record Result(int status, String output) {}

    static Result run(String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("ringwave-test", ".out");
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(output.toFile()).start();
            if (!process.waitFor(150, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(List.of(command) + " did not end");
            }
            return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
        } finally {
            Files.delete(output);
        }
    }

    /** A kernel setting. Read at once: many of these files end after the first read(2), however short. */
    static String setting(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new String(in.readNBytes(256), StandardCharsets.US_ASCII).strip();
        }
    }

    /** Skips the test, saying why, where a program is missing. */
    static void require(String program) {
        assumeTrue(Stream.of(System.getenv("PATH").split(":")).anyMatch(
                directory -> Files.isExecutable(Path.of(directory, program))), program + " is not installed");
    }

    /** Skips the test, saying why, unless it runs as root. */
    static void requireRoot(String purpose) throws IOException {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root to " + purpose);
    }
}
