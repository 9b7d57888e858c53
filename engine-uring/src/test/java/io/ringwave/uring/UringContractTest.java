package io.ringwave.uring;

import io.ringwave.spi.BackendProvider;
import io.ringwave.testkit.BackendContract;
import io.ringwave.testkit.DescriptorLimit;

/** io_uring keeps the contract of the seam. */
class UringContractTest extends BackendContract {

    @Override
    protected BackendProvider provider() {
        return new UringBackendProvider();
    }

    /** An accept that is armed keeps to the limit that held when it was submitted. */
    @Override
    protected AutoCloseable exhaustDescriptors() {
        loadWhatIsNeededLater();
        return DescriptorLimit.exhaustWithoutLowering();
    }
}
