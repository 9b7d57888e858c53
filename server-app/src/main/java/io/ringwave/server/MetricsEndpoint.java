package io.ringwave.server;

import io.prometheus.client.Collector;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import io.prometheus.client.Info;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.DefaultExports;
import io.ringwave.LoopPlacement;
import io.ringwave.http.HttpHandler;
import io.ringwave.http.HttpRequest;
import io.ringwave.http.HttpResponse;
import io.ringwave.http.HttpServer;
import io.ringwave.http.metrics.HttpServerCollector;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /api/metrics}: what the server, the log and the JVM count, in Prometheus' text format, or as OpenMetrics where
 * Accept asks for that. One for all loops, thread-safe. To be offloaded: asking the JVM takes milliseconds, since it looks
 * for deadlocked threads as well.
 */
final class MetricsEndpoint implements HttpHandler {
    private final Supplier<@Nullable HttpServer> server;
    private final LongSupplier logDropped;
    private final @Nullable AccessLogWriter accessLog;
    private @Nullable CollectorRegistry registry; // guarded by this

    /**
     * @param server null until every loop has started
     * @param logDropped how many lines of the log were dropped
     * @param accessLog null if there is none
     */
    MetricsEndpoint(Supplier<@Nullable HttpServer> server, LongSupplier logDropped,
            @Nullable AccessLogWriter accessLog) {
        this.server = server;
        this.logDropped = logDropped;
        this.accessLog = accessLog;
    }

    @Override
    public void handle(HttpRequest request, HttpResponse response) throws IOException {
        HttpServer running = server.get();
        if (running == null) {
            response.status(503).header("Retry-After", "1").sendText("starting\n");
            return;
        }
        String contentType = TextFormat.chooseContentType(request.header("Accept"));
        ByteArrayOutputStream page = new ByteArrayOutputStream(1 << 14);
        try (Writer writer = new OutputStreamWriter(page, StandardCharsets.UTF_8)) {
            TextFormat.writeFormat(contentType, writer, registry(running).metricFamilySamples());
        }
        response.header("Cache-Control", "no-store").header("Vary", "Accept").send(contentType, page.toByteArray());
    }

    /** Made by the first who asks: loading the JVM's management would slow the start down. */
    private synchronized CollectorRegistry registry(HttpServer running) {
        CollectorRegistry known = registry;
        if (known == null) {
            known = new CollectorRegistry();
            Info.build("ringwave_build", "Which version of the program this is.").labelNames("version").register(known)
                    .labels(Version.PROGRAM).info();
            known.register(new HttpServerCollector(running));
            known.register(new LoopThreadCollector(running));
            known.register(new LogCollector(logDropped, accessLog));
            DefaultExports.register(known);
            registry = known;
        }
        return known;
    }

    /** What the kernel says of the loops' threads: only this program asks it. */
    private static final class LoopThreadCollector extends Collector {
        private final HttpServer server;
        private final RingWorkers ringWorkers = new RingWorkers();

        private LoopThreadCollector(HttpServer server) {
            this.server = server;
        }

        @Override
        public List<MetricFamilySamples> collect() {
            CounterMetricFamily cpu = new CounterMetricFamily("ringwave_loop_cpu_seconds",
                    "How long the loop's thread has been on a CPU.", List.of("loop"));
            GaugeMetricFamily workers = new GaugeMetricFamily("ringwave_ring_workers",
                    "Threads that the kernel keeps for what the loop's ring could not do at once (io-wq).",
                    List.of("loop"));
            List<LoopPlacement> loops = server.engine().placements();
            long[] nanos;
            try (ThreadTimes times = new ThreadTimes(loops)) {
                nanos = times.read();
            }
            Map<Integer, Integer> workersByThread = ringWorkers.byThread();
            for (int loop = 0; loop < nanos.length; loop++) {
                List<String> label = List.of(Integer.toString(loop));
                if (nanos[loop] != ThreadTimes.UNKNOWN) {
                    cpu.addMetric(label, nanos[loop] / 1e9);
                }
                workers.addMetric(label, workersByThread.getOrDefault(loops.get(loop).thread(), 0));
            }
            return List.of(cpu, workers);
        }
    }

    private static final class LogCollector extends Collector {
        private final LongSupplier dropped;
        private final @Nullable AccessLogWriter accessLog;

        private LogCollector(LongSupplier dropped, @Nullable AccessLogWriter accessLog) {
            this.dropped = dropped;
            this.accessLog = accessLog;
        }

        @Override
        public List<MetricFamilySamples> collect() {
            List<MetricFamilySamples> families = new ArrayList<>();
            families.add(new CounterMetricFamily("ringwave_log_dropped_lines",
                    "Lines of the log that were dropped: too many waited, or they could not be written.",
                    dropped.getAsLong()));
            if (accessLog != null) {
                families.add(new CounterMetricFamily("ringwave_access_log_lines",
                        "Lines of the access log that were written.", accessLog.written()));
                families.add(new CounterMetricFamily("ringwave_access_log_dropped_lines",
                        "Lines of the access log that were dropped: too many waited, or they could not be written.",
                        accessLog.dropped()));
            }
            return families;
        }
    }
}
