package io.ringwave.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.CloseReason;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.EngineStats;
import io.ringwave.OwnedBuffer;
import io.ringwave.ReceivedBytes;
import io.ringwave.SendableMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whole engines in a simulated world, one per seed: clients that write, dawdle, finish and reset at random, an echo
 * handler that pauses, hoards, closes and throws at random, and a backend that reorders, splits, delays and fails at
 * random. Whatever happens, these hold:
 * <ol>
 * <li>What a client receives is a prefix of what it wrote.
 * <li>A client whose connection met no fault, and that did not break it off itself, receives all that it was promised.
 * <li>{@code onClosed} follows each {@code onOpen} exactly once.
 * <li>At the end no connection, receive buffer, send buffer or lent memory is missing.
 * <li>The engine keeps the contract of the backend.
 * <li>All this within a bounded number of steps.
 * </ol>
 * {@code -Dringwave.seed=N} runs one seed only.
 */
final class SimulationTest {

    private static final int SEEDS = 1_000;
    private static final long MAX_STEPS = 200_000;
    private static final int ID_BYTES = 4;

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void enginesKeepTheirPromisesWhateverHappens() throws Exception {
        Long only = Long.getLong("ringwave.seed");
        if (only != null) {
            runSeed(only);
            return;
        }
        Events all = new Events(0, 0, 0, 0, 0, 0, 0);
        for (long seed = 1; seed <= SEEDS; seed++) {
            all = all.plus(runSeed(seed));
        }
        // A simulation in which nothing happens would pass as well.
        String seen = all.toString();
        assertTrue(all.kept > 3 * SEEDS && all.disturbed > SEEDS / 2 && all.refused > 0, seen);
        assertTrue(all.failures > SEEDS / 10 && all.acceptPauses > SEEDS / 10, seen);
        assertTrue(all.bufferShortages > SEEDS && all.staleReports > SEEDS / 10, seen);
    }

    @Test
    void aSeedGivesTheSameRunAgain() throws Exception {
        for (long seed = 1; seed <= 20; seed++) {
            Simulation first = new Simulation(seed);
            first.run();
            Simulation second = new Simulation(seed);
            second.run();
            assertEquals(first.trace, second.trace, "the trace of seed " + seed);
        }
    }

    /** When the engine is closed is up to another thread, so this is not replayed exactly. */
    @Test
    void anEngineThatIsClosedAmidItsWorkLosesNothing() throws Exception {
        for (long seed = 1; seed <= 100; seed++) {
            new Simulation(seed, Duration.ofSeconds(60)).runAndCloseAfter(seed);
        }
    }

    private static Events runSeed(long seed) throws Exception {
        try {
            return new Simulation(seed).run();
        } catch (AssertionError | EngineException | RuntimeException e) {
            throw new AssertionError("Seed " + seed + " fails; to replay it: mvn -pl engine-testkit -am test"
                    + " -Dtest=SimulationTest -Dringwave.seed=" + seed + " -Dsurefire.failIfNoSpecifiedTests=false", e);
        }
    }

    /** How often it happened what the simulation is for. */
    private record Events(long kept, long disturbed, long refused, long failures, long acceptPauses,
            long bufferShortages, long staleReports) {

        Events plus(Events other) {
            return new Events(kept + other.kept, disturbed + other.disturbed, refused + other.refused,
                    failures + other.failures, acceptPauses + other.acceptPauses,
                    bufferShortages + other.bufferShortages, staleReports + other.staleReports);
        }
    }

    /** One engine, its clients, and what they expect of each other. */
    private static final class Simulation {

        private final SplittableRandom random;
        private final SimulatedNetwork network;
        private final EngineConfig config;
        private final List<Client> clients = new ArrayList<>();
        private final Echo echo;
        private long trace;

        Simulation(long seed) {
            this(seed, Duration.ofSeconds(5));
        }

        Simulation(long seed, Duration drainTimeout) {
            random = new SplittableRandom(~seed);
            network = new SimulatedNetwork(seed, seed % 3 == 0 ? Faults.NONE : Faults.SOME);
            config = EngineConfig.builder().provider(new SimulatedBackendProvider(network)).clock(network::nanoTime)
                    .loops(1).maxConnections(random.nextInt(2, 12)).bufferBytes(512)
                    .receiveBuffers(1 << random.nextInt(1, 5))
                    .sendBuffers(random.nextBoolean() ? random.nextInt(2, 12) : random.nextInt(12, 120))
                    .sendQueueLimit(random.nextInt(1, 6)).drainTimeout(drainTimeout).build();
            echo = new Echo(random.split(), clients);
            for (int id = 0; id < random.nextInt(4, 16); id++) {
                Client client = new Client(id, random.split());
                clients.add(client);
                network.addActor(client);
            }
            network.limitSteps(MAX_STEPS);
        }

        Events run() throws EngineException, InterruptedException {
            Engine engine = Engine.start(config, loop -> echo);
            try {
                network.awaitActors();
            } finally {
                engine.close();
            }
            assertClean(engine);
            assertEquals(0, network.actorsLeft(), "clients that are not done");
            EngineStats stats = engine.stats();
            long unheard = clients.stream().filter(Client::wasNeverHeard).count();
            assertTrue(unheard <= stats.connectionsRefused(),
                    () -> unheard + " clients were dropped, " + stats.connectionsRefused() + " refused");
            clients.stream().filter(client -> !client.wasNeverHeard()).forEach(Client::assertKept);
            return new Events(clients.stream().filter(Client::isOwedEverything).count(),
                    clients.stream().filter(client -> client.peer.disturbed()).count(), stats.connectionsRefused(),
                    stats.handlerFailures(), stats.acceptPauses(), stats.bufferShortages(), network.staleReports());
        }

        void runAndCloseAfter(long connections) throws EngineException {
            Engine engine = Engine.start(config, loop -> echo);
            long enough = connections % (clients.size() - 1);
            try {
                Eventually.eventually("connections are opened", () -> engine.stats().connectionsAccepted() >= enough);
            } finally {
                engine.close();
            }
            assertClean(engine);
        }

        /** What holds at the end, however it came about. */
        private void assertClean(Engine engine) {
            EngineStats stats = engine.stats();
            assertEquals(List.of(), network.findings());
            assertEquals(0, stats.connectionsOpen(), "connections open at the end");
            assertEquals(echo.opened, echo.closed, "onOpen and onClosed");
            assertEquals(stats.connectionsAccepted(), echo.opened, "accepted connections");
            assertEquals(0, echo.lent, "memory that the engine has not given back");
            assertEquals(echo.thrown, stats.handlerFailures(), "handler failures");
            clients.forEach(Client::assertPrefix);
        }

        /** A client: writes its number and more, reads, and ends in one way or another. Acts on the loop's thread. */
        private final class Client implements BooleanSupplier {

            private final int id;
            private final SplittableRandom choices;
            private final byte[] message;
            private final boolean finishes;
            private final int breaksOffAt; // after so many bytes were written; never if beyond the message
            private final boolean resets;
            private final int appetite;
            private SimulatedPeer peer;
            private int written;
            private boolean finished;
            private boolean brokeOff;
            /** How many bytes the handler promises to echo; unless it breaks off. */
            private int promised;
            private boolean brokenByHandler;
            private boolean heard;

            Client(int id, SplittableRandom choices) {
                this.id = id;
                this.choices = choices;
                int length = choices.nextInt(ID_BYTES, choices.nextInt(4) == 0 ? 20_000 : 2_000);
                message = new byte[length];
                choices.nextBytes(message);
                for (int i = 0; i < ID_BYTES; i++) {
                    message[i] = (byte) (id >>> 8 * i);
                }
                finishes = choices.nextInt(3) > 0;
                breaksOffAt = choices.nextInt(5) == 0 ? choices.nextInt(length) : Integer.MAX_VALUE;
                resets = choices.nextBoolean();
                appetite = choices.nextInt(4) == 0 ? choices.nextInt(1, 50) : choices.nextInt(50, 5_000);
                promised = length;
            }

            @Override
            public boolean getAsBoolean() {
                if (peer == null) {
                    if (choices.nextInt(20) == 0 && network.port() != 0) {
                        peer = network.connect(network.port());
                    }
                    return true;
                }
                trace = 31 * (31 * trace + network.nanoTime()) + peer.receivedBytes() + id;
                if (choices.nextInt(3) == 0) {
                    act();
                }
                if (choices.nextInt(2) == 0) {
                    peer.exchange(appetite);
                }
                if (peer.end() != Peer.End.NONE || brokeOff) {
                    peer.close();
                    return false;
                }
                if (!finishes && written == message.length && peer.receivedBytes() == message.length) {
                    peer.close(); // all is said and echoed: the engine sees the end between two messages
                    return false;
                }
                return true;
            }

            private void act() {
                if (written >= breaksOffAt) {
                    brokeOff = true;
                    if (resets) {
                        peer.reset();
                    } else {
                        peer.close();
                    }
                } else if (written < message.length) {
                    int length = choices.nextInt(1, 1 + Math.min(message.length - written, 1_500));
                    peer.write(Arrays.copyOfRange(message, written, written + length));
                    written += length;
                } else if (finishes && !finished) {
                    finished = true;
                    peer.finish();
                }
            }

            void assertPrefix() {
                if (peer == null) {
                    return; // the engine was closed before
                }
                byte[] received = peer.received();
                int mismatch = Arrays.mismatch(message, received);
                assertTrue(mismatch < 0 || mismatch == received.length,
                        () -> "client " + id + ": byte " + mismatch + " of " + received.length + " is wrong");
            }

            /** Whether it was cut off without fault before the handler knew of it: by an engine that was full. */
            boolean wasNeverHeard() {
                return !heard && !brokeOff && !peer.disturbed();
            }

            /** Whether nothing happened that excuses a loss. */
            boolean isOwedEverything() {
                return heard && !brokeOff && !brokenByHandler && !peer.disturbed();
            }

            void assertKept() {
                if (isOwedEverything()) {
                    assertEquals(promised, peer.receivedBytes(), () -> "bytes that client " + id + " received");
                    if (finishes) {
                        assertEquals(Peer.End.FINISHED, peer.end(), () -> "the end of client " + id);
                    }
                }
            }
        }
    }

    /** What the handler knows of a connection. */
    private static final class Conversation {
        /** Received and not sent on: waits for a free buffer, or for a better mood. */
        final ArrayDeque<OwnedBuffer> held = new ArrayDeque<>();
        int bytes;
        int id;
    }

    /** Memory outside the loop's buffers, spoilt as soon as the engine says that it needs it no longer. */
    private static final class Lent implements SendableMemory {
        private final Echo owner;
        private final MemorySegment memory;
        private final int offset;
        private final boolean isFile;

        /** @param isFile whether it claims to be a file's, whose pages may be handed over: that must not be spoilt */
        Lent(Echo owner, ReceivedBytes bytes, int offset, boolean isFile) {
            this.owner = owner;
            this.offset = offset;
            this.isFile = isFile;
            memory = Arena.ofAuto().allocate(offset + bytes.length() + 1L);
            MemorySegment.copy(bytes.memory(), bytes.offset(), memory, offset, bytes.length());
        }

        @Override
        public MemorySegment memory() {
            return memory;
        }

        @Override
        public int descriptor() {
            return isFile ? Integer.MAX_VALUE : NO_FILE; // simulated backends copy, and open nothing
        }

        @Override
        public void sendFinished() {
            owner.lent--;
            if (!isFile) {
                memory.fill((byte) 0xDB);
            }
        }
    }

    /** Sends back what it receives, in every way the API offers, and now and then misbehaves. On the loop's thread. */
    private static final class Echo implements ConnectionHandler {

        private final SplittableRandom choices;
        private final List<Simulation.Client> clients;
        private int opened;
        private int closed;
        private int thrown;
        private int lent;

        Echo(SplittableRandom choices, List<Simulation.Client> clients) {
            this.choices = choices;
            this.clients = clients;
        }

        @Override
        public void onOpen(Connection connection) {
            opened++;
            assertEquals(null, connection.attachment());
            connection.attach(new Conversation());
        }

        private static Conversation of(Connection connection) {
            return (Conversation) java.util.Objects.requireNonNull(connection.attachment());
        }

        @Override
        public void onReceive(Connection connection, ReceivedBytes bytes) {
            Conversation conversation = of(connection);
            byte[] content = bytes.toArray();
            for (int i = 0; conversation.bytes + i < ID_BYTES && i < content.length; i++) {
                conversation.id |= (content[i] & 0xff) << 8 * (conversation.bytes + i);
            }
            conversation.bytes += content.length;
            if (conversation.bytes >= ID_BYTES) {
                Simulation.Client client = clients.get(conversation.id);
                client.heard = true;
                if (choices.nextInt(50) == 0) {
                    misbehave(connection, bytes, client);
                    return;
                }
            }
            echo(connection, conversation, bytes);
            if (choices.nextInt(10) == 0) {
                connection.pause();
                connection.deadline(connection.loop().nanoTime() + choices.nextLong(5_000_000));
            }
        }

        private void echo(Connection connection, Conversation conversation, ReceivedBytes bytes) {
            if (!conversation.held.isEmpty()) {
                conversation.held.add(bytes.retain());
                return;
            }
            int way = choices.nextInt(3);
            if (way == 0) {
                connection.send(bytes.retain(), choices.nextBoolean());
            } else if (way == 1) {
                Lent copy = new Lent(this, bytes, choices.nextInt(100), choices.nextBoolean());
                lent++;
                connection.send(copy, copy.offset, bytes.length(), choices.nextBoolean());
            } else {
                OwnedBuffer copy = connection.acquireBuffer();
                if (copy == null) {
                    conversation.held.add(bytes.retain()); // onWritable follows
                } else {
                    MemorySegment.copy(bytes.memory(), bytes.offset(), copy.memory(), copy.offset(), bytes.length());
                    copy.length(bytes.length());
                    connection.send(copy);
                }
            }
        }

        private void misbehave(Connection connection, ReceivedBytes bytes, Simulation.Client client) {
            switch (choices.nextInt(4)) {
                case 0 -> {
                    client.brokenByHandler = true;
                    thrown++;
                    throw new IllegalStateException("thrown on purpose");
                }
                case 1 -> {
                    client.brokenByHandler = true;
                    connection.close();
                    connection.close();
                }
                case 2 -> { // these bytes and those to come are not echoed, those before are
                    Conversation conversation = of(connection);
                    client.promised = conversation.bytes - bytes.length();
                    sendHeld(connection, conversation);
                    connection.closeAfterSend();
                }
                default -> {
                    client.brokenByHandler = true;
                    connection.send(bytes.retain());
                    connection.close();
                }
            }
        }

        @Override
        public void onWritable(Connection connection) {
            if (!of(connection).held.isEmpty()) {
                sendHeld(connection, of(connection));
            }
        }

        @Override
        public void onTimeout(Connection connection) {
            connection.resume();
        }

        @Override
        public void onPeerFinished(Connection connection) {
            sendHeld(connection, of(connection));
            connection.closeAfterSend();
        }

        @Override
        public void onDrain(Connection connection) {
            sendHeld(connection, of(connection)); // else these buffers would be missing to those that still receive
            connection.closeAfterSend();
        }

        private static void sendHeld(Connection connection, Conversation conversation) {
            while (!conversation.held.isEmpty()) {
                connection.send(conversation.held.remove());
            }
        }

        @Override
        public void onClosed(Connection connection, CloseReason reason) {
            closed++;
            of(connection).held.forEach(OwnedBuffer::release);
            of(connection).held.clear();
        }
    }
}
