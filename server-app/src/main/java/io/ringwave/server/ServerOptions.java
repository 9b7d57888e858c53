package io.ringwave.server;

import io.ringwave.BackendChoice;
import io.ringwave.EngineConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The command line. Fields are filled by picocli; {@link #validate} checks what a type cannot say. */
// @formatter:off
@Command(name = "ringwave-server", mixinStandardHelpOptions = true, versionProvider = Version.class,
        sortOptions = false, usageHelpWidth = 110, description = "Serves files and a small JSON API over HTTP/1.1.",
        footer = {"", "Of an option that is given more than once the last one counts.",
                "SIGTERM and Ctrl-C stop accepting, finish what is in flight, and exit with 0.",
                "Exit codes: 0 stopped as asked, 1 failed while running, 2 could not start."})
// @formatter:on
final class ServerOptions {
    private static final int NO_LIMIT = -1;
    private static final List<String> BACKENDS = List.of(EngineConfig.AUTO, "io_uring", "epoll");

    // @formatter:off: an annotation is broken where its parts end
    @Option(names = "--host", paramLabel = "ADDRESS", defaultValue = "0.0.0.0",
            description = "Address to listen on (default: ${DEFAULT-VALUE}).")
    String host = "";

    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8080",
            description = "Port to listen on; 0 picks a free one (default: ${DEFAULT-VALUE}).")
    int port;

    @Option(names = "--unix-socket", paramLabel = "PATH",
            description = "Listen on a Unix-domain socket, instead of --host and --port.")
    @Nullable
    Path unixSocket;

    @Option(names = "--workers", paramLabel = "COUNT",
            description = "Event loops, each with its own thread (default: the number of CPUs).")
    int workers = Runtime.getRuntime().availableProcessors();

    @Option(names = "--offload-threads", paramLabel = "COUNT", defaultValue = "0",
            description = "Threads for handlers that block; they begin when they are needed (default: 0, as many as there "
                    + "are CPUs).")
    int offloadThreads;

    @Option(names = "--max-connections", paramLabel = "COUNT",
            description = "Connections at a time, divided equally among the workers; a worker that has its part leaves "
                    + "the others waiting until one ends (default: as many as the limit of open files allows).")
    int maxConnections = NO_LIMIT;

    @Option(names = "--mode", paramLabel = "MODE", defaultValue = "fast-path", converter = ModeConverter.class,
            description = "fast-path: files and GET endpoints; dynamic-path: the JSON API as well "
                    + "(default: ${DEFAULT-VALUE}).")
    Mode mode = Mode.FAST_PATH;

    @Option(names = "--static-dir", paramLabel = "DIRECTORY", defaultValue = "./static",
            description = "What is served under /static/ (default: ${DEFAULT-VALUE}).")
    Path staticDir = Path.of("static");

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = EngineConfig.AUTO,
            description = "auto, io_uring or epoll; auto takes io_uring where it works (default: ${DEFAULT-VALUE}).")
    String backend = EngineConfig.AUTO;

    @Option(names = "--no-io-uring", description = "The same as --backend epoll.")
    boolean noIoUring;

    @Option(names = "--benchmark-routes", description = "Also serve /plaintext, /json and /blocking.")
    boolean benchmarkRoutes;
    // @formatter:on

    ServerOptions() {}

    /** @throws IllegalArgumentException one line that names the option */
    void validate() {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("--port must be between 0 and 65535: " + port);
        }
        if (workers < 1 || workers > 1024) {
            throw new IllegalArgumentException("--workers must be between 1 and 1024: " + workers);
        }
        if (offloadThreads < 0 || offloadThreads > 4096) {
            throw new IllegalArgumentException("--offload-threads must be between 0 and 4096: " + offloadThreads);
        }
        if (maxConnections != NO_LIMIT && (maxConnections < workers || maxConnections > 1 << 24)) {
            throw new IllegalArgumentException(
                    "--max-connections must be between the number of workers, " + workers + ", and 16777216: "
                            + maxConnections);
        }
        if (!BACKENDS.contains(backend)) {
            throw new IllegalArgumentException(
                    "--backend must be one of " + String.join(", ", BACKENDS) + ": '" + backend + "'");
        }
        if (noIoUring && backend.equals("io_uring")) {
            throw new IllegalArgumentException("--no-io-uring contradicts --backend io_uring");
        }
        if (host.isBlank()) {
            throw new IllegalArgumentException("--host must not be empty");
        }
        if (unixSocket != null && unixSocket.toString().isEmpty()) {
            throw new IllegalArgumentException("--unix-socket must not be empty");
        }
        if (staticDir.toString().isEmpty()) {
            throw new IllegalArgumentException("--static-dir must not be empty");
        }
        if (!Files.exists(staticDir)) {
            throw new IllegalArgumentException("--static-dir: there is no directory " + staticDir);
        }
        if (!Files.isDirectory(staticDir)) {
            throw new IllegalArgumentException("--static-dir: not a directory: " + staticDir);
        }
        if (!Files.isReadable(staticDir) || !Files.isExecutable(staticDir)) {
            throw new IllegalArgumentException("--static-dir: no permission to read " + staticDir);
        }
        address();
    }

    /** @throws IllegalArgumentException if the host has no address */
    SocketAddress address() {
        if (unixSocket != null) {
            return UnixDomainSocketAddress.of(unixSocket);
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("--host: no address is known for '" + host + "'", e);
        }
    }

    /** How many connections each worker may have: a part of the whole, rounded down. */
    int connectionsPerWorker() {
        return maxConnections == NO_LIMIT ? EngineConfig.DEFAULT_MAX_CONNECTIONS : maxConnections / workers;
    }

    /** How many workers serve the handlers that block. */
    int offloadThreadCount() {
        return offloadThreads == 0 ? Runtime.getRuntime().availableProcessors() : offloadThreads;
    }

    String backendName() {
        return noIoUring ? "epoll" : backend;
    }

    /** The engine knows that its backend was configured; this says by which option, and how to undo it. */
    BackendChoice explain(BackendChoice choice) {
        return noIoUring
                ? new BackendChoice(choice.name(), "io_uring was ruled out by --no-io-uring",
                        "start without --no-io-uring", choice.considered())
                : choice;
    }

    /** Reads {@link Mode} by its name on the command line. Instantiated by picocli. */
    static final class ModeConverter implements ITypeConverter<Mode> {

        ModeConverter() {}

        @Override
        public Mode convert(String value) {
            try {
                return Mode.named(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
