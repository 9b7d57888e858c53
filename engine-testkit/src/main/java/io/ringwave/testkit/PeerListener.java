package io.ringwave.testkit;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Somebody for a backend to connect to, driven by the same thread as the backend: no method blocks. */
public interface PeerListener extends AutoCloseable {

    /** Where to connect to. */
    SocketAddress address();

    /** The next connection, which is then the caller's as well as its {@link Peers}'; null if none has come. */
    @Nullable
    Peer accept();

    /** Listens no longer. Connections stay. */
    @Override
    void close();
}
