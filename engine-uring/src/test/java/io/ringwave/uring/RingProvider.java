package io.ringwave.uring;

import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Ring;
import io.ringwave.spi.Availability;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;

/** Makes backends on rings that the test makes. */
final class RingProvider implements BackendProvider {

    /** Makes a ring, which the backend owns from then on. */
    @FunctionalInterface
    interface Maker {
        Ring make(FeatureReport report) throws BackendException, ErrnoException;
    }

    private final RingOptions options;
    private final Maker maker;

    RingProvider(RingOptions options, Maker maker) {
        this.options = options;
        this.maker = maker;
    }

    @Override
    public String name() {
        return "io_uring";
    }

    @Override
    public int preference() {
        return 0;
    }

    @Override
    public Availability probe() {
        return Availability.yes(name(), "");
    }

    @Override
    public Backend create(BackendResources resources) throws BackendException {
        try {
            FeatureReport report = new FeatureReport(options);
            return new UringBackend(maker.make(report), report, resources);
        } catch (ErrnoException e) {
            throw new BackendException(e.getMessage(), e.remedy());
        }
    }
}
