package io.ringwave.epoll;

import io.ringwave.spi.BackendProvider;
import io.ringwave.testkit.KernelBackendContract;

/** The contract, over loopback sockets. */
class EpollContractTest extends KernelBackendContract {

    @Override
    protected BackendProvider provider() {
        return new EpollBackendProvider();
    }
}
