package io.ringwave.http.metrics;

import io.prometheus.client.Collector;
import io.ringwave.http.HttpServer;
import io.ringwave.http.HttpStats;
import io.ringwave.http.Latencies;
import io.ringwave.http.RouteClass;
import io.ringwave.http.metrics.Families.Part;
import io.ringwave.workers.WorkerStats;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What an HTTP server counts, as {@code ringwave_http_} metrics, its workers, and all that {@link EngineCollector} shows
 * of the engine below, which need not be registered as well. Any thread but a loop's may collect, also after the server has
 * ended (see {@link HttpServer#latencies}); one server for each registry.
 */
public final class HttpServerCollector extends Collector implements Collector.Describable {
    private static final List<Part<HttpStats>> STATUS_CLASSES = List.of(new Part<>("2xx", HttpStats::responses2xx),
            new Part<>("3xx", HttpStats::responses3xx), new Part<>("4xx", HttpStats::responses4xx),
            new Part<>("5xx", HttpStats::responses5xx));
    private static final List<Part<HttpStats>> FILE_STRATEGIES = List.of(
            new Part<>("copied", stats -> stats.files().copied()),
            new Part<>("memory", stats -> stats.files().memory()), new Part<>("mmap", stats -> stats.files().mmap()),
            new Part<>("sendfile", stats -> stats.files().sendfile()),
            new Part<>("splice", stats -> stats.files().splice()),
            new Part<>("uring", stats -> stats.files().uring()));

    private static final List<Part<HttpStats>> CACHE_RESULTS = List.of(
            new Part<>("hit", stats -> stats.files().cacheHits()),
            new Part<>("miss", stats -> stats.files().cacheMisses()));
    /** From what a request over loopback takes to what nobody waits for. */
    private static final List<Long> DURATION_BOUNDS_NANOS = Stream
            .of(10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000, 10_000_000)
            .map(micros -> micros * 1_000L).toList();
    private static final List<Double> DURATION_BOUNDS = DURATION_BOUNDS_NANOS.stream().map(nanos -> nanos / 1e9)
            .toList();

    private final HttpServer server;

    /** @param server started */
    public HttpServerCollector(HttpServer server) {
        this.server = server;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        Families families = new Families();
        addHttp(families, server.loopStats());
        addLatencies(families, server.latencies());
        addWorkers(families, server.workerStats());
        EngineCollector.addTo(families, server.engine());
        return families.list();
    }

    @Override
    public List<MetricFamilySamples> describe() {
        return collect();
    }

    private static void addHttp(Families families, List<HttpStats> loops) {
        families.counters("ringwave_http_requests", "Requests that reached routing.", loops, HttpStats::requestsTotal);
        families.split("ringwave_http_responses", "Responses, by the class of their status; no interim ones.", "status",
                loops, STATUS_CLASSES);
        families.counters("ringwave_http_requests_refused",
                "Requests answered with an error before routing: malformed, too long, unsupported.", loops,
                HttpStats::requestsRefused);
        families.counters("ringwave_http_timeouts", "Connections closed because a deadline had passed.", loops,
                HttpStats::timeouts);
        families.counters("ringwave_http_handler_failures", "Handlers that threw, or did not answer.", loops,
                HttpStats::handlerFailures);
        families.split("ringwave_http_file_bytes", "Bytes of files handed to the kernel, by the way they went.",
                "strategy", loops, FILE_STRATEGIES);
        families.split("ringwave_http_file_lookups",
                "Files that were asked for, by whether the loop's cache had them or the disk was looked at.", "cache",
                loops, CACHE_RESULTS);
        families.counters("ringwave_http_files_cut",
                "Responses whose connection was cut, the file having changed or not being readable.", loops,
                stats -> stats.files().cut());
    }

    /** Over all loops: by loop they would be hundreds of series on a large machine. */
    private static void addLatencies(Families families, Latencies latencies) {
        if (latencies.isRecorded()) {
            families.histograms("ringwave_http_request_duration_seconds",
                    "From a request taken up to the last byte of its response taken by the kernel.", "class",
                    List.of(RouteClass.values()), each -> each.name().toLowerCase(Locale.ROOT), DURATION_BOUNDS,
                    each -> latencies.counts(each, DURATION_BOUNDS_NANOS), each -> latencies.sumNanos(each) / 1e9);
            families.counter("ringwave_http_requests_cut",
                    "Requests not, or not wholly, answered before their connection ended.", latencies.cut());
        }
    }

    private static void addWorkers(Families families, WorkerStats workers) {
        families.counter("ringwave_worker_tasks", "Tasks that workers ran, also those that failed.",
                workers.executed());
        families.counter("ringwave_worker_tasks_stolen", "Tasks that another worker ran than the lane's own.",
                workers.stolen());
        families.counter("ringwave_worker_tasks_discarded", "Tasks that were never run, the pool being closed.",
                workers.discarded());
        families.counter("ringwave_worker_task_failures", "Exceptions that tasks threw.", workers.failures());
        families.counter("ringwave_worker_wakeups", "Times that a sleeping worker was woken.", workers.wakeups());
        families.gauge("ringwave_worker_tasks_waiting", "Tasks that wait.", workers.waiting());
    }
}
