package io.ringwave.uring;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.linux.Errno;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Ring;
import io.ringwave.spi.BackendException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Makes a ring with as many of the wanted features as the kernel has, and says what is wrong where it can't: tries the
 * newest flags first and peels them off on EINVAL; shortens the queues where little memory may be locked.
 */
final class RingSetup {

    /** One batch of a busy loop fits. */
    private static final int ENTRIES = 1024;
    /** Below this a loop spends more time in the kernel than with requests. */
    private static final int MIN_ENTRIES = 64;
    private static final int SHRINK = 4;
    /** A multishot operation completes many times per submission. */
    private static final int COMPLETIONS_PER_SUBMISSION = 8;

    private static final int DEFER_TASKRUN = Uring.IORING_SETUP_DEFER_TASKRUN();
    private static final int COOP_TASKRUN = Uring.IORING_SETUP_COOP_TASKRUN();
    private static final int REQUIRED = Uring.IORING_SETUP_CQSIZE() | Uring.IORING_SETUP_CLAMP();

    /** Flags on top of the required ones, and the release that has all of them. */
    private record Step(KernelRelease since, int flags) {}

    private static final List<Step> STEPS = List.of(
            new Step(new KernelRelease(6, 6),
                    Uring.IORING_SETUP_SUBMIT_ALL() | Uring.IORING_SETUP_SINGLE_ISSUER()
                            | Uring.IORING_SETUP_DEFER_TASKRUN() | UringNewer.IORING_SETUP_NO_SQARRAY()),
            new Step(new KernelRelease(6, 1),
                    Uring.IORING_SETUP_SUBMIT_ALL() | Uring.IORING_SETUP_SINGLE_ISSUER()
                            | Uring.IORING_SETUP_DEFER_TASKRUN()),
            new Step(new KernelRelease(6, 0),
                    Uring.IORING_SETUP_SUBMIT_ALL() | Uring.IORING_SETUP_SINGLE_ISSUER()
                            | Uring.IORING_SETUP_COOP_TASKRUN()),
            new Step(new KernelRelease(5, 19), Uring.IORING_SETUP_SUBMIT_ALL() | Uring.IORING_SETUP_COOP_TASKRUN()),
            new Step(new KernelRelease(5, 18), Uring.IORING_SETUP_SUBMIT_ALL()),
            new Step(KernelRelease.OLDEST, 0));

    private static final Path DISABLED = Path.of("/proc/sys/kernel/io_uring_disabled");

    private RingSetup() {}

    /** Makes a ring on the thread that will use it, as its options say, and reports what it has. */
    static Ring create(FeatureReport report) throws BackendException {
        return create(report, ENTRIES);
    }

    /**
     * Makes a ring for one of several loops, which share the limit of locked memory.
     *
     * @param buffers how many buffers will be registered with each
     */
    static Ring create(FeatureReport report, int loops, int buffers) throws BackendException {
        long share = LockedMemory.limitBytes() / loops;
        int entries = ENTRIES;
        while (entries > MIN_ENTRIES && LockedMemory.ringBytes(entries, buffers) > share) {
            entries /= 2;
        }
        return create(report, entries);
    }

    /** Makes the smallest ring, to find out what the kernel has. */
    static Ring createForProbing(FeatureReport report) throws BackendException {
        return create(report, MIN_ENTRIES); // its memory is given back a while after it was closed
    }

    private static Ring create(FeatureReport report, int entriesWanted) throws BackendException {
        int[] peeled = flags(report);
        int entries = entriesWanted;
        int step = 0;
        while (true) {
            try {
                Ring ring = Ring.create(entries, entries * COMPLETIONS_PER_SUBMISSION, peeled[step],
                        report.options().sqpollMillis());
                describe(ring, entries, report);
                return ring;
            } catch (ErrnoException e) {
                if (e.errno() == Errno.EINVAL && step + 1 < peeled.length) {
                    step++;
                } else if (e.errno() == Errno.ENOMEM && entries > MIN_ENTRIES) {
                    entries = Math.max(MIN_ENTRIES, entries / SHRINK); // other things have to fit beside it
                } else {
                    throw refused(e.errno());
                }
            }
        }
    }

    /**
     * Whether other rings may put completions into this one (IORING_OP_MSG_RING). Only if it defers its work: else the
     * kernel takes the locks of both rings, or leaves the message to a worker thread.
     */
    static boolean takesMessages(Ring ring, FeatureReport report) {
        if ((ring.setupFlags() & DEFER_TASKRUN) == 0 && report.allows(RingFeature.MSG_RING)) {
            report.off(RingFeature.MSG_RING, "needs defer_taskrun");
        }
        // The operation came with 5.18, and to rings that defer with 6.2; the first bit after that is this one, of 6.3.
        return report.decide(RingFeature.MSG_RING, (ring.setupFlags() & DEFER_TASKRUN) != 0
                && (ring.features() & UringNewer.IORING_FEAT_REG_REG_RING()) != 0);
    }

    /** The flags to try, in this order, less what is switched off. */
    private static int[] flags(FeatureReport report) {
        boolean polled = report.options().sqpollMillis() > 0 && report.allows(RingFeature.SQPOLL);
        boolean deferred = !polled && report.allows(RingFeature.DEFER_TASKRUN);
        boolean arrayless = report.allows(RingFeature.NO_SQARRAY);
        return Arrays.stream(flags(report.options().limit())).map(flags -> {
            int allowed = arrayless ? flags : flags & ~UringNewer.IORING_SETUP_NO_SQARRAY();
            if (!deferred && (allowed & DEFER_TASKRUN) != 0) {
                allowed = allowed & ~DEFER_TASKRUN | COOP_TASKRUN;
            }
            return polled ? allowed & ~COOP_TASKRUN | Uring.IORING_SETUP_SQPOLL() : allowed;
        }).toArray();
    }

    static void describe(Ring ring, int entries, FeatureReport report) {
        if (entries == ENTRIES) {
            report.used(RingFeature.FULL_SIZE_QUEUES, ENTRIES + " entries");
        } else {
            report.unavailable(RingFeature.FULL_SIZE_QUEUES, entries + " entries instead of " + ENTRIES
                    + ": the limit of locked memory allows no more; raise it with ulimit -l or LimitMEMLOCK");
        }
        boolean polled = (ring.setupFlags() & Uring.IORING_SETUP_SQPOLL()) != 0;
        if (polled) {
            report.used(RingFeature.SQPOLL, "sleeps after " + report.options().sqpollMillis() + " ms");
            report.off(RingFeature.DEFER_TASKRUN, "sqpoll excludes it");
        } else if (report.options().sqpollMillis() == 0) {
            report.off(RingFeature.SQPOLL, "by default; -D" + RingOptions.SQPOLL + "=MILLISECONDS");
        }
        report.decide(RingFeature.DEFER_TASKRUN, (ring.setupFlags() & DEFER_TASKRUN) != 0);
        report.decide(RingFeature.NO_SQARRAY, (ring.setupFlags() & UringNewer.IORING_SETUP_NO_SQARRAY()) != 0);
        if (report.allows(RingFeature.REGISTERED_RING)) {
            report.decide(RingFeature.REGISTERED_RING, ring.registerDescriptor());
        }
    }

    /** The flags to try, in this order: each step gives up the newest flag of the one before. */
    static int[] flags(KernelRelease limit) {
        return STEPS.stream().filter(step -> limit.isAtLeast(step.since())).mapToInt(step -> REQUIRED | step.flags())
                .toArray();
    }

    private static BackendException refused(int errno) {
        String said = "io_uring_setup says " + Errno.describe(errno);
        return switch (errno) {
            case Errno.EPERM -> switch (disabled()) {
                case "2" -> new BackendException(said + ": kernel.io_uring_disabled is 2",
                        "Allow it with: sysctl -w kernel.io_uring_disabled=0");
                case "1" -> new BackendException(
                        said + ": kernel.io_uring_disabled is 1 and this process is not privileged",
                        "Allow it with: sysctl -w kernel.io_uring_disabled=0, or add the user to the group in kernel.io_uring_group");
                default -> new BackendException(said + ": most likely the seccomp filter of a container",
                        "Allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp profile.");
            };
            case Errno.ENOSYS -> new BackendException(
                    said + ": the kernel has no io_uring, or the seccomp filter of a container hides it",
                    "Use Linux 6.0 or newer, and allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp profile.");
            case Errno.ENOMEM -> new BackendException(
                    said + ": the limit of locked memory is too low for a ring of " + MIN_ENTRIES + " entries",
                    LockedMemory.REMEDY);
            case Errno.EMFILE, Errno.ENFILE -> new BackendException(said + ": no descriptor is left for a ring",
                    "Raise the limit of open files: ulimit -n.");
            default -> new BackendException(said, "");
        };
    }

    private static String disabled() {
        try {
            return Files.readString(DISABLED).strip();
        } catch (IOException e) {
            return ""; // kernels before 6.6 do not have it
        }
    }
}
