package io.ringwave.testkit;

import io.ringwave.spi.Availability;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;

/** Makes backends in a {@link SimulatedNetwork}, each behind a {@link ContractMonitor} that watches its caller. */
public final class SimulatedBackendProvider implements BackendProvider {

    private final SimulatedNetwork network;

    /** Makes backends in this world. */
    public SimulatedBackendProvider(SimulatedNetwork network) {
        this.network = network;
    }

    @Override
    public String name() {
        return "simulated";
    }

    @Override
    public int preference() {
        return Integer.MIN_VALUE; // never by itself
    }

    @Override
    public Availability probe() {
        return Availability.yes(name(), "A simulation is always possible.");
    }

    @Override
    public Backend create(BackendResources resources) {
        return new ContractMonitor(new SimulatedBackend(network, resources), resources);
    }
}
