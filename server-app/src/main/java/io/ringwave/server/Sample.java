package io.ringwave.server;

import io.ringwave.EngineStats;
import io.ringwave.http.HttpServer;
import io.ringwave.http.HttpStats;
import io.ringwave.http.Latencies;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a server has counted up to a moment: that of which rates are told.
 *
 * @param nanoTime the moment, by the monotonic clock
 * @param epochMillis the same by the wall clock
 * @param engine what each loop of the engine has counted
 * @param http what HTTP has counted on each loop
 * @param latencies how long requests took; null once that is forgotten
 * @param cpuNanos how long each loop's thread has been on a CPU; {@link ThreadTimes#UNKNOWN} where that is not known
 */
record Sample(long nanoTime, long epochMillis, List<EngineStats> engine, List<HttpStats> http,
        @Nullable Latencies latencies, long[] cpuNanos) {

    /** Any thread but a loop's. */
    static Sample of(HttpServer server, ThreadTimes times, long nanoTime, long epochMillis) {
        return new Sample(nanoTime, epochMillis, server.engine().loopStats(), server.loopStats(), server.latencies(),
                times.read());
    }

    Sample withoutLatencies() {
        return new Sample(nanoTime, epochMillis, engine, http, null, cpuNanos);
    }

    long requests() {
        return http.stream().mapToLong(HttpStats::requestsTotal).sum();
    }

    long bytesReceived() {
        return engine.stream().mapToLong(EngineStats::bytesReceived).sum();
    }

    long bytesSent() {
        return engine.stream().mapToLong(EngineStats::bytesSent).sum();
    }
}
