package io.ringwave.server;

import io.ringwave.http.Latencies;
import io.ringwave.http.LatencySummary;
import io.ringwave.http.RouteClass;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What the samples tell together, as it is shown.
 *
 * @param sample the newest
 * @param total how long requests took since the start
 * @param latencies how long requests took during the time that was asked for
 */
record Figures(Sample sample, Latencies total, Rates requests, Rates bytesReceived, Rates bytesSent,
        Map<RouteClass, LatencySummary> latencies, List<OfLoop> loops) {

    /**
     * One loop, over the last second but for the latencies.
     *
     * @param busy the part of the time in which its thread was on a CPU; negative if that is not known
     */
    record OfLoop(double busy, double requestsPerSecond, double completionsPerTurn, LatencySummary latencies) {}

    /** @param latencySeconds of how many seconds latencies are told, up to {@link StatsHistory#LATENCY_SECONDS} */
    static Figures of(StatsHistory history, int latencySeconds) {
        Sample now = history.newest();
        Latencies taken = latencies(history.before(latencySeconds), now);
        Map<RouteClass, LatencySummary> byClass = new EnumMap<>(RouteClass.class);
        for (RouteClass each : RouteClass.values()) {
            byClass.put(each, taken.ofClass(each));
        }
        Sample before = history.before(1);
        List<OfLoop> loops = new ArrayList<>();
        for (int loop = 0; loop < now.engine().size(); loop++) {
            loops.add(ofLoop(loop, before, now, taken));
        }
        return new Figures(now, Objects.requireNonNull(now.latencies()),
                Rates.of(history, Sample::requests),
                Rates.of(history, Sample::bytesReceived),
                Rates.of(history, Sample::bytesSent), byClass, loops);
    }

    private static Latencies latencies(Sample from, Sample to) {
        Latencies earlier = from.latencies();
        Latencies later = to.latencies();
        assert earlier != null && later != null : "forgotten already";
        return from == to ? later : later.since(earlier);
    }

    private static OfLoop ofLoop(int loop, Sample before, Sample now, Latencies taken) {
        double requests = Rates.between(before, now, sample -> sample.http().get(loop).requestsTotal());
        long turns = now.engine().get(loop).turns() - before.engine().get(loop).turns();
        long completions = now.engine().get(loop).completions() - before.engine().get(loop).completions();
        return new OfLoop(busy(loop, before, now), requests, turns == 0 ? 0 : (double) completions / turns,
                taken.ofLoop(loop));
    }

    private static double busy(int loop, Sample before, Sample now) {
        return before.cpuNanos()[loop] < 0 || now.cpuNanos()[loop] < 0
                ? -1
                : Math.min(1, Rates.between(before, now, sample -> sample.cpuNanos()[loop]) / 1e9);
    }
}
