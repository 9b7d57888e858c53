package io.ringwave.epoll;

import io.ringwave.spi.BackendProvider;
import io.ringwave.testkit.BackendContract;

/** The contract, over loopback sockets. */
class EpollContractTest extends BackendContract {

    @Override
    protected BackendProvider provider() {
        return new EpollBackendProvider();
    }
}
