package io.ringwave.server;

import io.ringwave.BackendChoice;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.http.HttpConfig;
import io.ringwave.http.HttpServer;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * The program: reads the command line, starts the server, says on stderr what was decided, and ends as
 * {@link ServerOptions} promises.
 *
 * <pre>
 *   start --- SIGTERM, SIGINT ---> drain ---> exit 0
 *     |  \--- every loop ended --> exit 1
 *      \----- cannot start ------> one line, exit 2
 * </pre>
 */
public final class Main {
    static final int STOPPED = 0;
    static final int FAILED = 1;
    static final int NOT_STARTED = 2;

    private Main() {}

    public static void main(String[] args) throws InterruptedException {
        System.exit(run(args, System.out, System.err));
    }

    /**
     * The exit code: after {@code --help} and {@code --version}, when it cannot start, or when the server has ended.
     */
    static int run(String[] args, PrintStream out, PrintStream err) throws InterruptedException {
        ServerOptions options = new ServerOptions();
        CommandLine commandLine = new CommandLine(options).setOverwrittenOptionsAllowed(true); // the last one counts
        try {
            commandLine.parseArgs(args);
            if (commandLine.isUsageHelpRequested()) {
                commandLine.usage(out);
                return STOPPED;
            }
            if (commandLine.isVersionHelpRequested()) {
                commandLine.printVersionHelp(out);
                return STOPPED;
            }
            options.validate();
            try (Logging logging = Logging.start(options.logFormat, options.logLevel);
                    AccessLogWriter accessLog = accessLog(options)) {
                return serve(options, logging, accessLog);
            }
        } catch (ParameterException e) {
            return refuse(err, e.getMessage() + " (--help lists the options)");
        } catch (EngineException | IllegalArgumentException e) {
            return refuse(err, e.getMessage());
        }
    }

    private static int refuse(PrintStream err, String message) {
        err.println("ringwave-server: " + message.strip().replaceAll("\\s*[\\r\\n]+\\s*", " "));
        return NOT_STARTED;
    }

    private static @Nullable AccessLogWriter accessLog(ServerOptions options) {
        return options.accessLog == null
                ? null
                : AccessLogWriter.start(options.accessLog, options.accessLogFormat);
    }

    private static int serve(ServerOptions options, Logging logging, @Nullable AccessLogWriter accessLog)
            throws EngineException, InterruptedException {
        Logger log = LoggerFactory.getLogger(Main.class);
        EngineConfig config = EngineConfig.builder().address(options.address()).loops(options.workers)
                .pinning(options.pinning).acceptMode(options.acceptMode)
                .hugePages(options.hugePages)
                .backend(options.backendName()).maxConnections(options.connectionsPerWorker()).build();
        Endpoints endpoints = new Endpoints(options, logging::dropped, accessLog);
        HttpConfig http = HttpConfig.builder().offloadThreads(options.offloadThreadCount())
                .latencyRecording(!options.noMetrics).accessLog(accessLog == null ? null : accessLog::forLoop).build();
        try (HttpServer server = HttpServer.start(config, http, endpoints::routes)) {
            AtomicBoolean stopping = new AtomicBoolean();
            if (!Signals.handle(() -> stop(server, endpoints, stopping, log), "TERM", "INT")) {
                log.warn(
                        "signals cannot be handled here: SIGTERM and Ctrl-C end the program without finishing requests");
            }
            if (accessLog != null && !Signals.handle(accessLog::reopen, "HUP")) {
                log.warn("SIGHUP cannot be handled here: rename the access log to have it opened anew");
            }
            endpoints.started(server); // who sees the statistics knows that signals are handled
            announce(options, server, log);
            server.awaitTermination();
            if (!stopping.get()) {
                log.error("every event loop has ended");
                return FAILED;
            }
            log.info("stopped after {} requests", server.stats().requestsTotal());
            return STOPPED;
        }
    }

    /** The first signal drains the server, which ends {@link #serve}; the second does not wait any longer. */
    private static void stop(HttpServer server, Endpoints endpoints, AtomicBoolean stopping, Logger log) {
        if (!stopping.compareAndSet(false, true)) {
            Runtime.getRuntime().halt(FAILED);
        }
        log.info("stopping: no more connections are accepted, requests in flight are finished");
        endpoints.close();
        server.close();
    }

    /** One line per decision; the engine has said which backend it took, and why. */
    private static void announce(ServerOptions options, HttpServer server, Logger log) {
        log.info("ringwave-server {} on {}", Version.PROGRAM, Version.platform());
        if (options.noIoUring) {
            BackendChoice backend = options.explain(server.engine().backend());
            log.info("{}; remedy: {}", backend.reason(), backend.remedy());
        }
        log.atInfo().addKeyValue("workers", options.workers)
                .addKeyValue("maxConnections", server.engine().maxConnections())
                .log("workers: {}, connections: at most {}", options.workers, server.engine().maxConnections());
        log.info("handlers that block: on at most {} threads", options.offloadThreadCount());
        log.info("static files: {} under /static/", options.staticDir.toAbsolutePath().normalize());
        log.info("files are sent by strategy {}; each worker keeps at most {} bytes of them in memory",
                options.fileStrategy.optionName(), options.cacheBytes);
        if (options.accessLog != null) {
            log.info("access log: {}, {}",
                    options.accessLog.equals(AccessLogFile.STDOUT) ? "stdout" : options.accessLog,
                    options.accessLogFormat.optionName());
        }
        log.info("mode: {}{}", options.mode.optionName(), options.benchmarkRoutes ? ", with benchmark routes" : "");
        log.atInfo().addKeyValue("port", server.port()).log("listening on {}", url(options.address(), server.port()));
    }

    private static String url(SocketAddress address, int port) {
        if (!(address instanceof InetSocketAddress internet)) {
            return "unix:" + address;
        }
        InetAddress host = internet.getAddress();
        String name = host.getHostAddress();
        return "http://" + (name.indexOf(':') >= 0 ? "[" + name + "]" : name) + ":" + port + "/";
    }
}
