package io.ringwave.uring;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.bindings.uring.__kernel_timespec;
import io.ringwave.bindings.uring.newer_io_uring_getevents_arg;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Ring;
import io.ringwave.spi.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enters the kernel: the one system call of a turn. Owns its arguments, and decides how many completions a wait asks
 * for. Confined to the ring's thread (io_uring_enter(2)).
 *
 * <p>If completions did not fit into their queue, the kernel keeps them, and moves them there at the next call with
 * IORING_ENTER_GETEVENTS, which every call here has: nothing is lost, and it is said once.
 */
final class RingWait implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RingWait.class);

    private static final int GETEVENTS = Uring.IORING_ENTER_GETEVENTS();
    private static final int EXT_ARG = Uring.IORING_ENTER_EXT_ARG();
    private static final int SQ_WAKEUP = Uring.IORING_ENTER_SQ_WAKEUP();
    private static final int CQ_OVERFLOW = Uring.IORING_SQ_CQ_OVERFLOW();
    private static final int NEED_WAKEUP = Uring.IORING_SQ_NEED_WAKEUP();

    private static final long NANOS_PER_SECOND = 1_000_000_000;
    /** With a minimal wait, a wait without limit ends after this: the kernel ends it with the minimal one otherwise. */
    private static final long LONG_WAIT_NANOS = 3600 * NANOS_PER_SECOND;
    /** A minimal wait ends early with so many completions. */
    private static final int BATCH = 64;

    private final Ring ring;
    private final MemorySegment kernelFlags;
    private final Counter overflows;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment time = arena.allocate(__kernel_timespec.layout());
    private final MemorySegment argument = arena.allocate(newer_io_uring_getevents_arg.layout());
    private final int wanted; // how many completions end a wait
    private final boolean polled; // a thread of the kernel looks for submissions
    private boolean overflowSaid;

    /** @param overflows counts calls after which the completion queue was too short */
    RingWait(Ring ring, FeatureReport report, Counter overflows) {
        this.ring = ring;
        this.kernelFlags = ring.submissionFlags();
        this.overflows = overflows;
        this.polled = (ring.setupFlags() & Uring.IORING_SETUP_SQPOLL()) != 0;
        newer_io_uring_getevents_arg.ts(argument, time.address());
        int micros = report.options().minWaitMicros();
        if (micros == 0) {
            report.off(RingFeature.MIN_TIMEOUT, "by default; -D" + RingOptions.MIN_WAIT + "=MICROSECONDS");
        } else if (report.decide(RingFeature.MIN_TIMEOUT,
                (ring.features() & UringNewer.IORING_FEAT_MIN_TIMEOUT()) != 0)) {
            report.used(RingFeature.MIN_TIMEOUT, micros + " microseconds");
            newer_io_uring_getevents_arg.min_wait_usec(argument, micros);
        }
        this.wanted = newer_io_uring_getevents_arg.min_wait_usec(argument) == 0 ? 1 : BATCH;
    }

    /**
     * Submits, and waits for a completion.
     *
     * @param pending how many entries of the submission queue are published
     * @param timeoutNanos 0 does not wait; {@link Long#MAX_VALUE} waits without limit
     * @return 0, or {@code -errno} if the ring can no longer work
     */
    int enter(int pending, long timeoutNanos) {
        int result = polled ? enterPolled(pending, timeoutNanos) : call(pending, timeoutNanos, GETEVENTS);
        if ((kernelFlags.get(ValueLayout.JAVA_INT, 0) & CQ_OVERFLOW) != 0) {
            overflowed();
        }
        return switch (-result) {
            // -ETIME: nothing came; -EINTR: a signal; -EAGAIN, -EBUSY: the completion queue must be emptied first
            case Errno.ETIME, Errno.EINTR, Errno.EAGAIN, Errno.EBUSY -> 0;
            default -> Math.min(result, 0);
        };
    }

    private int call(int pending, long timeoutNanos, int flags) {
        if (timeoutNanos == 0) {
            return ring.enter(pending, 0, flags, 0, 0);
        }
        if (timeoutNanos == Long.MAX_VALUE && wanted == 1) {
            return ring.enter(pending, 1, flags, 0, 0);
        }
        long nanos = Math.min(timeoutNanos, LONG_WAIT_NANOS);
        __kernel_timespec.tv_sec(time, nanos / NANOS_PER_SECOND);
        __kernel_timespec.tv_nsec(time, nanos % NANOS_PER_SECOND);
        return ring.enter(pending, wanted, flags | EXT_ARG, argument.address(), argument.byteSize());
    }

    /** The kernel's thread finds submissions by itself while it is awake, so that not waiting needs no call. */
    private int enterPolled(int pending, long timeoutNanos) {
        VarHandle.fullFence(); // the tail of the submissions is visible before we look whether the thread sleeps
        int flags = kernelFlags.get(ValueLayout.JAVA_INT, 0);
        if ((flags & NEED_WAKEUP) != 0) {
            return call(pending, timeoutNanos, GETEVENTS | SQ_WAKEUP);
        }
        if (timeoutNanos == 0 && (flags & CQ_OVERFLOW) == 0) {
            return 0;
        }
        return call(pending, timeoutNanos, GETEVENTS);
    }

    private void overflowed() {
        overflows.increment();
        if (!overflowSaid) {
            overflowSaid = true;
            LOG.warn("A completion queue of {} entries overflowed: the kernel keeps what does not fit, which costs"
                    + " time; /api/stats and EngineStats count how often", ring.completionEntries().byteSize() >> 4);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
