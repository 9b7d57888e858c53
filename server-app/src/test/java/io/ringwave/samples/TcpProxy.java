package io.ringwave.samples;

import io.ringwave.CloseReason;
import io.ringwave.ConnectFailure;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.HandlerFactory;
import io.ringwave.ReceivedBytes;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Connects each client to a server and carries bytes both ways, no faster than the slower side takes them. */
public final class TcpProxy {

    public static void main(String[] args) throws EngineException, InterruptedException {
        EngineConfig config = EngineConfig.builder().port(7001).build();
        try (Engine engine = Engine.start(config, proxyTo(new InetSocketAddress("127.0.0.1", 7000)))) {
            engine.awaitTermination();
        }
    }

    static HandlerFactory proxyTo(SocketAddress server) {
        return loop -> new Relay() {
            @Override
            public void onOpen(Connection client) {
                client.pause(); // until there is somebody to send to
                long id = client.id(); // the client may be gone by then, and its object another connection's
                loop.connect(server, new Relay() {
                    @Override
                    public void onOpen(Connection upstream) {
                        join(upstream, loop.connection(id));
                    }

                    @Override
                    public void onConnectFailed(ConnectFailure failure) {
                        join(null, loop.connection(id));
                    }
                });
            }
        };
    }

    /** Serves both sides of a pair; each is the other's attachment. */
    private static class Relay implements ConnectionHandler {

        static void join(Connection upstream, Connection client) {
            for (Connection side : new Connection[]{upstream, client}) {
                Connection other = side == client ? upstream : client;
                if (side != null && other != null) {
                    side.attach(other);
                    side.pausesWhenFull(false); // the side that fills its queue is paused instead, below
                    side.resume();
                } else if (side != null) {
                    side.close();
                }
            }
        }

        @Override
        public void onReceive(Connection from, ReceivedBytes bytes) {
            Connection to = (Connection) from.attachment();
            to.send(bytes.retain());
            if (!to.isWritable()) {
                from.pause();
            }
        }

        @Override
        public void onWritable(Connection to) {
            if (to.attachment() instanceof Connection from) {
                from.resume();
            }
        }

        @Override
        public void onPeerFinished(Connection from) {
            ((Connection) from.attachment()).finishSending();
        }

        @Override
        public void onClosed(Connection gone, CloseReason reason) {
            if (gone.attachment() instanceof Connection other) {
                other.attach(null);
                other.closeAfterSend();
            }
        }
    }
}
