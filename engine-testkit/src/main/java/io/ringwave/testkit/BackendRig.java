package io.ringwave.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.Token;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A backend on the test bench: its slab, a {@link ContractMonitor} around it, a {@link RecordingCompletions}, and the
 * peers that take part in every turn. Single-threaded: nothing happens but in {@link #turn}.
 */
public final class BackendRig implements AutoCloseable {

    /** The size of a buffer. Small, so that tests of several buffers need little data. */
    public static final int BUFFER_BYTES = 4096;
    /** How many receive buffers there are. */
    public static final int RECEIVE_BUFFERS = 32;
    /**
     * How many bytes there are to send from. A peer that reads nothing must not be able to take all of it: the send
     * buffer grows to 4 MB by default (tcp_wmem, tcp(7)), the receive window stays small while nobody reads.
     */
    public static final int SEND_BYTES = 12 << 20;
    /** Slots are below this number. */
    public static final int MAX_CONNECTIONS = 256;

    private static final long TURN_NANOS = 2_000_000;
    private static final int BACKLOG = 128; // half the slots: accepts are multishot, then one by one

    /** A connection with both its ends. */
    public static final class Link {
        final Peer peer;
        final int slot;
        final RecordingCompletions.Channel channel;
        /** How many bytes the peer reads in a turn. */
        int appetite = Integer.MAX_VALUE;

        Link(Peer peer, int slot, RecordingCompletions.Channel channel) {
            this.peer = peer;
            this.slot = slot;
            this.channel = channel;
        }

        public Peer peer() {
            return peer;
        }

        public int slot() {
            return slot;
        }

        /** What the backend reported about it. */
        public RecordingCompletions.Channel channel() {
            return channel;
        }
    }

    private final Arena arena = Arena.ofConfined();
    private final Peers peers;
    private final BufferSlab slab;
    private final ContractMonitor backend;
    private final RecordingCompletions completions;
    private final List<Peer> unlinked = new ArrayList<>();
    private final List<Link> links = new ArrayList<>();
    private final BitSet usedSlots = new BitSet();
    private final int[] generations = new int[MAX_CONNECTIONS];
    private long placed;
    private int port;

    /** Makes a backend on this thread. The peers stay the caller's. */
    public BackendRig(BackendProvider provider, Peers peers) throws BackendException {
        this.peers = peers;
        int sendBuffers = SEND_BYTES / BUFFER_BYTES;
        MemorySegment memory = arena.allocate(BufferSlab.memoryBytes(RECEIVE_BUFFERS + sendBuffers, BUFFER_BYTES),
                4096);
        this.slab = new BufferSlab(memory, BUFFER_BYTES, RECEIVE_BUFFERS, sendBuffers);
        BackendResources resources = new BackendResources(0, MAX_CONNECTIONS, slab);
        this.backend = new ContractMonitor(provider.create(resources), resources);
        this.completions = new RecordingCompletions(backend, slab);
    }

    public ContractMonitor backend() {
        return backend;
    }

    public RecordingCompletions completions() {
        return completions;
    }

    public BufferSlab slab() {
        return slab;
    }

    public int port() {
        return port;
    }

    /** Listens on a free port and accepts. */
    public BackendRig listening() {
        port = listen(0, false);
        assertTrue(port > 0, () -> "listen: " + port);
        backend.accept();
        return this;
    }

    /** Listens on a port of the loopback address. */
    public int listen(int port, boolean sharedPort) {
        return backend.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG, sharedPort);
    }

    /** Connects a peer that nobody has accepted yet. */
    public Peer connect() {
        Peer peer = peers.connect(port);
        unlinked.add(peer);
        return peer;
    }

    /** Connects a peer and opens its connection on the lowest free slot, without receiving. */
    public Link link() {
        return open(connect(), awaitSocket());
    }

    /** As {@link #link}, and receives. */
    public Link receivingLink() {
        Link link = link();
        backend.receive(link.slot);
        return link;
    }

    /** Takes turns until a connection was accepted. */
    public int awaitSocket() {
        until("a connection is accepted", () -> !completions.sockets().isEmpty());
        return completions.sockets().remove();
    }

    /** Opens an accepted socket on the lowest free slot. */
    public Link open(Peer peer, int socket) {
        return open(peer, socket, usedSlots.nextClearBit(0));
    }

    /** Opens an accepted socket on this slot. */
    public Link open(Peer peer, int socket, int slot) {
        usedSlots.set(slot);
        generations[slot] = Token.nextGeneration(generations[slot]);
        Link link = new Link(peer, slot, completions.opened(slot));
        backend.open(slot, generations[slot], socket);
        unlinked.remove(peer);
        links.add(link);
        return link;
    }

    /** A connection that somebody else has accepted, adopted on the lowest free slot, without receiving. */
    public Link adoptedLink() {
        Peers.Accepted accepted = peers.accepted();
        int slot = usedSlots.nextClearBit(0);
        usedSlots.set(slot);
        generations[slot] = Token.nextGeneration(generations[slot]);
        Link link = new Link(accepted.peer(), slot, completions.opened(slot));
        backend.adopt(slot, generations[slot], accepted.socket());
        links.add(link);
        return link;
    }

    /** A connection that the backend has begun to make. */
    public record Attempt(int slot, RecordingCompletions.Channel channel) {}

    /** Begins to connect from the lowest free slot. */
    public Attempt connect(SocketAddress address) {
        return connect(address, usedSlots.nextClearBit(0));
    }

    /** Begins to connect from this slot. */
    public Attempt connect(SocketAddress address, int slot) {
        usedSlots.set(slot);
        generations[slot] = Token.nextGeneration(generations[slot]);
        Attempt attempt = new Attempt(slot, completions.opened(slot));
        backend.connect(slot, generations[slot], address);
        return attempt;
    }

    /** Takes turns until it is decided whether the attempt succeeds; returns what was reported. */
    public int outcome(Attempt attempt) {
        until("connected is reported", () -> attempt.channel.connected() != RecordingCompletions.Channel.NOT_ENDED);
        return attempt.channel.connected();
    }

    /** Connects to a listener, and takes turns until both sides know. */
    public Link connectedLink(PeerListener listener) {
        Attempt attempt = connect(listener.address());
        assertEquals(0, outcome(attempt), "the result of connecting");
        return accepted(attempt, listener);
    }

    /** Takes turns until the listener has a connection, which is the attempt's. */
    public Link accepted(Attempt attempt, PeerListener listener) {
        Peer[] accepted = new Peer[1];
        until("the peer accepts", () -> {
            accepted[0] = listener.accept();
            return accepted[0] != null;
        });
        Link link = new Link(accepted[0], attempt.slot, attempt.channel);
        links.add(link);
        return link;
    }

    /** Closes an attempt and takes turns until that was reported. Its slot is free afterwards. */
    public void closeChannel(Attempt attempt) {
        backend.closeChannel(attempt.slot);
        until("closed is reported", attempt.channel::closed);
        forget(attempt);
    }

    /** Frees the slot of an attempt that was reported closed. */
    public void forget(Attempt attempt) {
        usedSlots.clear(attempt.slot);
    }

    /** Closes a connection and takes turns until that was reported. Its slot is free afterwards. */
    public void closeChannel(Link link) {
        backend.closeChannel(link.slot);
        until("closed is reported", link.channel::closed);
        forget(link);
    }

    /** Frees the slot of a connection that was reported closed. Its peer takes no more part in turns. */
    public void forget(Link link) {
        usedSlots.clear(link.slot);
        links.remove(link);
    }

    /** One turn: the backend reports what there is, then every peer reads and writes. Returns what was reported. */
    public int turn() {
        int count = await(TURN_NANOS);
        unlinked.forEach(peer -> peer.exchange(Integer.MAX_VALUE));
        for (Link link : List.copyOf(links)) {
            link.peer.exchange(link.appetite);
        }
        return count;
    }

    /** Only the backend's part of a turn. */
    public int await(long timeoutNanos) {
        int count = backend.submitAndAwait(timeoutNanos, completions);
        assertTrue(count >= 0, () -> "submitAndAwait: " + count);
        return count;
    }

    /** Some turns, in which something that must not happen would. */
    public void turns(int count) {
        for (int i = 0; i < count; i++) {
            turn();
        }
    }

    /** Takes turns until the condition holds; fails after {@link Eventually#PATIENCE}. */
    public void until(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + Eventually.PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() - deadline < 0, () -> "not within " + Eventually.PATIENCE + ": " + what);
            turn();
        }
    }

    /** Takes turns until the peer has read so many bytes in all; returns all of them. */
    public byte[] read(Link link, int count) {
        until("the peer has read " + count + " bytes", () -> link.peer.receivedBytes() >= count);
        return link.peer.received();
    }

    /** Takes turns until the peer's stream ends, which must be by FIN; returns all bytes. */
    public byte[] readToEnd(Link link) {
        until("the peer's stream ends", () -> link.peer.end() != Peer.End.NONE);
        assertEquals(Peer.End.FINISHED, link.peer.end(), "the end of the peer's stream");
        return link.peer.received();
    }

    /** Copies bytes to memory that can be sent from, and that no other {@code place} used. Returns its address. */
    public long place(byte[] bytes) {
        if (placed + bytes.length > SEND_BYTES) {
            throw new IllegalStateException("more than " + SEND_BYTES + " bytes to send");
        }
        long offset = slab.offset(RECEIVE_BUFFERS) + placed;
        placed += bytes.length;
        MemorySegment.copy(bytes, 0, slab.memory(), ValueLayout.JAVA_BYTE, offset, bytes.length);
        return slab.address(offset, bytes.length);
    }

    /** Begins to send a copy of these bytes. */
    public void send(Link link, byte[] bytes, int flags) {
        backend.send(link.slot, place(bytes), bytes.length, flags);
    }

    /** Sends a copy of these bytes and takes turns until every byte was taken. */
    public void sendFully(Link link, byte[] bytes, int flags) {
        int before = link.channel.sent().size();
        send(link, bytes, flags);
        until("the send ends", () -> link.channel.sent().size() > before);
        assertEquals(bytes.length, link.channel.sent().get(before), "the result of the send");
    }

    /** Asserts that the peer's bytes arrived, as far as they go, and returns how many did. */
    public static int assertPrefix(byte[] expected, byte[] actual) {
        int mismatch = Arrays.mismatch(expected, actual);
        assertTrue(mismatch < 0 || mismatch == actual.length,
                () -> "byte " + mismatch + " of " + actual.length + " is wrong");
        return actual.length;
    }

    /** Closes the backend and asserts that the contract was kept. Idempotent. */
    @Override
    public void close() {
        backend.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
        assertEquals(List.of(), backend.breaches());
    }
}
