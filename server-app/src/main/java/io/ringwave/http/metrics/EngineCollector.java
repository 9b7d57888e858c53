package io.ringwave.http.metrics;

import io.prometheus.client.Collector;
import io.ringwave.AcceptChoice;
import io.ringwave.CloseReason;
import io.ringwave.Engine;
import io.ringwave.EngineStats;
import io.ringwave.http.metrics.Families.Part;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What an engine counts, as {@code ringwave_} metrics. Any thread may collect, also after the engine has ended. It reads
 * what the loops have written, and stops none of them: a value may be a moment old, and values that belong together were
 * read one after the other.
 *
 * <pre>{@code
 * CollectorRegistry.defaultRegistry.register(new EngineCollector(engine));
 * }</pre>
 *
 * One engine for each registry: two would have the same names, which a registry refuses.
 */
public final class EngineCollector extends Collector implements Collector.Describable {
    /** The most completions of a turn of each size but the last. */
    private static final List<Double> TURN_BOUNDS = List.of(0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 127.0);
    private static final List<Part<EngineStats>> CLOSE_REASONS = Arrays.stream(CloseReason.values())
            .map(reason -> new Part<EngineStats>(lowerCase(reason), stats -> stats.closed().get(reason))).toList();

    private final Engine engine;

    /** @param engine started */
    public EngineCollector(Engine engine) {
        this.engine = engine;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        Families families = new Families();
        addTo(families, engine);
        return families.list();
    }

    @Override
    public List<MetricFamilySamples> describe() {
        return collect();
    }

    static void addTo(Families families, Engine engine) {
        addChoices(families, engine);
        List<EngineStats> loops = engine.loopStats();
        addConnections(families, engine, loops);
        families.counters("ringwave_received_bytes", "Bytes handed to handlers.", loops, EngineStats::bytesReceived);
        families.counters("ringwave_sent_bytes", "Bytes taken by the kernel.", loops, EngineStats::bytesSent);
        families.counters("ringwave_handler_failures", "Exceptions that handlers of connections threw.", loops,
                EngineStats::handlerFailures);
        addLoops(families, loops);
    }

    private static void addChoices(Families families, Engine engine) {
        families.info("ringwave_backend", "The backend that was chosen.", List.of("backend"),
                List.of(List.of(engine.backend().name())));
        families.info("ringwave_feature", "What became of the features that the backend can do without.",
                List.of("feature", "use"),
                engine.features().stream().map(feature -> List.of(feature.name(), lowerCase(feature.use()))).toList());
        AcceptChoice acceptance = engine.acceptance();
        families.info("ringwave_accept", "How connections come to the loops.", List.of("mode", "steered"),
                List.of(List.of(lowerCase(acceptance.mode()), Boolean.toString(acceptance.steered()))));
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static void addConnections(Families families, Engine engine, List<EngineStats> loops) {
        families.gauge("ringwave_connections_limit", "The most connections at a time, over all loops.",
                engine.maxConnections());
        families.gauges("ringwave_connections_open", "Connections that are open.", loops, EngineStats::connectionsOpen);
        families.counters("ringwave_connections_accepted", "Connections that were accepted and opened.", loops,
                EngineStats::connectionsAccepted);
        families.counters("ringwave_connections_made", "Outbound connections that were opened.", loops,
                EngineStats::connectionsMade);
        families.counters("ringwave_connections_closed", "Connections that were closed, of either kind.", loops,
                stats -> stats.connectionsAccepted() + stats.connectionsMade() - stats.connectionsOpen());
        families.split("ringwave_connections_closed_by", "Connections that were closed, by the reason.", "reason",
                loops, CLOSE_REASONS);
        families.counters("ringwave_connections_refused", "Connections that were closed at once, the loop being full.",
                loops, EngineStats::connectionsRefused);
        families.counters("ringwave_connect_failures", "Outbound connections that were not made.", loops,
                EngineStats::connectFailures);
        families.counter("ringwave_accept_pauses",
                "Times that accepting stopped: out of descriptors, or a loop was full.",
                engine.stats().acceptPauses());
    }

    private static void addLoops(Families families, List<EngineStats> loops) {
        families.histograms("ringwave_turn_completions", "Completions that the backend reported in a turn of the loop.",
                loops, TURN_BOUNDS, EngineStats::turnSizes, EngineStats::completions);
        families.counters("ringwave_receive_pauses", "Times that a full send queue stopped a connection's receiving.",
                loops, EngineStats::receivePauses);
        families.gauges("ringwave_sends_queued", "Sends that are queued or under way.", loops,
                EngineStats::sendsQueued);
        families.counters("ringwave_submissions", "Operations submitted to the ring, which cost no call of their own.",
                loops, EngineStats::submissions);
        families.counters("ringwave_rearms", "Operations submitted again, after the kernel had ended them early.",
                loops, EngineStats::rearms);
        families.counters("ringwave_waits", "Times the kernel was entered to submit or wait.", loops,
                EngineStats::waits);
        families.counters("ringwave_completions", "Completions reported by the backend.", loops,
                EngineStats::completions);
        families.counters("ringwave_completion_overflows", "Times that the completion queue was too short.", loops,
                EngineStats::completionOverflows);
        families.counters("ringwave_wakeup_messages", "Wake-ups of other loops that cost no system call.", loops,
                EngineStats::wakeupMessages);
        families.counters("ringwave_zero_copy_sends", "Sends handed to the kernel without copying.", loops,
                EngineStats::zeroCopySends);
        families.counters("ringwave_zero_copies_copied", "Zero-copy sends that the kernel copied all the same.", loops,
                EngineStats::zeroCopiesCopied);
        families.counters("ringwave_receive_buffer_shortages", "Times a connection waited for a receive buffer.", loops,
                EngineStats::bufferShortages);
        families.gauges("ringwave_operations_in_flight", "Operations that the backend has not ended.", loops,
                EngineStats::operationsInFlight);
        families.gauges("ringwave_receive_buffers_free", "Receive buffers that are neither filled nor in use.", loops,
                EngineStats::receiveBuffersFree);
        families.gauges("ringwave_send_buffers_free", "Send buffers that are not in use.", loops,
                EngineStats::sendBuffersFree);
    }
}
