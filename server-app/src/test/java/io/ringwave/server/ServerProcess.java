package io.ringwave.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The standalone jar as a child process: what an operator starts, with its log on stderr. Ends with the test that started
 * it, whatever happens.
 */
final class ServerProcess implements AutoCloseable {
    static final Path JAR = Path.of(System.getProperty("ringwave.standaloneJar", "target/ringwave-server.jar"));
    static final Duration DEADLINE = Duration.ofSeconds(60);

    private static final String JAVA = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final Pattern LISTENING = Pattern.compile("listening on http://\\S+:(\\d+)/");

    private final Process process;
    private final List<String> log = new ArrayList<>(); // guarded by itself
    private final Thread logReader;

    private ServerProcess(Process process) {
        this.process = process;
        logReader = Thread.ofVirtual().start(this::readLog);
    }

    /** Starts the server on a free port of the loopback address, and waits until it listens. */
    static ServerProcess start(String... options) throws IOException {
        return startUnder(List.of(), options);
    }

    /** The same as the last part of a command that ends in exec. */
    static ServerProcess startUnder(List<String> command, String... options) throws IOException {
        return startCopyUnder(JAR, command, options);
    }

    /** The same with a copy of the jar, for users that cannot read it where it is. */
    static ServerProcess startCopyUnder(Path jar, List<String> command, String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of("--host", "127.0.0.1", "--port", "0"));
        all.addAll(List.of(options));
        ServerProcess server = launch(jar, command, all.toArray(String[]::new));
        try {
            server.awaitLine(LISTENING.asPredicate());
        } catch (AssertionError e) {
            server.close();
            throw e;
        }
        return server;
    }

    /** Starts the server with just these options. */
    static ServerProcess launch(List<String> command, String... options) throws IOException {
        return launch(JAR, command, options);
    }

    private static ServerProcess launch(Path jar, List<String> command, String... options) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(JAVA, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4", "-jar", jar.toString()));
        all.addAll(List.of(options));
        return new ServerProcess(new ProcessBuilder(all).redirectOutput(ProcessBuilder.Redirect.DISCARD).start());
    }

    int port() {
        synchronized (log) {
            return log.stream().map(LISTENING::matcher).filter(Matcher::find).findFirst()
                    .map(found -> Integer.parseInt(found.group(1))).orElseThrow();
        }
    }

    long pid() {
        return process.pid();
    }

    /** What it has logged so far. */
    String log() {
        synchronized (log) {
            return String.join("\n", log);
        }
    }

    /** Waits until it logs such a line. */
    void awaitLine(Predicate<String> wanted) {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        synchronized (log) {
            while (log.stream().noneMatch(wanted)) {
                long millis = (deadline - System.nanoTime()) / 1_000_000;
                if (millis <= 0 || !logReader.isAlive()) {
                    throw new AssertionError("the line never came; the log is:\n" + log());
                }
                try {
                    log.wait(millis);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }
    }

    /** How many descriptors the process holds open. */
    long openDescriptors() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid() + "/fd"))) {
            return descriptors.count();
        }
    }

    /** Sends SIGTERM; not by the process's own method, which would close our end of its log as well. */
    void terminate() {
        process.toHandle().destroy();
    }

    /** The exit code, once it has ended and its log is complete. */
    int awaitExit() throws InterruptedException {
        if (!process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the server did not end; the log is:\n" + log());
        }
        logReader.join(DEADLINE);
        return process.exitValue();
    }

    /** Kills it, if it still runs. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void readLog() {
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                synchronized (log) {
                    log.add(line);
                    log.notifyAll();
                }
            }
        } catch (IOException e) {
            // the process was killed, and its output closed with it: the log ends here
        } finally {
            synchronized (log) {
                log.notifyAll();
            }
        }
    }
}
