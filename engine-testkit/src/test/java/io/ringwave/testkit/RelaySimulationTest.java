package io.ringwave.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.CloseReason;
import io.ringwave.ConnectFailure;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.EngineStats;
import io.ringwave.LoopContext;
import io.ringwave.ReceivedBytes;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Relays in a simulated world, one per seed: each client that is accepted is connected to a server that echoes, or to
 * one that is not there, or does not answer. Whatever happens, these hold:
 * <ol>
 * <li>Each connect leads to {@code onOpen} or to {@code onConnectFailed}, once, and {@code onOpen} to {@code onClosed}.
 * <li>What a client receives is a prefix of what it wrote; all of it, if nothing happened to it or its connection to the
 *     server.
 * <li>An id that was taken when a connection opened leads to that connection, or after its end to none.
 * <li>At the end no connection and no buffer is missing, and the contract of the backend was kept.
 * </ol>
 */
final class RelaySimulationTest {

    private static final int SEEDS = 500;
    private static final long MAX_STEPS = 200_000;

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void relaysKeepTheirPromisesWhateverHappens() throws Exception {
        Long only = Long.getLong("ringwave.seed");
        if (only != null) {
            run(only, new Tally());
            return;
        }
        Tally tally = new Tally();
        for (long seed = 1; seed <= SEEDS; seed++) {
            run(seed, tally);
        }
        // A simulation in which nothing happens would pass as well.
        assertTrue(tally.kept > SEEDS / 2 && tally.clientGone > SEEDS / 10, tally.toString());
        for (ConnectFailure.Reason reason : List.of(ConnectFailure.Reason.REFUSED, ConnectFailure.Reason.TIMED_OUT,
                ConnectFailure.Reason.UNREACHABLE, ConnectFailure.Reason.LOOP_FULL)) {
            assertTrue(tally.failures.getOrDefault(reason, 0) > SEEDS / 20, tally.toString());
        }
    }

    private static void run(long seed, Tally tally) throws Exception {
        try {
            new World(seed).run(tally);
        } catch (AssertionError | EngineException | RuntimeException e) {
            throw new AssertionError("Seed " + seed + " fails; to replay it: mvn -pl engine-testkit -am test"
                    + " -Dtest=RelaySimulationTest -Dringwave.seed=" + seed
                    + " -Dsurefire.failIfNoSpecifiedTests=false", e);
        }
    }

    /** How often it happened what the simulation is for. */
    private static final class Tally {
        int kept;
        int clientGone; // when the server answered
        final Map<ConnectFailure.Reason, Integer> failures = new EnumMap<>(ConnectFailure.Reason.class);

        @Override
        public String toString() {
            return kept + " kept, " + clientGone + " clients gone, " + failures;
        }
    }

    /** An engine that relays, its clients, and the server behind it. */
    private static final class World {

        private final SplittableRandom random;
        private final SimulatedNetwork network;
        private final List<Client> clients = new ArrayList<>();
        private final List<SimulatedPeer> served = new ArrayList<>();
        private final PeerListener server;
        private Tally tally = new Tally();
        private int connects;
        private int opened;
        private int failed;
        private int closed;
        private int accepted;

        World(long seed) {
            random = new SplittableRandom(~seed);
            network = new SimulatedNetwork(seed, seed % 3 == 0 ? Faults.NONE : Faults.SOME);
            server = network.listen();
        }

        void run(Tally all) throws EngineException, InterruptedException {
            tally = all;
            EngineConfig config = EngineConfig.builder().provider(new SimulatedBackendProvider(network))
                    .clock(network::nanoTime).loops(1).maxConnections(random.nextInt(2, 12)).bufferBytes(512)
                    .receiveBuffers(1 << random.nextInt(1, 5)).sendBuffers(2).sendQueueLimit(random.nextInt(1, 6))
                    .connectTimeout(Duration.ofMillis(random.nextInt(1, 5))).build();
            int count = random.nextInt(2, 10);
            for (int id = 0; id < count; id++) {
                Client client = new Client(random.split());
                clients.add(client);
                network.addActor(client);
            }
            network.addActor(this::serve);
            network.limitSteps(MAX_STEPS);
            Engine engine = Engine.start(config, Relay::new);
            try {
                network.awaitActors();
            } finally {
                engine.close();
            }
            EngineStats stats = engine.stats();
            assertEquals(List.of(), network.findings());
            assertEquals(0, network.actorsLeft(), "clients that are not done");
            assertEquals(0, stats.connectionsOpen(), "connections open at the end");
            assertEquals(connects, opened + failed, "connects, and what came of them");
            assertEquals(opened, stats.connectionsMade());
            assertEquals(failed, stats.connectFailures());
            assertEquals(opened + accepted, closed, "onOpen and onClosed");
            assertEquals(0, stats.handlerFailures());
            boolean disturbed = served.stream().anyMatch(SimulatedPeer::disturbed);
            for (Client client : clients) {
                client.check(disturbed);
            }
        }

        /** The server: echoes on every connection until the client has finished; ends when all clients are done. */
        private boolean serve() {
            for (Peer peer = server.accept(); peer != null; peer = server.accept()) {
                served.add((SimulatedPeer) peer);
            }
            for (SimulatedPeer peer : served) {
                int before = peer.receivedBytes();
                peer.exchange(random.nextInt(1, 3_000));
                if (peer.receivedBytes() > before) {
                    peer.write(Arrays.copyOfRange(peer.received(), before, peer.receivedBytes()));
                }
                if (peer.end() == Peer.End.FINISHED) {
                    peer.finish();
                }
            }
            return clients.stream().anyMatch(client -> !client.done);
        }

        /** Writes, reads what comes back, finishes; or breaks off. */
        private final class Client implements BooleanSupplier {
            private final SplittableRandom choices;
            private final byte[] message;
            private final int breaksOffAt;
            private SimulatedPeer peer;
            private int written;
            private boolean brokeOff;
            private boolean done;

            Client(SplittableRandom choices) {
                this.choices = choices;
                message = new byte[choices.nextInt(1, choices.nextInt(4) == 0 ? 20_000 : 2_000)];
                choices.nextBytes(message);
                breaksOffAt = choices.nextInt(4) == 0 ? choices.nextInt(message.length) : Integer.MAX_VALUE;
            }

            @Override
            public boolean getAsBoolean() {
                if (peer == null) {
                    if (choices.nextInt(20) == 0 && network.port() != 0) {
                        peer = network.connect(network.port());
                    }
                    return true;
                }
                if (written >= breaksOffAt) {
                    brokeOff = true;
                    peer.reset();
                } else if (written < message.length && choices.nextInt(3) == 0) {
                    int length = choices.nextInt(1, 1 + Math.min(message.length - written, 1_500));
                    peer.write(Arrays.copyOfRange(message, written, written + length));
                    written += length;
                    if (written == message.length) {
                        peer.finish();
                    }
                }
                if (choices.nextInt(2) == 0) {
                    peer.exchange(choices.nextInt(1, 2_000));
                }
                done = brokeOff || peer.end() != Peer.End.NONE;
                if (done) {
                    peer.close();
                }
                return !done;
            }

            void check(boolean serverDisturbed) {
                byte[] received = peer.received();
                int mismatch = Arrays.mismatch(message, received);
                assertTrue(mismatch < 0 || mismatch == received.length, () -> "byte " + mismatch + " is wrong");
                if (!brokeOff && !peer.disturbed() && peer.end() == Peer.End.FINISHED && received.length > 0
                        && !serverDisturbed) {
                    assertEquals(message.length, received.length, "bytes that a client received");
                    tally.kept++;
                }
            }
        }

        /** Both sides of every pair; each is the other's attachment. */
        private final class Relay implements ConnectionHandler {

            private final LoopContext loop;

            Relay(LoopContext loop) {
                this.loop = loop;
            }

            @Override
            public void onOpen(Connection client) {
                accepted++;
                client.pause();
                long id = client.id();
                if (random.nextInt(4) == 0) { // is closed, most likely while it is being connected
                    assertTrue(loop.execute(() -> {
                        if (loop.connection(id) == client && client.attachment() == null) {
                            client.close();
                        }
                    }));
                }
                connect(id, client);
            }

            private void connect(long id, Connection client) {
                connects++;
                SocketAddress address = switch (random.nextInt(8)) {
                    case 0 -> network.nobody();
                    case 1 -> network.silent();
                    default -> server.address();
                };
                boolean[] told = new boolean[1];
                loop.connect(address, new ConnectionHandler() {
                    @Override
                    public void onOpen(Connection upstream) {
                        once();
                        opened++;
                        upstream.pausesWhenFull(false);
                        Connection present = present();
                        if (present == null) {
                            tally.clientGone++;
                            upstream.close();
                            return;
                        }
                        upstream.attach(present);
                        present.attach(upstream);
                        present.pausesWhenFull(false);
                        present.resume();
                    }

                    @Override
                    public void onConnectFailed(ConnectFailure failure) {
                        once();
                        failed++;
                        tally.failures.merge(failure.reason(), 1, Integer::sum);
                        Connection present = present();
                        if (present != null && random.nextInt(3) == 0) {
                            connect(id, client); // perhaps it goes better this time
                        } else if (present != null) {
                            present.close();
                        }
                    }

                    private void once() {
                        assertTrue(!told[0], "told twice");
                        told[0] = true;
                    }

                    private Connection present() {
                        Connection present = loop.connection(id);
                        assertTrue(present == null || present == client && present.id() == id, "another connection");
                        return present;
                    }

                    @Override
                    public void onReceive(Connection connection, ReceivedBytes bytes) {
                        Relay.this.onReceive(connection, bytes);
                    }

                    @Override
                    public void onWritable(Connection connection) {
                        Relay.this.onWritable(connection);
                    }

                    @Override
                    public void onPeerFinished(Connection connection) {
                        Relay.this.onPeerFinished(connection);
                    }

                    @Override
                    public void onClosed(Connection connection, CloseReason reason) {
                        Relay.this.onClosed(connection, reason);
                    }
                });
                assertTrue(!told[0], "told from within connect");
            }

            @Override
            public void onReceive(Connection from, ReceivedBytes bytes) {
                Connection to = (Connection) java.util.Objects.requireNonNull(from.attachment());
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
                ((Connection) java.util.Objects.requireNonNull(from.attachment())).finishSending();
            }

            @Override
            public void onClosed(Connection gone, CloseReason reason) {
                closed++;
                if (gone.attachment() instanceof Connection other) {
                    other.attach(null);
                    other.closeAfterSend();
                }
            }
        }
    }
}
