package io.ringwave.testkit;

/** Makes the other ends of connections. */
public interface Peers extends AutoCloseable {

    /** Connects to a listening backend. Returns when the connection waits in the backend's accept queue. */
    Peer connect(int port);

    /** Closes every peer. */
    @Override
    void close();
}
