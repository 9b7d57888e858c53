package io.ringwave.server;

import io.ringwave.LoopContext;
import io.ringwave.http.Handlers;
import io.ringwave.http.HttpHandler;
import io.ringwave.http.HttpRequest;
import io.ringwave.http.HttpResponse;
import io.ringwave.http.HttpServer;
import io.ringwave.http.PreparedResponse;
import io.ringwave.http.Router;
import io.ringwave.http.StaticFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The program's routes. {@link #routes} is called once on every event loop's thread; what it makes belongs to that
 * loop.
 *
 * <pre>
 *   GET  /              to /static/
 *   GET  /static/...    files
 *   GET  /api/health    {"status":"UP"}
 *   GET  /api/stats     the backend and why, counters, the last minute
 *   GET  /api/stats/stream  every second as an event
 *   GET  /api/metrics   counters, for Prometheus
 *   GET  /api/dashboard  the statistics, drawn                        unless --no-dashboard
 *   POST /api/echo      the JSON body again                           dynamic-path
 *   GET  /plaintext     Hello, World!                                 --benchmark-routes
 *   GET  /json          {"message":"Hello, World!"}, made per request --benchmark-routes
 *   GET  /offloaded     "done", by a worker, at once                  --benchmark-routes
 *   GET  /blocking      "waited", by a worker, after 50 ms            --benchmark-routes
 * </pre>
 */
final class Endpoints implements AutoCloseable {
    private static final long BLOCKING_NANOS = 50_000_000;

    private final ServerOptions options;
    private final @Nullable AccessLogWriter accessLog;
    private final HttpHandler metrics;
    private final StatsJson statsJson;
    private final StatsStream statsStream;
    private final @Nullable Dashboard dashboard;
    private volatile @Nullable HttpServer server;
    private volatile @Nullable StatsSampler sampler;

    /**
     * @param logDropped how many lines of the log were dropped; any thread
     * @param accessLog null if there is none
     */
    Endpoints(ServerOptions options, LongSupplier logDropped, @Nullable AccessLogWriter accessLog) {
        this.options = options;
        this.statsJson = new StatsJson(options, System.nanoTime());
        this.statsStream = new StatsStream(statsJson);
        this.accessLog = accessLog;
        this.metrics = Handlers.offloaded(new MetricsEndpoint(() -> server, logDropped, accessLog));
        this.dashboard = options.noDashboard ? null : dashboard();
    }

    private static Dashboard dashboard() {
        try {
            return Dashboard.load();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Router routes(LoopContext loop) {
        try {
            JsonBody body = new JsonBody();
            StaticFiles files = StaticFiles.open(options.staticDir, options.staticFiles()); // closed by the router, with the loop
            HttpHandler toFiles = (request, response) -> response.status(302).header("Location", "/static/").send();
            Router router = new Router().get("/", toFiles).get("/static", toFiles).get("/static/{rest...}", files)
                    .get("/api/health", prepared(JsonBody.CONTENT_TYPE, "{\"status\":\"UP\"}"))
                    .get("/api/stats", new StatsEndpoint(options, statsJson, () -> server, () -> sampler, accessLog,
                            body))
                    .get("/api/stats/stream", statsStream)
                    .get("/api/metrics", metrics);
            if (dashboard != null) {
                router.get("/api/dashboard", dashboard);
            }
            if (options.mode == Mode.DYNAMIC_PATH) {
                router.post("/api/echo", new EchoEndpoint(body));
            }
            if (options.benchmarkRoutes) {
                router.get("/plaintext", prepared("text/plain", "Hello, World!")).get("/json", greeting(body))
                        .get("/offloaded", Handlers.offloaded((request, response) -> response.sendText("done\n")))
                        .get("/blocking", Handlers.offloaded(Endpoints::block));
            }
            return router;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stands for a call to something slow, a database for example. */
    private static void block(HttpRequest request, HttpResponse response) {
        long end = System.nanoTime() + BLOCKING_NANOS;
        for (long left = BLOCKING_NANOS; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        response.sendText("waited\n");
    }

    /** Tells the statistics where their figures come from, and begins to take samples of them. */
    void started(HttpServer started) {
        sampler = StatsSampler.start(started, statsStream);
        server = started;
    }

    /** Before the server stops: takes no more samples, and ends the streams of them. Idempotent, any thread. */
    @Override
    public void close() {
        StatsSampler running = sampler;
        if (running != null) {
            running.close();
        }
        statsStream.close();
    }

    private static HttpHandler prepared(String contentType, String body) {
        return Handlers.prepared(PreparedResponse.of(200, contentType, body.getBytes(StandardCharsets.UTF_8)));
    }

    private static HttpHandler greeting(JsonBody body) {
        return (request, response) -> body.send(response, json -> {
            json.writeStartObject();
            json.writeStringField("message", "Hello, World!");
            json.writeEndObject();
        });
    }
}
