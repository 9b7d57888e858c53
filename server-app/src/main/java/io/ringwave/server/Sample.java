package io.ringwave.server;

import io.ringwave.EngineStats;
import io.ringwave.LoopPlacement;
import io.ringwave.http.HttpServer;
import io.ringwave.http.HttpStats;
import io.ringwave.http.Latencies;
import io.ringwave.workers.WorkerStats;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a server has counted up to a moment.
 *
 * @param nanoTime the moment, by the monotonic clock
 * @param epochMillis the same by the wall clock
 * @param backend what the engine runs on
 * @param loops what each loop of the engine has counted
 * @param engine their sum
 * @param httpLoops what HTTP has counted on each loop
 * @param http their sum
 * @param latencies how long requests took; null once that is forgotten
 * @param tasks what the kernel says of each loop's thread
 */
record Sample(long nanoTime, long epochMillis, String backend, List<EngineStats> loops, EngineStats engine,
        List<HttpStats> httpLoops, HttpStats http, WorkerStats workers, @Nullable Latencies latencies,
        List<LoopPlacement> placements,
        List<LoopTask> tasks) {

    /** Any thread but a loop's. */
    static Sample of(HttpServer server, long nanoTime, long epochMillis) {
        List<LoopPlacement> placements = server.engine().placements();
        return new Sample(nanoTime, epochMillis, server.engine().backend().name(), server.engine().loopStats(),
                server.engine().stats(), server.loopStats(), server.stats(), server.workerStats(), server.latencies(),
                placements,
                LoopTask.of(placements));
    }

    Sample withoutLatencies() {
        return new Sample(nanoTime, epochMillis, backend, loops, engine, httpLoops, http, workers, null, placements,
                tasks);
    }
}
