package io.ringwave.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.ringwave.CloseReason;
import io.ringwave.EngineStats;
import io.ringwave.LoopPlacement;
import io.ringwave.http.HttpStats;
import io.ringwave.http.Latencies;
import io.ringwave.http.LatencySummary;
import io.ringwave.http.RouteClass;
import io.ringwave.workers.WorkerStats;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.List;
import java.util.Map;

/** The parts that {@code /api/stats} and its stream have in common, as JSON. Any thread. */
final class StatsJson {

    /** How many loops an event shows: it must fit into what a stream takes at once. {@code /api/stats} shows all. */
    static final int MAX_LOOPS_OF_EVENT = 64;

    private static final JsonFactory JSON = new JsonFactory();

    private final ServerOptions options;
    private final long startNanos;
    private final RingWorkers ringWorkers = new RingWorkers();

    StatsJson(ServerOptions options, long startNanos) {
        this.options = options;
        this.startNanos = startNanos;
    }

    double uptimeSeconds(long nanoTime) {
        return (nanoTime - startNanos) / 1_000_000 / 1000.0;
    }

    /** What a second was like, and what there is at its end, on one line. */
    String event(Figures figures, Present present) {
        StringWriter line = new StringWriter(4096);
        try (JsonGenerator json = JSON.createGenerator(line)) {
            json.writeStartObject();
            json.writeNumberField("time", figures.sample().epochMillis());
            json.writeNumberField("uptimeSeconds", uptimeSeconds(figures.sample().nanoTime()));
            json.writeObjectFieldStart("backend");
            json.writeStringField("name", present.backend());
            json.writeEndObject();
            throughput(json, figures);
            latencies(json, figures);
            connections(json, present.engine());
            http(json, present.http());
            loops(json, figures, present, MAX_LOOPS_OF_EVENT);
            files(json, present.http().files());
            workers(json, present.workers());
            buffers(json, present.engine());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter has none
        }
        return line.toString();
    }

    static void throughput(JsonGenerator json, Figures figures) throws IOException {
        json.writeObjectFieldStart("throughput");
        rates(json, "requestsPerSecond", figures.requests());
        rates(json, "bytesReceivedPerSecond", figures.bytesReceived());
        rates(json, "bytesSentPerSecond", figures.bytesSent());
        json.writeEndObject();
    }

    private static void rates(JsonGenerator json, String name, Rates rates) throws IOException {
        json.writeObjectFieldStart(name);
        json.writeNumberField("1s", tenths(rates.second()));
        json.writeNumberField("10s", tenths(rates.tenSeconds()));
        json.writeNumberField("60s", tenths(rates.minute()));
        json.writeEndObject();
    }

    /** Counts are those since the start; what is told of the durations is of the time that the figures are about. */
    static void latencies(JsonGenerator json, Figures figures) throws IOException {
        Latencies all = figures.total();
        json.writeObjectFieldStart("latencyMicros");
        for (Map.Entry<RouteClass, LatencySummary> each : figures.latencies().entrySet()) {
            latency(json, lowerCase(each.getKey()), all.count(each.getKey()), each.getValue());
        }
        json.writeEndObject();
    }

    private static void latency(JsonGenerator json, String name, long count, LatencySummary summary)
            throws IOException {
        json.writeObjectFieldStart(name);
        json.writeNumberField("count", count);
        json.writeNumberField("p50", micros(summary.p50()));
        json.writeNumberField("p95", micros(summary.p95()));
        json.writeNumberField("p99", micros(summary.p99()));
        json.writeNumberField("p999", micros(summary.p999()));
        json.writeNumberField("max", micros(summary.max()));
        json.writeEndObject();
    }

    static void connections(JsonGenerator json, EngineStats stats) throws IOException {
        json.writeObjectFieldStart("connections");
        json.writeNumberField("open", stats.connectionsOpen());
        json.writeNumberField("accepted", stats.connectionsAccepted());
        json.writeNumberField("refused", stats.connectionsRefused());
        json.writeObjectFieldStart("closed");
        for (Map.Entry<CloseReason, Long> each : stats.closed().entrySet()) {
            json.writeNumberField(lowerCase(each.getKey()), each.getValue());
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    static void buffers(JsonGenerator json, EngineStats stats) throws IOException {
        json.writeObjectFieldStart("buffers");
        json.writeNumberField("receiveFree", stats.receiveBuffersFree());
        json.writeNumberField("sendFree", stats.sendBuffersFree());
        json.writeEndObject();
    }

    static void http(JsonGenerator json, HttpStats stats) throws IOException {
        json.writeObjectFieldStart("requests");
        json.writeNumberField("total", stats.requestsTotal());
        json.writeNumberField("refused", stats.requestsRefused());
        json.writeNumberField("timeouts", stats.timeouts());
        json.writeNumberField("handlerFailures", stats.handlerFailures());
        json.writeEndObject();
        json.writeObjectFieldStart("responses");
        json.writeNumberField("2xx", stats.responses2xx());
        json.writeNumberField("3xx", stats.responses3xx());
        json.writeNumberField("4xx", stats.responses4xx());
        json.writeNumberField("5xx", stats.responses5xx());
        json.writeEndObject();
    }

    void files(JsonGenerator json, HttpStats.Files files) throws IOException {
        json.writeObjectFieldStart("files");
        json.writeStringField("strategy", options.fileStrategy.optionName());
        json.writeObjectFieldStart("bytes");
        json.writeNumberField("copied", files.copied());
        json.writeNumberField("memory", files.memory());
        json.writeNumberField("mmap", files.mmap());
        json.writeNumberField("sendfile", files.sendfile());
        json.writeNumberField("splice", files.splice());
        json.writeNumberField("uring", files.uring());
        json.writeEndObject();
        json.writeNumberField("cut", files.cut());
        json.writeNumberField("cacheHits", files.cacheHits());
        json.writeNumberField("cacheMisses", files.cacheMisses());
        json.writeEndObject();
    }

    static void workers(JsonGenerator json, WorkerStats stats) throws IOException {
        json.writeObjectFieldStart("offloaded");
        json.writeNumberField("executed", stats.executed());
        json.writeNumberField("stolen", stats.stolen());
        json.writeNumberField("waiting", stats.waiting());
        json.writeNumberField("wakeups", stats.wakeups());
        json.writeEndObject();
    }

    void loops(JsonGenerator json, Figures figures, Present present, int most) throws IOException {
        List<Figures.OfLoop> loops = figures.loops();
        Map<Integer, Integer> workers = ringWorkers.byThread();
        json.writeArrayFieldStart("perLoop");
        for (int loop = 0; loop < Math.min(most, loops.size()); loop++) {
            Figures.OfLoop figure = loops.get(loop);
            LoopPlacement placement = present.placements().get(loop);
            EngineStats stats = present.loops().get(loop);
            json.writeStartObject();
            json.writeNumberField("loop", loop);
            json.writeNumberField("cpu", placement.cpu());
            json.writeNumberField("node", placement.node());
            if (figure.busy() < 0) {
                json.writeNullField("busy");
            } else {
                json.writeNumberField("busy", Math.round(figure.busy() * 1000) / 1000.0);
            }
            json.writeNumberField("requestsPerSecond", tenths(figure.requestsPerSecond()));
            json.writeNumberField("open", stats.connectionsOpen());
            json.writeNumberField("completionsPerTurn", tenths(figure.completionsPerTurn()));
            latency(json, "latencyMicros", figures.total().count(loop), figure.latencies());
            ring(json, stats, workers.getOrDefault(placement.thread(), 0));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void ring(JsonGenerator json, EngineStats stats, int ringWorkers) throws IOException {
        json.writeObjectFieldStart("ring");
        json.writeNumberField("enters", stats.waits());
        json.writeNumberField("submissions", stats.submissions());
        json.writeNumberField("completions", stats.completions());
        json.writeNumberField("rearms", stats.rearms());
        json.writeNumberField("bufferShortages", stats.bufferShortages());
        json.writeNumberField("completionOverflows", stats.completionOverflows());
        json.writeNumberField("operationsInFlight", stats.operationsInFlight());
        json.writeNumberField("receiveBuffersFree", stats.receiveBuffersFree());
        json.writeNumberField("sendBuffersFree", stats.sendBuffersFree());
        json.writeNumberField("sendsQueued", stats.sendsQueued());
        json.writeNumberField("receivePauses", stats.receivePauses());
        json.writeNumberField("zeroCopySends", stats.zeroCopySends());
        json.writeNumberField("zeroCopiesCopied", stats.zeroCopiesCopied());
        json.writeNumberField("wakeupMessages", stats.wakeupMessages());
        json.writeNumberField("workers", ringWorkers);
        json.writeEndObject();
    }

    private static double micros(long nanos) {
        return tenths(nanos / 1000.0);
    }

    private static double tenths(double value) {
        return Math.round(value * 10) / 10.0;
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
