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
import io.ringwave.http.HttpStats;
import io.ringwave.spi.Availability;
import io.ringwave.spi.BackendFeature;
import io.ringwave.workers.WorkerStats;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code GET /api/stats}: which backend was chosen and why, and what was counted. Confined to one event loop. */
final class StatsEndpoint implements HttpHandler {
    private final ServerOptions options;
    private final Supplier<@Nullable HttpServer> server;
    private final JsonBody body;
    private final long startNanos;

    /** @param server null until every loop has started */
    StatsEndpoint(ServerOptions options, long startNanos, Supplier<@Nullable HttpServer> server, JsonBody body) {
        this.options = options;
        this.startNanos = startNanos;
        this.server = server;
        this.body = body;
    }

    @Override
    public void handle(HttpRequest request, HttpResponse response) throws IOException {
        HttpServer running = server.get();
        if (running == null) {
            response.status(503).header("Retry-After", "1").sendText("starting\n");
            return;
        }
        body.send(response.header("Cache-Control", "no-store"), json -> write(json, running));
    }

    private void write(JsonGenerator json, HttpServer running) throws IOException {
        json.writeStartObject();
        json.writeStringField("version", Version.PROGRAM);
        json.writeStringField("platform", Version.platform());
        json.writeNumberField("pid", ProcessHandle.current().pid());
        json.writeNumberField("uptimeSeconds", (System.nanoTime() - startNanos) / 1_000_000 / 1000.0);
        json.writeStringField("mode", options.mode.optionName());
        json.writeNumberField("workers", options.workers);
        writeBackend(json, options.explain(running.engine().backend()), running.engine().features());
        writeAcceptance(json, running.engine().acceptance());
        writePlacements(json, running.engine().placements());
        writeEngine(json, running.engine().stats());
        writeHttp(json, running.stats());
        writeFiles(json, options, running.stats().files());
        writeWorkers(json, running.workerStats());
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
        json.writeObjectFieldStart("connections");
        json.writeNumberField("open", stats.connectionsOpen());
        json.writeNumberField("accepted", stats.connectionsAccepted());
        json.writeNumberField("refused", stats.connectionsRefused());
        json.writeEndObject();
        json.writeObjectFieldStart("bytes");
        json.writeNumberField("received", stats.bytesReceived());
        json.writeNumberField("sent", stats.bytesSent());
        json.writeEndObject();
        json.writeObjectFieldStart("operations");
        json.writeNumberField("inFlight", stats.operationsInFlight());
        json.writeEndObject();
        json.writeObjectFieldStart("buffers");
        json.writeNumberField("receiveFree", stats.receiveBuffersFree());
        json.writeNumberField("sendFree", stats.sendBuffersFree());
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
        json.writeEndObject();
    }

    private static void writeFiles(JsonGenerator json, ServerOptions options, HttpStats.Files files)
            throws IOException {
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
        json.writeEndObject();
    }

    private static void writeHttp(JsonGenerator json, HttpStats stats) throws IOException {
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

    private static void writeWorkers(JsonGenerator json, WorkerStats stats) throws IOException {
        json.writeObjectFieldStart("offloaded");
        json.writeNumberField("executed", stats.executed());
        json.writeNumberField("stolen", stats.stolen());
        json.writeNumberField("waiting", stats.waiting());
        json.writeNumberField("wakeups", stats.wakeups());
        json.writeEndObject();
    }
}
