/** The epoll backend. Exports nothing: it is found by {@link java.util.ServiceLoader}. */
@org.jspecify.annotations.NullMarked
module io.ringwave.epoll {
    requires io.ringwave;
    requires io.ringwave.linux;
    requires org.slf4j;
    requires static org.jspecify;

    provides io.ringwave.spi.BackendProvider with io.ringwave.epoll.EpollBackendProvider;
}
