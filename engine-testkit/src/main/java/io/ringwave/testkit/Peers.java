package io.ringwave.testkit;

import java.net.SocketAddress;

/** Makes the other ends of connections. */
public interface Peers extends AutoCloseable {

    /** Connects to a listening backend. Returns when the connection waits in the backend's accept queue. */
    Peer connect(int port);

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
