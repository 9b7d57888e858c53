package io.ringwave.uring;

import io.ringwave.bindings.linux.iovec;
import io.ringwave.bindings.uring.Uring;
import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Ring;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BufferSlab;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which sends the network card reads from the buffer itself (IORING_OP_SEND_ZC), and learns from the kernel's
 * reports whether it did. Confined to the loop's thread.
 *
 * <p>A zero-copy send has two completions: what was taken, and, when the peer has acknowledged it, that the kernel is
 * done with the memory. Nothing else of the connection is sent in between. So it pays for large sends only, where the
 * peer is near, and where the kernel really does without copying, which over loopback it never does:
 *
 * <pre>
 *   TRYING --{@value #STRIKES} sends in a row copied, or acknowledged late--> RESTING
 *   RESTING --{@value #FIRST_REST} large sends, twice as many each time--> one more try --as it should be--> TRYING
 * </pre>
 */
final class ZeroCopySends {

    private static final Logger LOG = LoggerFactory.getLogger(ZeroCopySends.class);

    private static final int STRIKES = 8;
    private static final int FIRST_REST = 1 << 10;
    private static final int LONGEST_REST = 1 << 20;
    /** An acknowledgement within a data centre takes a tenth of this; waiting longer costs more than copying. */
    private static final long LATE_NANOS = 2_000_000;
    /** No {@code int} is as large, and no {@code length >= threshold} true: sends are copied. */
    private static final int NEVER = Integer.MAX_VALUE;

    private final int threshold;
    private final boolean registered;
    private final int[] results; // per slot: what was taken
    private final long[] takenAt;
    private final BackendCounters counters;
    private final LongSupplier clock;
    private int strikes;
    private int resting; // how many large sends are still copied
    private int nextRest = FIRST_REST;
    private boolean restSaid;

    /** @param clock in nanoseconds */
    ZeroCopySends(int threshold, boolean registered, int slots, BackendCounters counters, LongSupplier clock) {
        this.threshold = threshold;
        this.registered = registered;
        this.results = new int[slots];
        this.takenAt = new long[slots];
        this.counters = counters;
        this.clock = clock;
    }

    /** Sets them up, if they may be used, and registers the slab for them. */
    static ZeroCopySends of(Ring ring, BufferSlab slab, int slots, BackendCounters counters, FeatureReport report) {
        int threshold = report.options().zeroCopyBytes();
        if (slab.bufferBytes() < threshold) {
            report.off(RingFeature.SEND_ZC, "no buffer has " + threshold + " bytes; -D" + RingOptions.ZERO_COPY
                    + "=BYTES lowers that");
        }
        // Reports came with 6.2, which no bit tells from 6.1. The first bit after that is this one, of 6.3.
        boolean present = (ring.features() & UringNewer.IORING_FEAT_REG_REG_RING()) != 0
                && ring.supports(Uring.IORING_OP_SEND_ZC());
        if (slab.bufferBytes() < threshold || !report.decide(RingFeature.SEND_ZC, present)) {
            report.off(RingFeature.REGISTERED_BUFFERS, "only zero-copy sends read from them");
            return new ZeroCopySends(NEVER, false, 0, counters, System::nanoTime);
        }
        report.used(RingFeature.SEND_ZC, "from " + threshold + " bytes on");
        return new ZeroCopySends(threshold, register(ring, slab, report), slots, counters, System::nanoTime);
    }

    /** The pages of every buffer stay pinned, which spares pinning them for each send. */
    private static boolean register(Ring ring, BufferSlab slab, FeatureReport report) {
        if (!report.allows(RingFeature.REGISTERED_BUFFERS)) {
            return false;
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment range = scratch.allocate(iovec.layout());
            iovec.iov_base(range, slab.memory());
            iovec.iov_len(range, slab.memory().byteSize());
            return report.registered(RingFeature.REGISTERED_BUFFERS,
                    ring.register(Uring.IORING_REGISTER_BUFFERS(), range, 1),
                    (slab.memory().byteSize() >> 10) + " KiB pinned");
        }
    }

    /** Whether a send of this length goes without copying. */
    boolean takes(int length) {
        return length >= threshold && isTrying();
    }

    private boolean isTrying() {
        if (resting > 0) {
            resting--;
            return false;
        }
        counters.zeroCopySends.increment();
        return true;
    }

    /** Whether the slab is registered, as the ring's only buffer. */
    boolean isRegistered() {
        return registered;
    }

    /** The first completion: so much was taken, or {@code -errno}. The second follows. */
    void taken(int slot, int result) {
        results[slot] = result;
        takenAt[slot] = clock.getAsLong();
    }

    /** The second: the kernel is done with the memory. Returns what was taken. */
    int finished(int slot, int usage) {
        boolean copied = (usage & UringNewer.IORING_NOTIF_USAGE_ZC_COPIED()) != 0;
        if (copied) {
            counters.zeroCopiesCopied.increment();
        }
        if (results[slot] > 0) {
            judge(copied || clock.getAsLong() - takenAt[slot] > LATE_NANOS);
        }
        return results[slot];
    }

    /** Whether a result means that this socket, or the limit of locked memory, wants sends that are copied. */
    boolean isRefusal(int result) {
        return switch (-result) {
            case Errno.EOPNOTSUPP, Errno.ENOMEM, Errno.ENOBUFS -> true;
            default -> false;
        };
    }

    /** A send was refused: copies for a while. */
    void refused() {
        rest("the kernel refuses them for this socket, or for lack of memory that may be locked");
    }

    private void judge(boolean pointless) {
        if (!pointless) {
            strikes = 0;
            nextRest = FIRST_REST;
        } else if (resting == 0 && ++strikes >= STRIKES) {
            rest("the kernel copied the last " + STRIKES + ", or their peers were slow to acknowledge them");
        }
    }

    private void rest(String why) {
        resting = nextRest;
        nextRest = Math.min(2 * nextRest, LONGEST_REST);
        strikes = STRIKES - 1; // the next try decides by itself
        if (!restSaid) {
            restSaid = true;
            LOG.info("Zero-copy sends rest on this loop: {}; one is tried again now and then", why);
        }
    }
}
