package io.ringwave.server;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ringwave.AcceptChoice;
import io.ringwave.BackendChoice;
import io.ringwave.EngineStats;
import io.ringwave.LoopPlacement;
import io.ringwave.http.HttpHandler;
import io.ringwave.http.HttpRequest;
import io.ringwave.http.HttpResponse;
import io.ringwave.http.HttpServer;
import io.ringwave.spi.Availability;
import io.ringwave.spi.BackendFeature;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /api/stats}: which backend was chosen and why, what was counted, and what the last minute was like. Confined to
 * one event loop.
 */
final class StatsEndpoint implements HttpHandler {
    private final ServerOptions options;
    private final StatsJson common;
    private final Supplier<@Nullable HttpServer> server;
    private final Supplier<@Nullable StatsSampler> sampler;
    private final @Nullable AccessLogWriter accessLog;
    private final JsonBody body;

    /**
     * @param server null until every loop has started; {@code sampler} too
     * @param accessLog null if there is none
     */
    StatsEndpoint(ServerOptions options, StatsJson common, Supplier<@Nullable HttpServer> server,
            Supplier<@Nullable StatsSampler> sampler, @Nullable AccessLogWriter accessLog, JsonBody body) {
        this.options = options;
        this.common = common;
        this.server = server;
        this.sampler = sampler;
        this.accessLog = accessLog;
        this.body = body;
    }

    @Override
    public void handle(HttpRequest request, HttpResponse response) throws IOException {
        HttpServer running = server.get();
        StatsSampler sampled = sampler.get();
        if (running == null || sampled == null) {
            response.status(503).header("Retry-After", "1").sendText("starting\n");
            return;
        }
        body.send(response.header("Cache-Control", "no-store"), json -> write(json, running, sampled));
    }

    private void write(JsonGenerator json, HttpServer running, StatsSampler sampled) throws IOException {
        Present present = Present.of(running);
        Figures figures = sampled.figures();
        json.writeStartObject();
        json.writeStringField("version", Version.PROGRAM);
        json.writeStringField("platform", Version.platform());
        json.writeNumberField("pid", ProcessHandle.current().pid());
        json.writeNumberField("uptimeSeconds", common.uptimeSeconds(System.nanoTime()));
        json.writeStringField("mode", options.mode.optionName());
        json.writeNumberField("workers", options.workers);
        writeBackend(json, options.explain(running.engine().backend()), running.engine().features());
        writeAcceptance(json, running.engine().acceptance());
        writePlacements(json, present.placements());
        EngineStats engine = present.engine();
        StatsJson.connections(json, engine);
        writeEngine(json, engine);
        StatsJson.buffers(json, engine);
        StatsJson.http(json, present.http());
        common.files(json, present.http().files());
        StatsJson.workers(json, present.workers());
        StatsJson.throughput(json, figures);
        StatsJson.latencies(json, figures);
        common.loops(json, figures, present, Integer.MAX_VALUE);
        if (accessLog != null) {
            json.writeObjectFieldStart("accessLog");
            json.writeNumberField("written", accessLog.written());
            json.writeNumberField("dropped", accessLog.dropped());
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private static void writeBackend(JsonGenerator json, BackendChoice backend, List<BackendFeature> features)
            throws IOException {
        json.writeObjectFieldStart("backend");
        json.writeStringField("name", backend.name());
        json.writeStringField("reason", backend.reason());
        json.writeStringField("remedy", backend.remedy());
        json.writeArrayFieldStart("considered");
        for (Availability candidate : backend.considered()) {
            json.writeStartObject();
            json.writeStringField("name", candidate.backend());
            json.writeBooleanField("available", candidate.available());
            json.writeStringField("reason", candidate.reason());
            json.writeStringField("remedy", candidate.remedy());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("features");
        for (BackendFeature feature : features) {
            json.writeStartObject();
            json.writeStringField("name", feature.name());
            json.writeStringField("use", feature.use().name().toLowerCase(Locale.ROOT));
            json.writeStringField("detail", feature.detail());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void writeAcceptance(JsonGenerator json, AcceptChoice acceptance) throws IOException {
        json.writeObjectFieldStart("accept");
        json.writeStringField("mode", acceptance.mode().name().toLowerCase(Locale.ROOT));
        json.writeBooleanField("steered", acceptance.steered());
        json.writeStringField("reason", acceptance.reason());
        json.writeEndObject();
    }

    private static void writePlacements(JsonGenerator json, List<LoopPlacement> placements) throws IOException {
        json.writeArrayFieldStart("placement");
        for (LoopPlacement placement : placements) {
            json.writeStartObject();
            json.writeNumberField("loop", placement.loop());
            json.writeNumberField("cpu", placement.cpu());
            json.writeNumberField("node", placement.node());
            json.writeBooleanField("pinned", placement.pinned());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writeEngine(JsonGenerator json, EngineStats stats) throws IOException {
        json.writeObjectFieldStart("bytes");
        json.writeNumberField("received", stats.bytesReceived());
        json.writeNumberField("sent", stats.bytesSent());
        json.writeEndObject();
        json.writeObjectFieldStart("operations");
        json.writeNumberField("inFlight", stats.operationsInFlight());
        json.writeEndObject();
        json.writeObjectFieldStart("loops");
        json.writeNumberField("waits", stats.waits());
        json.writeNumberField("completions", stats.completions());
        json.writeNumberField("bufferShortages", stats.bufferShortages());
        json.writeNumberField("completionOverflows", stats.completionOverflows());
        json.writeNumberField("zeroCopySends", stats.zeroCopySends());
        json.writeNumberField("zeroCopiesCopied", stats.zeroCopiesCopied());
        json.writeNumberField("wakeupMessages", stats.wakeupMessages());
        json.writeNumberField("acceptPauses", stats.acceptPauses());
        json.writeNumberField("handlerFailures", stats.handlerFailures());
        json.writeNumberField("turns", stats.turns());
        json.writeNumberField("receivePauses", stats.receivePauses());
        json.writeNumberField("sendsQueued", stats.sendsQueued());
        json.writeEndObject();
    }
}
