package io.ringwave.server;

import ch.qos.logback.classic.Level;
import io.ringwave.AcceptMode;
import io.ringwave.BackendChoice;
import io.ringwave.EngineConfig;
import io.ringwave.cpu.Pinning;
import io.ringwave.http.FileCacheConfig;
import io.ringwave.http.FileStrategy;
import io.ringwave.http.StaticFilesConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The command line. Fields are filled by picocli; {@link #validate} checks what a type cannot say. */
// @formatter:off
@Command(name = "ringwave-server", mixinStandardHelpOptions = true, versionProvider = Version.class,
        sortOptions = false, usageHelpWidth = 110, description = "Serves files and a small JSON API over HTTP/1.1.",
        footer = {"", "Of an option that is given more than once the last one counts, but for --content-type.",
                "SIGTERM and Ctrl-C stop accepting, finish what is in flight, and exit with 0.",
                "Exit codes: 0 stopped as asked, 1 failed while running, 2 could not start."})
// @formatter:on
final class ServerOptions {
    private static final int NO_LIMIT = -1;
    private static final int DEFAULT = Integer.MIN_VALUE; // nobody would type that
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
            description = "Event loops, each with its own thread (default: as many as CPUs are named by --pin, else as the "
                    + "process may use, by its affinity mask and the quota of its cgroup).")
    int workers = DEFAULT;

    @Option(names = "--pin", paramLabel = "CPUS", defaultValue = "auto", converter = PinningConverter.class,
            description = "auto, none, or the CPUs of the workers such as 0-3,8; auto pins where the workers fill at least "
                    + "four cores that no quota limits (default: ${DEFAULT-VALUE}).")
    Pinning pinning = Pinning.AUTO;

    @Option(names = "--accept", paramLabel = "MODE", defaultValue = "auto", converter = AcceptModeConverter.class,
            description = "reuseport: every worker has a listener, to which the kernel spreads connections, by the CPU on "
                    + "which they arrive if workers are pinned; handoff: one thread deals them to the worker that has the "
                    + "fewest; auto: reuseport, by CPU only if every worker's CPU receives from a network card "
                    + "(default: ${DEFAULT-VALUE}).")
    AcceptMode acceptMode = AcceptMode.AUTO;

    @Option(names = "--huge-pages",
            description = "Put the workers' buffers into huge pages, as far as there are any; the log says what it became.")
    boolean hugePages;

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

    @Option(names = "--cache-control", paramLabel = "VALUE", defaultValue = "",
            description = "Cache-Control of files, such as 'public, max-age=3600' (default: none).")
    String cacheControl = "";

    @Option(names = "--content-type", paramLabel = "EXT=TYPE",
            description = "Content type of files with an extension, beside the common ones or instead; for several "
                    + "extensions give it several times.")
    List<String> contentTypes = List.of();

    @Option(names = "--no-precompressed",
            description = "Do not take NAME.br, NAME.zst and NAME.gz for encodings of NAME.")
    boolean noPrecompressed;

    @Option(names = "--list-directories",
            description = "Answer a directory without index.html with a list of what is in it.")
    boolean listDirectories;

    @Option(names = "--dotfiles", description = "Serve, and list, names that begin with a dot.")
    boolean dotfiles;

    @Option(names = "--file-strategy", paramLabel = "STRATEGY", defaultValue = "auto",
            converter = FileStrategyConverter.class,
            description = "How files are sent: auto, memory, mmap, sendfile, splice or uring "
                    + "(default: ${DEFAULT-VALUE}).")
    FileStrategy fileStrategy = FileStrategy.AUTO;

    @Option(names = "--cache-bytes", paramLabel = "BYTES",
            description = "What each worker keeps of files in memory at most (default: ${DEFAULT-VALUE}).")
    long cacheBytes = FileCacheConfig.defaults().cacheBytes();

    @Option(names = "--cache-revalidate", paramLabel = "MILLISECONDS",
            description = "How long a file is taken for unchanged without a look (default: ${DEFAULT-VALUE}).")
    long cacheRevalidateMillis = FileCacheConfig.defaults().revalidate().toMillis();

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = EngineConfig.AUTO,
            description = "auto, io_uring or epoll; auto takes io_uring where it works (default: ${DEFAULT-VALUE}).")
    String backend = EngineConfig.AUTO;

    @Option(names = "--no-io-uring", description = "The same as --backend epoll.")
    boolean noIoUring;

    @Option(names = "--log-format", paramLabel = "FORMAT", defaultValue = "text",
            converter = LogFormatConverter.class,
            description = "text, or json for one object a line (default: ${DEFAULT-VALUE}).")
    LogFormat logFormat = LogFormat.TEXT;

    @Option(names = "--log-level", paramLabel = "LEVEL", defaultValue = "${sys:ringwave.log.level:-info}",
            converter = LogLevelConverter.class,
            description = "From which level on it is logged: off, error, warn, info, debug or trace "
                    + "(default: ${DEFAULT-VALUE}).")
    Level logLevel = Level.INFO;

    @Option(names = "--no-metrics",
            description = "Do not record how long requests take; counters stay, since they cost nothing.")
    boolean noMetrics;

    @Option(names = "--access-log", paramLabel = "FILE",
            description = "Write a line for each request to a file, or to stdout if this is -; SIGHUP opens the file anew, "
                    + "as does renaming it (default: none).")
    @Nullable
    String accessLog;

    @Option(names = "--access-log-format", paramLabel = "FORMAT", defaultValue = "combined",
            converter = AccessLogFormatConverter.class,
            description = "combined, as other servers have it, or json for one object a line "
                    + "(default: ${DEFAULT-VALUE}).")
    AccessLogFormat accessLogFormat = AccessLogFormat.COMBINED;

    @Option(names = "--no-dashboard", description = "Do not serve the live page /api/dashboard.")
    boolean noDashboard;

    @Option(names = "--benchmark-routes", description = "Also serve /plaintext, /json, /offloaded and /blocking.")
    boolean benchmarkRoutes;
    // @formatter:on

    ServerOptions() {}

    /** @throws IllegalArgumentException one line that names the option */
    void validate() {
        if (workers == DEFAULT) {
            workers = EngineConfig.builder().pinning(pinning).build().loops();
        }
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
        if (accessLog != null && accessLog.isBlank()) {
            throw new IllegalArgumentException("--access-log must not be empty");
        }
        staticFiles();
        address();
    }

    /** @throws IllegalArgumentException one line that names the option */
    StaticFilesConfig staticFiles() {
        StaticFilesConfig.Builder files = StaticFilesConfig.builder().precompressed(!noPrecompressed)
                .listDirectories(listDirectories).dotfiles(dotfiles).cache(fileCache());
        named("--cache-control", () -> files.cacheControl(cacheControl).build());
        for (String contentType : contentTypes) {
            int equals = contentType.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("--content-type is like glsl=text/plain: '" + contentType + "'");
            }
            named("--content-type",
                    () -> files.contentType(contentType.substring(0, equals), contentType.substring(equals + 1))
                            .build());
        }
        return files.build();
    }

    /** What is wrong with a configuration is said of the option that it came from. */
    private static void named(String option, Runnable build) {
        try {
            build.run();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + ": " + e.getMessage(), e);
        }
    }

    private FileCacheConfig fileCache() {
        if (cacheBytes < 0 || cacheBytes > 1L << 36) {
            throw new IllegalArgumentException("--cache-bytes must be between 0 and 68719476736: " + cacheBytes);
        }
        if (cacheRevalidateMillis < 0 || cacheRevalidateMillis > 86_400_000) {
            throw new IllegalArgumentException(
                    "--cache-revalidate must be between 0 and 86400000: " + cacheRevalidateMillis);
        }
        return new FileCacheConfig(fileStrategy, cacheBytes, Duration.ofMillis(cacheRevalidateMillis));
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

    /** Reads {@link Pinning}. Instantiated by picocli. */
    static final class PinningConverter implements ITypeConverter<Pinning> {

        PinningConverter() {}

        @Override
        public Pinning convert(String value) {
            try {
                return Pinning.parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** Reads {@link FileStrategy} by its name on the command line. Instantiated by picocli. */
    static final class FileStrategyConverter implements ITypeConverter<FileStrategy> {

        FileStrategyConverter() {}

        @Override
        public FileStrategy convert(String value) {
            try {
                return FileStrategy.named(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** Reads {@link AcceptMode} by its name in lower case. Instantiated by picocli. */
    static final class AcceptModeConverter implements ITypeConverter<AcceptMode> {

        AcceptModeConverter() {}

        @Override
        public AcceptMode convert(String value) {
            for (AcceptMode mode : AcceptMode.values()) {
                if (mode.name().toLowerCase(Locale.ROOT).equals(value)) {
                    return mode;
                }
            }
            throw new TypeConversionException("expected auto, reuseport or handoff: '" + value + "'");
        }
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

    /** Reads {@link LogFormat} by its name on the command line. Instantiated by picocli. */
    static final class LogFormatConverter implements ITypeConverter<LogFormat> {

        LogFormatConverter() {}

        @Override
        public LogFormat convert(String value) {
            for (LogFormat format : LogFormat.values()) {
                if (format.optionName().equals(value)) {
                    return format;
                }
            }
            throw new TypeConversionException("expected text or json: '" + value + "'");
        }
    }

    /** Reads {@link AccessLogFormat} by its name on the command line. Instantiated by picocli. */
    static final class AccessLogFormatConverter implements ITypeConverter<AccessLogFormat> {

        AccessLogFormatConverter() {}

        @Override
        public AccessLogFormat convert(String value) {
            for (AccessLogFormat format : AccessLogFormat.values()) {
                if (format.optionName().equals(value)) {
                    return format;
                }
            }
            throw new TypeConversionException("expected combined or json: '" + value + "'");
        }
    }

    /** Reads a level, in letters of either case. Instantiated by picocli. */
    static final class LogLevelConverter implements ITypeConverter<Level> {

        LogLevelConverter() {}

        @Override
        public Level convert(String value) {
            Level level = Level.toLevel(value, null);
            if (level == null) {
                throw new TypeConversionException(
                        "expected off, error, warn, info, debug or trace: '" + value + "'");
            }
            return level;
        }
    }
}
