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
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Makes io_uring backends where liburing, the kernel and the limits of the process allow it. */
public final class UringBackendProvider implements BackendProvider {

    private static final String NAME = "io_uring";

    private final UnaryOperator<@Nullable String> properties;

    /** For {@link java.util.ServiceLoader}: set up by the system properties of {@link RingOptions}. */
    public UringBackendProvider() {
        this(System.getProperties()::getProperty);
    }

    /** @param limit the release above which everything is masked, as {@link KernelRelease#parse} reads it */
    UringBackendProvider(String limit) {
        this(limit, true);
    }

    /** @param direct whether direct descriptors are used where the kernel has them */
    UringBackendProvider(String limit, boolean direct) {
        this(Map.of(KernelRelease.PROPERTY, limit, Features.DIRECT_PROPERTY, String.valueOf(direct)));
    }

    /** @param properties instead of the system's, as {@link RingOptions} reads them */
    UringBackendProvider(Map<String, String> properties) {
        this(properties::get);
    }

    private UringBackendProvider(UnaryOperator<@Nullable String> properties) {
        this.properties = properties;
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
            FeatureReport report = new FeatureReport(RingOptions.of(properties));
            KernelRelease release = report.options().limit();
            String masked = release == KernelRelease.ANY
                    ? ""
                    : " (-D" + KernelRelease.PROPERTY + " masks what is newer than Linux " + release + ")";
            requireLiburing();
            try (Ring ring = RingSetup.createForProbing(report)) {
                String descriptors = Features.of(ring, report).directDescriptors()
                        ? "; connections are direct descriptors"
                        : "";
                return Features.of(ring, release).receiving() == Features.Receiving.MULTISHOT
                        ? Availability.yes(NAME,
                                "liburing is installed and the kernel has the operations that are needed" + descriptors
                                        + masked)
                        : Availability.no(NAME,
                                "the kernel has no multishot receive, without which io_uring is no faster than epoll; it can be chosen by name"
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
            FeatureReport report = new FeatureReport(RingOptions.of(properties));
            requireLiburing();
            try (Ring ring = RingSetup.createForProbing(report)) {
                return Features.of(ring, report).directDescriptors()
                        ? ConnectionLimit.ofTables()
                        : ConnectionLimit.ofDescriptors(loops);
            }
        } catch (BackendException e) {
            return ConnectionLimit.NONE; // it cannot be made at all, which create says
        }
    }

    @Override
    public Backend create(BackendResources resources) throws BackendException {
        FeatureReport report = new FeatureReport(RingOptions.of(properties));
        requireLiburing();
        Ring ring = RingSetup.create(report, resources.loops(), resources.slab().receiveBuffers());
        try {
            return new UringBackend(ring, report, resources);
        } catch (BackendException e) {
            ring.close();
            throw e;
        } catch (ErrnoException e) {
            ring.close();
            throw new BackendException(e.getMessage(), e.remedy());
        }
    }

    private static void requireLiburing() throws BackendException {
        if (!Liburing.isInstalled()) {
            throw new BackendException(Liburing.LIBRARY + " is not installed",
                    "Install it: apt-get install liburing2, or dnf install liburing.");
        }
        if (!Liburing.isRecent()) {
            throw new BackendException(Liburing.LIBRARY + " is older than 2.3", "Install liburing 2.3 or newer.");
        }
    }
}
