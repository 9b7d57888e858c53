package io.ringwave.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.bindings.uring.io_uring_napi;
import io.ringwave.linux.Ring;
import io.ringwave.linux.ThreadAffinity;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The settings of a ring that cost nothing later: registered once, on the loop's thread. Sources: io_uring_register(2),
 * io_uring_register_napi(3), io_uring_enter(2).
 */
final class RingTuning {

    /**
     * How many worker threads of each kind the kernel may keep for a ring. No operation of ours needs one: sockets are
     * polled. What strays there all the same must not grow a crowd; by default the kernel allows four per processor, and
     * as many as the process may have.
     */
    private static final int MAX_WORKERS = 4;

    private final Ring ring;
    private final FeatureReport report;

    private RingTuning(Ring ring, FeatureReport report) {
        this.ring = ring;
        this.report = report;
    }

    /** Sets what may be set. */
    static void apply(Ring ring, FeatureReport report) {
        RingTuning tuning = new RingTuning(ring, report);
        try (Arena scratch = Arena.ofConfined()) {
            tuning.doNotCountAsWaitingForDisks();
            tuning.limitWorkers(scratch);
            tuning.pinWorkers(scratch);
            tuning.pollNetworkCard(scratch);
        }
    }

    private void doNotCountAsWaitingForDisks() {
        if (report.decide(RingFeature.NO_IOWAIT, (ring.features() & UringNewer.IORING_FEAT_NO_IOWAIT()) != 0)) {
            ring.alwaysEnterWith(UringNewer.IORING_ENTER_NO_IOWAIT());
        }
    }

    private void limitWorkers(Arena scratch) {
        if (report.allows(RingFeature.WORKER_LIMITS)) {
            MemorySegment limits = scratch.allocateFrom(JAVA_INT, MAX_WORKERS, MAX_WORKERS); // bounded, unbounded
            report.registered(RingFeature.WORKER_LIMITS,
                    ring.register(Uring.IORING_REGISTER_IOWQ_MAX_WORKERS(), limits, 2),
                    MAX_WORKERS + " of each kind");
        }
    }

    /** Workers do not inherit the processors of the thread that causes them, only those of its cpuset. */
    private void pinWorkers(Arena scratch) {
        if (report.allows(RingFeature.WORKER_AFFINITY)) {
            var processors = ThreadAffinity.current();
            MemorySegment mask = scratch.allocateFrom(JAVA_BYTE, processors.toByteArray());
            report.registered(RingFeature.WORKER_AFFINITY,
                    ring.register(Uring.IORING_REGISTER_IOWQ_AFF(), mask, (int) mask.byteSize()),
                    "processors " + processors);
        }
    }

    private void pollNetworkCard(Arena scratch) {
        int micros = report.options().napiMicros();
        if (micros == 0) {
            report.off(RingFeature.NAPI, "by default; -D" + RingOptions.NAPI + "=MICROSECONDS");
        } else if (report.allows(RingFeature.NAPI)) {
            MemorySegment settings = scratch.allocate(io_uring_napi.layout());
            io_uring_napi.busy_poll_to(settings, micros);
            io_uring_napi.prefer_busy_poll(settings, (byte) 1);
            report.registered(RingFeature.NAPI, ring.register(UringNewer.IORING_REGISTER_NAPI(), settings, 1),
                    micros + " microseconds");
        }
    }
}
