package io.ringwave.http;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.LoopContext;
import io.ringwave.linux.Libc;
import io.ringwave.workers.WorkerConfig;
import io.ringwave.workers.WorkerPool;
import io.ringwave.workers.WorkerStats;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP/1.1 server: an {@link Engine} with an HTTP handler on every loop.
 *
 * <pre>{@code
 * try (HttpServer server = HttpServer.start(EngineConfig.builder().port(8080).build(), loop -> new Router()
 *         .get("/hello", (request, response) -> response.sendText("Hello, World!")))) {
 *     server.awaitTermination();
 * }
 * }</pre>
 */
public final class HttpServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    private final Engine engine;
    private final HttpCounters[] counters; // by loop
    private final @Nullable LatencyTotals latencies; // null: none are recorded
    private final WorkerPool workers;
    private final Duration drainTimeout;

    private HttpServer(Engine engine, HttpCounters[] counters, @Nullable LatencyTotals latencies, WorkerPool workers,
            Duration drainTimeout) {
        this.engine = engine;
        this.counters = counters;
        this.latencies = latencies;
        this.workers = workers;
        this.drainTimeout = drainTimeout;
    }

    /** Starts a server with the default limits. */
    public static HttpServer start(EngineConfig engine, Function<LoopContext, Router> routers) throws EngineException {
        return start(engine, HttpConfig.defaults(), routers);
    }

    /**
     * Starts a server.
     *
     * @param routers called once per event loop, on the loop's thread, so that handlers need no synchronisation; when
     *     the loop ends, handlers that are {@link AutoCloseable} are closed
     * @throws EngineException with a one-line message, if the engine cannot start
     */
    public static HttpServer start(EngineConfig engine, HttpConfig http, Function<LoopContext, Router> routers)
            throws EngineException {
        HttpCounters[] counters = new HttpCounters[engine.loops()];
        LatencyRecorder[] recorders = http.latencyRecording() && canRecord()
                ? new LatencyRecorder[engine.loops()]
                : null;
        WorkerPool workers = new WorkerPool(
                WorkerConfig.of(http.offloadThreads(), engine.loops()).withLaneCapacity(http.offloadQueue()));
        Engine started = Engine.start(engine, loop -> {
            HttpCounters loopCounters = new HttpCounters(); // made by its loop: not on a cache line of another's
            counters[loop.index()] = loopCounters; // seen by whoever starts the engine, who waits for the loop
            LatencyRecorder recorder = null;
            if (recorders != null) {
                recorder = new LatencyRecorder(loop);
                recorders[loop.index()] = recorder;
            }
            return new HttpConnectionHandler(loop, http, routers.apply(loop), loopCounters, recorder,
                    System::currentTimeMillis, Libc::pread, workers.lane(loop.index()));
        });
        return new HttpServer(started, counters, recorders == null ? null : new LatencyTotals(recorders), workers,
                engine.drainTimeout());
    }

    /** On the module path the library is there only if it was asked for. */
    private static boolean canRecord() {
        try {
            Class.forName("org.HdrHistogram.SingleWriterRecorder", false, HttpServer.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            LOG.info("Latencies are not recorded: HdrHistogram is missing; remedy: --add-modules HdrHistogram");
            return false;
        }
    }

    /** The port it listens on; 0 if that is a Unix-domain socket. */
    public int port() {
        return engine.port();
    }

    /** The engine below. */
    public Engine engine() {
        return engine;
    }

    /** What the workers of {@link Handlers#offloaded} counted since the start; any thread. */
    public WorkerStats workerStats() {
        return workers.stats();
    }

    /** What was counted since the start, over all loops; any thread. */
    public HttpStats stats() {
        return loopStats().stream().reduce(HttpStats.NOTHING, HttpStats::plus);
    }

    /** What each loop counted, in the order of the loops; any thread. */
    public List<HttpStats> loopStats() {
        HttpStats[] stats = new HttpStats[counters.length];
        for (int loop = 0; loop < stats.length; loop++) {
            stats[loop] = stats(counters[loop]);
        }
        return List.of(stats);
    }

    /**
     * How long requests took since the start; of nothing, if that is not recorded ({@link HttpConfig#latencyRecording}).
     * Merges what the loops have recorded since the last call, which takes the caller some microseconds for each loop. Any
     * thread but a loop's.
     */
    public Latencies latencies() {
        return latencies == null ? Latencies.nothing() : latencies.read();
    }

    private static HttpStats stats(HttpCounters loop) {
        HttpStats.Files files = new HttpStats.Files(loop.fileBytes(FileStrategy.AUTO),
                loop.fileBytes(FileStrategy.MEMORY), loop.fileBytes(FileStrategy.MMAP),
                loop.fileBytes(FileStrategy.SENDFILE), loop.fileBytes(FileStrategy.SPLICE),
                loop.fileBytes(FileStrategy.URING), loop.filesCut.get(), loop.fileHits.get(), loop.fileMisses.get());
        return new HttpStats(loop.requests.get(), loop.responses(2), loop.responses(3), loop.responses(4),
                loop.responses(5), loop.refused.get(), loop.timeouts.get(), loop.handlerFailures.get(), files);
    }

    /** Waits until the server was closed. */
    public void awaitTermination() throws InterruptedException {
        engine.awaitTermination();
    }

    /**
     * Stops accepting, lets requests in flight finish (their responses say {@code Connection: close}), and ends the
     * loops; see {@link Engine#close}. Requests that are with the workers then are in flight as well: until the drain
     * timeout they are waited for, then those that run are interrupted, and the rest discarded. Idempotent.
     */
    @Override
    public void close() {
        long start = System.nanoTime();
        engine.close();
        Duration left = drainTimeout.minusNanos(System.nanoTime() - start);
        workers.close(left.isNegative() ? Duration.ZERO : left); // nobody waits for what is left: see isCancelled
    }
}
