package io.ringwave.testkit;

import java.net.SocketAddress;

/** Makes the other ends of connections. */
public interface Peers extends AutoCloseable {

    /** Connects to a listening backend. Returns when the connection waits in the backend's accept queue. */
    Peer connect(int port);

    /**
     * A connection that somebody else has accepted for a backend.
     *
     * @param peer its other end
     * @param socket what {@link io.ringwave.spi.Backend#adopt} takes
     */
    record Accepted(Peer peer, int socket) {}

    /** Connects, and accepts that connection. Its socket is the caller's. */
    Accepted accepted();

    /** Listens for connections from a backend. */
    PeerListener listen();

    /** As {@link #listen}, on a Unix-domain socket. */
    PeerListener listenOnPath();

    /** An address where nobody listens: connecting is refused. */
    SocketAddress nobody();

    /** An address where nobody answers: connecting neither succeeds nor fails within a test's patience. */
    SocketAddress silent();

    /** Closes every peer and listener. */
    @Override
    void close();
}
