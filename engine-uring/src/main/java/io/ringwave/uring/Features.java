package io.ringwave.uring;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.linux.Ring;
import io.ringwave.spi.BackendException;

/**
 * What the backend may ask of a ring: what the kernel has, less what is newer than a release. Each feature is named with
 * the release that brought it. What needs no decision (EXT_ARG, cancelling by token) is required: {@link
 * KernelRelease#OLDEST} has it. The flags of io_uring_setup(2) are {@link RingSetup}'s business.
 *
 * @param multishotPoll one poll reports each time (5.13)
 * @param skipSuccess an operation that succeeds may go without a completion (5.17)
 * @param multishotAccept one accept reports every connection (5.19)
 * @param cancelAny one cancel reaches every operation (5.19)
 * @param receiving how bytes are received
 * @param directDescriptors connections go straight to the ring's {@link FileTable} (6.14). Every operation for that is
 *     older (5.19, 6.8), but before 6.13 a file that was taken out of the table stayed open until every request that was
 *     older had ended: with an idle connection's receive pending, no later connection would have been closed. 6.14 is
 *     the first release that can be told apart.
 */
record Features(boolean multishotPoll, boolean skipSuccess, boolean multishotAccept, boolean cancelAny,
        Receiving receiving, boolean directDescriptors) {

    /** The system property that, set to {@code false}, does without direct descriptors. */
    static final String DIRECT_PROPERTY = "ringwave.uring.direct";

    /** How the bytes of a connection get into buffers. In no case does an idle connection own one. */
    enum Receiving {
        /** One operation reports every chunk; the kernel picks the buffers from a ring (6.0). */
        MULTISHOT,
        /** An operation per chunk; the kernel picks the buffer from a ring (5.19). */
        ONE_SHOT,
        /** A poll, and when bytes are there a receive into a buffer of our choice. */
        POLLED
    }

    /** The features of a release. */
    static Features of(KernelRelease release) {
        boolean since519 = release.isAtLeast(5, 19);
        Receiving receiving = release.isAtLeast(6, 0)
                ? Receiving.MULTISHOT
                : since519 ? Receiving.ONE_SHOT : Receiving.POLLED;
        return new Features(release.isAtLeast(5, 13), release.isAtLeast(5, 17), since519, since519, receiving,
                release.isAtLeast(6, 14));
    }

    /**
     * The features of a ring that are no newer than a release.
     *
     * @throws BackendException if the kernel is older than {@link KernelRelease#OLDEST}
     */
    static Features of(Ring ring, KernelRelease limit) throws BackendException {
        return of(limit.orOlder(shownBy(ring)));
    }

    /** The features of a ring that may be used; reports each. */
    static Features of(Ring ring, FeatureReport report) throws BackendException {
        Features shown = of(ring, report.options().limit());
        boolean provided = report.decide(RingFeature.PROVIDED_BUFFERS, shown.receiving != Receiving.POLLED);
        if (!provided) {
            report.off(RingFeature.MULTISHOT_RECEIVE, "needs provided_buffers");
        }
        boolean multishot = report.decide(RingFeature.MULTISHOT_RECEIVE, shown.receiving == Receiving.MULTISHOT);
        return new Features(report.decide(RingFeature.MULTISHOT_POLL, shown.multishotPoll),
                report.decide(RingFeature.SKIP_SUCCESS, shown.skipSuccess),
                report.decide(RingFeature.MULTISHOT_ACCEPT, shown.multishotAccept),
                report.decide(RingFeature.CANCEL_ANY, shown.cancelAny),
                !provided ? Receiving.POLLED : multishot ? Receiving.MULTISHOT : Receiving.ONE_SHOT,
                decideDirect(ring, shown, report));
    }

    /** Asking for a peer's address needs submissions that are taken at once, and not when a thread finds them. */
    private static boolean decideDirect(Ring ring, Features shown, FeatureReport report) {
        if ((ring.setupFlags() & Uring.IORING_SETUP_SQPOLL()) != 0) {
            report.off(RingFeature.DIRECT_DESCRIPTORS, "sqpoll excludes it");
            return false;
        }
        return report.decide(RingFeature.DIRECT_DESCRIPTORS, shown.directDescriptors);
    }

    /**
     * The newest release whose features a ring shows. Not what uname(2) says: distributions bring newer features to older
     * releases. Where a feature has no bit of its own, an operation of the same release stands for it.
     */
    private static KernelRelease shownBy(Ring ring) throws BackendException {
        if ((ring.features() & UringNewer.IORING_FEAT_RW_ATTR()) != 0) {
            return KernelRelease.ANY; // 6.14, the newest that matters here
        }
        if (ring.supports(Uring.IORING_OP_SEND_ZC())) {
            return new KernelRelease(6, 0);
        }
        if (ring.supports(Uring.IORING_OP_SOCKET())) {
            return new KernelRelease(5, 19);
        }
        if ((ring.features() & Uring.IORING_FEAT_CQE_SKIP()) != 0) {
            return new KernelRelease(5, 17);
        }
        if ((ring.features() & Uring.IORING_FEAT_RSRC_TAGS()) != 0) {
            return new KernelRelease(5, 13);
        }
        if ((ring.features() & Uring.IORING_FEAT_EXT_ARG()) != 0) {
            return KernelRelease.OLDEST;
        }
        throw new BackendException("the kernel's io_uring has no timeouts for waiting (EXT_ARG)",
                "Use Linux " + KernelRelease.OLDEST + " or newer, better 6.0.");
    }
}
