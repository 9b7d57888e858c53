package io.ringwave.uring;

import io.ringwave.spi.BackendException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the backend can use of io_uring, and can do without, each with the release of Linux that brought it. {@code
 * -Dringwave.uring.off=NAME,NAME} switches features off; the names are those of the constants in lower case.
 */
enum RingFeature {
    /** Queues of the size that suits a busy loop. Less fits where little memory may be locked. */
    FULL_SIZE_QUEUES("5.11"),
    /** Completions are collected when the loop waits, not whenever the kernel likes (IORING_SETUP_DEFER_TASKRUN). */
    DEFER_TASKRUN("6.1"),
    /** No index array between the queue of submissions and its entries (IORING_SETUP_NO_SQARRAY). */
    NO_SQARRAY("6.6"),
    /** The kernel need not look up the ring's descriptor at every call (IORING_REGISTER_RING_FDS). */
    REGISTERED_RING("5.18"), MULTISHOT_POLL("5.13"),
    /** Cancels that succeed go without a completion (IOSQE_CQE_SKIP_SUCCESS). */
    SKIP_SUCCESS("5.17"), MULTISHOT_ACCEPT("5.19"),
    /** One cancel reaches every operation (IORING_ASYNC_CANCEL_ANY). */
    CANCEL_ANY("5.19"),
    /** The kernel picks the buffer of a receive from a ring (IORING_REGISTER_PBUF_RING). */
    PROVIDED_BUFFERS("5.19"), MULTISHOT_RECEIVE("6.0"),
    /** Accepted connections go to the ring's own table ({@link Features#directDescriptors}). */
    DIRECT_DESCRIPTORS("6.14"),
    /** Waiting does not count as waiting for a disk (IORING_ENTER_NO_IOWAIT). */
    NO_IOWAIT("6.15"),
    /** A bound on the kernel's worker threads (IORING_REGISTER_IOWQ_MAX_WORKERS). */
    WORKER_LIMITS("5.15"),
    /** The kernel's worker threads stay on the loop's processors (IORING_REGISTER_IOWQ_AFF). */
    WORKER_AFFINITY("5.14"),
    /** One loop wakes another along with its own submissions (IORING_OP_MSG_RING to a deferring ring). */
    MSG_RING("6.3"),
    /** Large sends read the buffer while they are transmitted (IORING_OP_SEND_ZC with usage reports). */
    SEND_ZC("6.3"),
    /** Zero-copy sends find their memory pinned already (IORING_REGISTER_BUFFERS). */
    REGISTERED_BUFFERS("6.3"),
    /** A wait collects completions for a minimum of time (IORING_FEAT_MIN_TIMEOUT). */
    MIN_TIMEOUT("6.12"),
    /** Waiting polls the network card (IORING_REGISTER_NAPI). */
    NAPI("6.9"),
    /** A thread of the kernel looks for submissions (IORING_SETUP_SQPOLL; unprivileged since 5.11). */
    SQPOLL("5.11");

    /** The system property that switches features off. */
    static final String OFF = "ringwave.uring.off";

    private final KernelRelease since;

    RingFeature(String since) {
        String[] parts = since.split("\\.");
        this.since = new KernelRelease(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
    }

    /** The release that brought it. */
    KernelRelease since() {
        return since;
    }

    /** The name in reports and options. */
    String optionName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads the value of {@link #OFF}: names separated by commas, or nothing.
     *
     * @throws BackendException naming the property, if there is no such feature
     */
    static Set<RingFeature> parse(String value) throws BackendException {
        Set<RingFeature> features = EnumSet.noneOf(RingFeature.class);
        for (String name : value.isEmpty() ? new String[0] : value.split(",", -1)) {
            features.add(switchable().filter(feature -> feature.optionName().equals(name)).findFirst()
                    .orElseThrow(() -> new BackendException("-D" + OFF + "=" + value + ": there is no feature '" + name
                            + "'", "The features are " + names() + ".")));
        }
        return features;
    }

    private static String names() {
        return switchable().map(RingFeature::optionName).collect(Collectors.joining(", "));
    }

    private static Stream<RingFeature> switchable() {
        return Arrays.stream(values()).filter(feature -> feature != FULL_SIZE_QUEUES);
    }
}
