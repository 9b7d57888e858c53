package io.ringwave.uring;

import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Liburing;
import io.ringwave.linux.Ring;
import io.ringwave.spi.Availability;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.ConnectionLimit;

/** Makes io_uring backends where liburing, the kernel and the limits of the process allow it. */
public final class UringBackendProvider implements BackendProvider {

    private static final String NAME = "io_uring";

    private final String limit;
    private final boolean direct;

    /**
     * For {@link java.util.ServiceLoader}: {@code -Dringwave.kernel=X.Y} masks what is newer than Linux X.Y, and {@code
     * -Dringwave.uring.direct=false} does without direct descriptors.
     */
    public UringBackendProvider() {
        this(System.getProperty(KernelRelease.PROPERTY, ""),
                !"false".equals(System.getProperty(Features.DIRECT_PROPERTY)));
    }

    /** @param limit the release above which everything is masked, as {@link KernelRelease#parse} reads it */
    UringBackendProvider(String limit) {
        this(limit, true);
    }

    /** @param direct whether direct descriptors are used where the kernel has them */
    UringBackendProvider(String limit, boolean direct) {
        this.limit = limit;
        this.direct = direct;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int preference() {
        return 20;
    }

    /** Below 6.0 the answer is no, although {@link #create} works there, for those who choose io_uring by name. */
    @Override
    public Availability probe() {
        try {
            KernelRelease release = KernelRelease.parse(limit);
            String masked = release == KernelRelease.ANY
                    ? ""
                    : " (-D" + KernelRelease.PROPERTY + " masks what is newer than Linux " + release + ")";
            try (Ring ring = open(release)) {
                Features features = features(ring, release);
                String descriptors = features.directDescriptors() ? "; connections are direct descriptors" : "";
                return features.receiving() == Features.Receiving.MULTISHOT
                        ? Availability.yes(NAME,
                                "liburing is installed and the kernel has the operations that are needed" + descriptors
                                        + masked)
                        : Availability.no(NAME,
                                "the kernel has no multishot receive; without it io_uring has to be chosen by name"
                                        + masked,
                                "Use Linux 6.0 or newer.");
            }
        } catch (BackendException e) {
            return Availability.no(NAME, e.getMessage(), e.remedy());
        } catch (RuntimeException | LinkageError e) { // native access is denied, or the library lacks something
            return Availability.no(NAME, "liburing cannot be called: " + e.getMessage(),
                    "Install liburing 2.3 or newer, and start Java with --enable-native-access.");
        }
    }

    @Override
    public ConnectionLimit connectionLimit(int loops) {
        try {
            KernelRelease release = KernelRelease.parse(limit);
            try (Ring ring = open(release)) {
                return features(ring, release).directDescriptors()
                        ? ConnectionLimit.ofTables()
                        : ConnectionLimit.ofDescriptors(loops);
            }
        } catch (BackendException e) {
            return ConnectionLimit.NONE; // it cannot be made at all, which create says
        }
    }

    @Override
    public Backend create(BackendResources resources) throws BackendException {
        KernelRelease release = KernelRelease.parse(limit);
        Ring ring = open(release);
        try {
            return new UringBackend(ring, features(ring, release), resources);
        } catch (BackendException e) {
            ring.close();
            throw e;
        } catch (ErrnoException e) {
            ring.close();
            throw new BackendException(e.getMessage(), e.remedy());
        }
    }

    private Features features(Ring ring, KernelRelease release) throws BackendException {
        Features features = Features.of(ring, release);
        return direct ? features : features.withoutDirectDescriptors();
    }

    private static Ring open(KernelRelease release) throws BackendException {
        if (!Liburing.isInstalled()) {
            throw new BackendException(Liburing.LIBRARY + " is not installed",
                    "Install it: apt-get install liburing2, or dnf install liburing.");
        }
        if (!Liburing.isRecent()) {
            throw new BackendException(Liburing.LIBRARY + " is older than 2.3", "Install liburing 2.3 or newer.");
        }
        return RingSetup.create(release);
    }
}
