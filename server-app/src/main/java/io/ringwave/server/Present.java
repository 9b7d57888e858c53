package io.ringwave.server;

import io.ringwave.EngineStats;
import io.ringwave.LoopPlacement;
import io.ringwave.http.HttpServer;
import io.ringwave.http.HttpStats;
import io.ringwave.workers.WorkerStats;
import java.util.List;

/**
 * Everything that a server tells of itself when it is asked.
 *
 * @param backend what the engine runs on
 * @param engine what all its loops have counted
 * @param loops what each of them has counted
 * @param placements where they run
 * @param http what HTTP has counted
 */
record Present(String backend, EngineStats engine, List<EngineStats> loops, List<LoopPlacement> placements,
        HttpStats http, WorkerStats workers) {

    /** Any thread. */
    static Present of(HttpServer server) {
        return new Present(server.engine().backend().name(), server.engine().stats(), server.engine().loopStats(),
                server.engine().placements(), server.stats(), server.workerStats());
    }
}
