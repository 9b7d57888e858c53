package io.ringwave.testkit;

import io.ringwave.spi.BackendProvider;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** The simulator keeps the contract, with whatever seed. */
@ParameterizedClass(name = "seed {0}")
@ValueSource(longs = {1, 2, 3, 4, 5})
final class SimulatorContractTest extends BackendContract {

    private final SimulatedNetwork network;

    SimulatorContractTest(long seed) {
        network = new SimulatedNetwork(seed, Faults.NONE);
    }

    @Override
    protected BackendProvider provider() {
        return new SimulatedBackendProvider(network);
    }

    @Override
    protected Peers peers() {
        return network;
    }

    @Override
    protected long nanoTime() {
        return network.nanoTime();
    }

    @Override
    protected boolean steers() {
        return false;
    }

    @Override
    protected AutoCloseable exhaustDescriptors() {
        network.exhaustDescriptors(true);
        return () -> network.exhaustDescriptors(false);
    }
}
