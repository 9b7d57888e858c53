package io.ringwave.uring;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Liburing;
import io.ringwave.linux.Ring;
import io.ringwave.spi.Availability;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;

/** Makes io_uring backends where liburing, the kernel and the limits of the process allow it. */
public final class UringBackendProvider implements BackendProvider {

    private static final String NAME = "io_uring";

    /** For {@link java.util.ServiceLoader}. */
    public UringBackendProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int preference() {
        return 20;
    }

    @Override
    public Availability probe() {
        try {
            open().close();
            return Availability.yes(NAME, "liburing is installed and the kernel has the operations that are needed");
        } catch (BackendException e) {
            return Availability.no(NAME, e.getMessage(), e.remedy());
        } catch (RuntimeException | LinkageError e) { // native access is denied, or the library lacks something
            return Availability.no(NAME, "liburing cannot be called: " + e.getMessage(),
                    "Install liburing 2.3 or newer, and start Java with --enable-native-access.");
        }
    }

    @Override
    public Backend create(BackendResources resources) throws BackendException {
        Ring ring = open();
        try {
            return new UringBackend(ring, resources);
        } catch (BackendException e) {
            ring.close();
            throw e;
        } catch (ErrnoException e) {
            ring.close();
            throw new BackendException(e.getMessage(), e.remedy());
        }
    }

    private static Ring open() throws BackendException {
        if (!Liburing.isInstalled()) {
            throw new BackendException(Liburing.LIBRARY + " is not installed",
                    "Install it: apt-get install liburing2, or dnf install liburing.");
        }
        if (!Liburing.isRecent()) {
            throw new BackendException(Liburing.LIBRARY + " is older than 2.3", "Install liburing 2.3 or newer.");
        }
        Ring ring = RingSetup.create();
        // Multishot receive has no feature bit; it came with the same release as this operation, 6.0.
        if (!ring.supports(Uring.IORING_OP_SEND_ZC())) {
            ring.close();
            throw new BackendException("the kernel's io_uring has no multishot receive", "Use Linux 6.0 or newer.");
        }
        return ring;
    }
}
