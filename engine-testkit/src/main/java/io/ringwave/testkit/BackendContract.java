package io.ringwave.testkit;

import static io.ringwave.testkit.BackendRig.BUFFER_BYTES;
import static io.ringwave.testkit.BackendRig.RECEIVE_BUFFERS;
import static io.ringwave.testkit.BackendRig.SEND_BYTES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.Errno;
import io.ringwave.linux.ThreadAffinity;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.FileTransfer;
import io.ringwave.testkit.BackendRig.Attempt;
import io.ringwave.testkit.BackendRig.Link;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link Backend}, one test per promise. A subclass names the provider; everything else has a default
 * that fits a backend with real sockets.
 *
 * <p>One thread drives both ends, turn by turn, until something holds or a deadline passes. Behind every test stands a
 * {@link ContractMonitor}, which finds what no test looks for: reports from within verbs, after the last word, of
 * buffers that were not given back.
 */
public abstract class BackendContract {

    private static final int NOT_ENDED = RecordingCompletions.Channel.NOT_ENDED;
    /** Turns in which something that must not happen would. */
    private static final int QUIET_TURNS = 10;
    /** More than a loop reads files for at a time. */
    private static final int SLOW_READERS = 20;
    private static final int MANY_SLOTS = 100; // more than tables begin with
    /** Far above any sensible batch, far below what an unbounded one reaches. */
    private static final int MAX_BATCH = 20_000;

    private Peers peers = new SocketPeers();
    private BackendRig rig;
    private Backend backend;
    private RecordingCompletions completions;

    /** For subclasses. */
    @SuppressWarnings("NullAway.Init")
    protected BackendContract() {}

    /** Makes the backends under test. */
    protected abstract BackendProvider provider();

    /** Makes the other ends. */
    protected Peers peers() {
        return new SocketPeers();
    }

    /** The clock by which the backend waits. */
    protected long nanoTime() {
        return System.nanoTime();
    }

    /** Makes accepting fail with EMFILE until closed. */
    protected AutoCloseable exhaustDescriptors() {
        loadWhatIsNeededLater();
        return DescriptorLimit.exhaust();
    }

    /** Loads the classes that a test may still need once no descriptor is left to load them with. */
    protected final void loadWhatIsNeededLater() {
        DescriptorLimit.loadClassesBeside(provider().getClass());
        DescriptorLimit.loadClassesBeside(Backend.class);
        DescriptorLimit.loadClassesBeside(BackendContract.class);
        DescriptorLimit.loadClassesBeside(Errno.class);
    }

    /** The backend that the present test uses, not yet listening; for tests that a subclass adds. */
    protected final BackendRig rig() {
        return rig;
    }

    @BeforeEach
    public void makeBackend() throws BackendException {
        peers = peers();
        rig = new BackendRig(provider(), peers);
        backend = rig.backend();
        completions = rig.completions();
    }

    @AfterEach
    public void closeBackend() {
        peers.close();
        rig.close();
    }

    // ---- listen and accept ----

    @Test
    public void listenOnPortZeroPicksAPort() {
        int port = rig.listen(0, false);
        assertTrue(port > 0 && port < 65536, () -> "port " + port);
    }

    @Test
    public void listenOnAPortInUseReportsIt() throws BackendException {
        rig.listening();
        try (BackendRig other = new BackendRig(provider(), peers)) {
            assertEquals(-Errno.EADDRINUSE, other.listen(rig.port(), false));
        }
    }

    @Test
    public void listenersMayShareAPort() throws BackendException {
        int port = rig.listen(0, true);
        assertTrue(port > 0, () -> "port " + port);
        try (BackendRig other = new BackendRig(provider(), peers)) {
            assertEquals(port, other.listen(port, true));
        }
    }

    @Test
    public void nothingIsAcceptedBeforeAccept() {
        int port = rig.listen(0, false);
        peers.connect(port);
        rig.turns(QUIET_TURNS);
        assertEquals(0, completions.sockets().size());
        backend.accept();
        rig.until("the connection is accepted", () -> completions.sockets().size() == 1);
    }

    @Test
    public void acceptReportsEveryConnectionOnce() {
        rig.listening();
        for (int i = 0; i < 50; i++) {
            rig.connect();
        }
        rig.until("all are accepted", () -> completions.sockets().size() == 50);
        rig.turns(QUIET_TURNS);
        assertEquals(50, completions.sockets().stream().distinct().count());
        assertEquals(List.of(), completions.acceptErrors());
    }

    @Test
    public void pauseAcceptLeavesConnectionsInTheBacklog() {
        rig.listening();
        rig.link();
        backend.pauseAccept();
        backend.pauseAccept();
        rig.turns(QUIET_TURNS); // the kernel may have been accepting
        for (int i = 0; i < 5; i++) {
            rig.connect().write(new byte[]{1});
        }
        rig.turns(QUIET_TURNS);
        assertEquals(0, completions.sockets().size());
        backend.accept();
        backend.accept();
        rig.until("those that waited are accepted", () -> completions.sockets().size() == 5);
    }

    @Test
    public void stopListeningFreesThePortAndKeepsTheConnections() throws BackendException {
        rig.listening();
        int port = rig.port();
        Link link = rig.receivingLink();
        backend.stopListening();
        backend.stopListening();
        rig.turns(QUIET_TURNS);
        echo(link, bytes(1, 10));
        try (BackendRig other = new BackendRig(provider(), peers)) {
            assertEquals(port, other.listen(port, false));
        }
        rig.turns(QUIET_TURNS);
        assertEquals(List.of(), completions.acceptErrors());
    }

    @Test
    public void acceptResumesAfterDescriptorsRanOut() throws Exception {
        rig.listening();
        echo(rig.receivingLink(), bytes(1, 10)); // everything was in use once
        List<Peer> waiting = List.of(rig.connect(), rig.connect());
        AutoCloseable exhausted = exhaustDescriptors();
        try {
            rig.until("the shortage is reported", () -> !completions.acceptErrors().isEmpty());
            rig.turns(QUIET_TURNS); // reported once: accepting has stopped
        } finally {
            exhausted.close();
        }
        assertEquals(List.of(-Errno.EMFILE), completions.acceptErrors());
        assertEquals(0, completions.sockets().size());
        backend.accept();
        rig.until("those that waited are accepted", () -> completions.sockets().size() == waiting.size());
        for (Peer peer : waiting) {
            assertEquals(Peer.End.NONE, peer.end());
        }
    }

    @Test
    public void refuseEndsTheConnection() {
        rig.listening();
        Peer peer = rig.connect();
        backend.refuse(rig.awaitSocket());
        rig.until("the peer sees the end", () -> peer.end() == Peer.End.FINISHED);
    }

    @Test
    public void theRemoteAddressIsThePeers() {
        rig.listening();
        Link link = rig.receivingLink();
        assertEquals(link.peer.address(), backend.remoteAddress(link.slot));
        Link other = rig.link();
        assertEquals(other.peer.address(), backend.remoteAddress(other.slot));
        assertEquals(link.peer.address(), backend.remoteAddress(link.slot));
        echo(link, bytes(1, 10));
    }

    /** Whether listeners can be steered here; a simulated network has no CPUs. */
    protected boolean steers() {
        return true;
    }

    /** The first listener is for a CPU on which nothing can arrive, the second for the one of who connects. */
    @Test
    public void connectionsAreSteeredToTheListenerOfTheirCpu() throws Exception {
        int[] allowed = ThreadAffinity.current().stream().toArray();
        int here = allowed[allowed.length - 1];
        int port = rig.listen(0, true);
        if (!steers()) {
            assertEquals(-Errno.EOPNOTSUPP, backend.steer(new int[]{here}));
            return;
        }
        try (BackendRig other = new BackendRig(provider(), peers)) {
            assertEquals(port, other.listen(port, true));
            int nowhere = 1 << 20;
            assertEquals(0, backend.steer(new int[]{nowhere, here}));
            backend.accept();
            other.backend().accept();
            connectFrom(here, port, 20);
            other.until("all are accepted", () -> other.completions().sockets().size() == 20);
            assertEquals(0, other.backend().steer(new int[]{here, nowhere}), "another program takes its place");
            connectFrom(here, port, 20);
            rig.until("all are accepted", () -> completions.sockets().size() == 20);
            other.turns(QUIET_TURNS);
            assertEquals(20, other.completions().sockets().size());
            assertEquals(0, backend.steer(new int[]{nowhere, nowhere}));
            connectFrom(here, port, 20); // spread as without steering, not refused
            rig.until("all are accepted", () -> {
                other.await(0);
                return completions.sockets().size() + other.completions().sockets().size() == 60;
            });
        }
    }

    /** From another thread, so that this one stays free to run anywhere. */
    private void connectFrom(int cpu, int port, int count) throws InterruptedException {
        int[] pinned = new int[1];
        Thread thread = Thread.ofPlatform().start(() -> {
            pinned[0] = ThreadAffinity.pin(cpu);
            for (int i = 0; i < count; i++) {
                peers.connect(port);
            }
        });
        thread.join();
        assertEquals(0, pinned[0]);
    }

    // ---- adopt ----

    @Test
    public void anAdoptedConnectionIsLikeAnAcceptedOne() throws Exception {
        Link link = rig.adoptedLink(); // without a listener
        assertEquals(link.peer.address(), backend.remoteAddress(link.slot));
        link.peer.write(bytes(1, 10));
        rig.turns(QUIET_TURNS);
        assertEquals(0, link.channel.chunks(), "received before receive");
        backend.receive(link.slot);
        rig.until("what came early is received", () -> link.channel.byteCount() == 10);
        for (int length : new int[]{1, BUFFER_BYTES, 3 * BUFFER_BYTES + 1}) {
            echo(link, bytes(length, length));
        }
        int before = link.peer.receivedBytes();
        try (TestFile file = new TestFile(bytes(2, 300_000))) {
            sendFileFully(link, file, 0, 300_000, FileTransfer.SENDFILE);
        }
        rig.read(link, before + 300_000);
        backend.finishSending(link.slot);
        rig.readToEnd(link);
        link.peer.finish();
        awaitEnd(link);
        rig.closeChannel(link);
    }

    @Test
    public void adoptedAndAcceptedConnectionsShareTheSlots() {
        rig.listening();
        for (int round = 0; round < 5; round++) {
            Link adopted = rig.adoptedLink();
            Link accepted = rig.receivingLink();
            backend.receive(adopted.slot);
            echo(adopted, bytes(1, 100));
            echo(accepted, bytes(2, 100));
            for (Link link : List.of(adopted, accepted)) {
                backend.closeChannel(link.slot);
                rig.until("closed is reported, and the peer sees the end",
                        () -> link.channel.closed() && link.peer.end() != Peer.End.NONE);
                rig.forget(link);
            }
        }
    }

    @Test
    public void closingTheBackendClosesWhatItAdopted() {
        Link link = rig.adoptedLink();
        backend.receive(link.slot);
        rig.turn();
        backend.close();
        long deadline = System.nanoTime() + Eventually.PATIENCE.toNanos();
        while (link.peer.end() == Peer.End.NONE && System.nanoTime() < deadline) {
            link.peer.exchange(Integer.MAX_VALUE);
        }
        assertNotEquals(Peer.End.NONE, link.peer.end());
    }

    // ---- receive ----

    @Test
    public void whatIsReceivedCanBeSentBack() {
        rig.listening();
        Link link = rig.receivingLink();
        for (int length : new int[]{1, 2, 100, BUFFER_BYTES, 3 * BUFFER_BYTES + 1}) {
            echo(link, bytes(length, length));
        }
    }

    private void echo(Link link, byte[] message) {
        int before = link.channel.byteCount();
        int sentBefore = link.peer.receivedBytes();
        link.peer.write(message);
        rig.until("the message is received", () -> link.channel.byteCount() >= before + message.length);
        byte[] received = Arrays.copyOfRange(link.channel.bytes(), before, before + message.length);
        assertArrayEquals(message, received);
        rig.sendFully(link, received, 0);
        byte[] all = rig.read(link, sentBefore + message.length);
        assertArrayEquals(message, Arrays.copyOfRange(all, sentBefore, all.length));
    }

    @Test
    public void nothingIsReceivedBeforeReceive() {
        rig.listening();
        Link link = rig.link();
        byte[] message = bytes(1, 100);
        link.peer.write(message);
        link.peer.finish();
        rig.turns(QUIET_TURNS);
        assertEquals(0, link.channel.chunks());
        assertEquals(NOT_ENDED, link.channel.end());
        backend.receive(link.slot);
        awaitEnd(link);
        assertArrayEquals(message, link.channel.bytes());
    }

    @Test
    public void receiveIsIdempotent() {
        rig.listening();
        Link link = rig.receivingLink();
        backend.receive(link.slot);
        byte[] message = bytes(1, 3 * BUFFER_BYTES);
        link.peer.write(message);
        backend.receive(link.slot);
        rig.turn();
        backend.receive(link.slot);
        rig.until("the message is received", () -> link.channel.byteCount() >= message.length);
        rig.turns(QUIET_TURNS);
        assertArrayEquals(message, link.channel.bytes());
    }

    @Test
    public void manySmallWritesArriveInOrder() {
        rig.listening();
        Link link = rig.receivingLink();
        byte[] message = bytes(1, 10_000);
        SplittableRandom random = new SplittableRandom(1);
        for (int done = 0; done < message.length;) {
            int length = Math.min(random.nextInt(1, 200), message.length - done);
            link.peer.write(Arrays.copyOfRange(message, done, done + length));
            done += length;
            if (random.nextInt(4) == 0) {
                rig.await(0);
            }
        }
        rig.until("the message is received", () -> link.channel.byteCount() >= message.length);
        assertArrayEquals(message, link.channel.bytes());
    }

    /** The lengths at which "a short read means drained" and "a full buffer means more" go wrong. */
    private static final int[] EDGE_LENGTHS = {1, 100, BUFFER_BYTES - 1, BUFFER_BYTES, BUFFER_BYTES + 1,
        2 * BUFFER_BYTES, 3 * BUFFER_BYTES, 3 * BUFFER_BYTES + 1};

    @Test
    public void dataAndFinThatWaitedBeforeReceiveArriveWithTheEnd() {
        rig.listening();
        for (int length : EDGE_LENGTHS) {
            Link link = rig.link();
            dataWithFin(link, length, true);
        }
    }

    @Test
    public void dataAndFinOnOneEdgeArriveWithTheEnd() {
        rig.listening();
        for (int length : EDGE_LENGTHS) {
            Link link = rig.receivingLink();
            rig.turns(2); // the subscription is in the kernel's hands
            dataWithFin(link, length, false);
        }
    }

    @Test
    public void dataAndFinOnTheEdgeAfterEarlierDataArriveWithTheEnd() {
        rig.listening();
        for (int length : EDGE_LENGTHS) {
            Link link = rig.receivingLink();
            echo(link, bytes(7, 10));
            byte[] message = bytes(length, length);
            link.peer.write(message);
            link.peer.finish();
            awaitEnd(link);
            assertArrayEquals(message, Arrays.copyOfRange(link.channel.bytes(), 10, 10 + length));
            assertEquals(10 + length, link.channel.byteCount());
        }
    }

    private void dataWithFin(Link link, int length, boolean receive) {
        byte[] message = bytes(length, length);
        link.peer.write(message);
        link.peer.finish();
        if (receive) {
            backend.receive(link.slot);
        }
        awaitEnd(link);
        assertArrayEquals(message, link.channel.bytes(), () -> "a message of " + length + " bytes");
    }

    /** Takes turns until the stream ends, which must be by the peer's FIN. */
    private void awaitEnd(Link link) {
        rig.until("the end is reported", () -> link.channel.end() != NOT_ENDED);
        assertEquals(0, link.channel.end());
        rig.turns(2); // the monitor finds a second end
    }

    @Test
    public void finAloneIsReportedOnce() {
        rig.listening();
        Link link = rig.receivingLink();
        rig.turn();
        link.peer.finish();
        awaitEnd(link);
        rig.turns(QUIET_TURNS);
        assertEquals(0, link.channel.byteCount());
    }

    @Test
    public void resetWhileReceivingIsReportedAsAnError() {
        rig.listening();
        Link link = rig.receivingLink();
        rig.turn();
        link.peer.reset();
        rig.until("the end is reported", () -> link.channel.end() != NOT_ENDED);
        assertEquals(-Errno.ECONNRESET, link.channel.end());
        rig.turns(QUIET_TURNS);
        rig.closeChannel(link);
    }

    @Test
    public void resetBeforeReceiveIsReportedAsAnError() {
        rig.listening();
        Link link = rig.link();
        link.peer.reset();
        rig.turns(QUIET_TURNS);
        backend.receive(link.slot);
        rig.until("the end is reported", () -> link.channel.end() != NOT_ENDED);
        assertEquals(-Errno.ECONNRESET, link.channel.end());
        rig.closeChannel(link);
    }

    @Test
    public void pauseStopsReceivingAfterAtMostOneChunk() {
        rig.listening();
        Link link = rig.receivingLink();
        byte[] message = bytes(1, 20 * BUFFER_BYTES);
        completions.onReceived(slot -> {
            if (link.channel.chunks() == 2) {
                backend.pause(slot);
                backend.pause(slot);
            }
        });
        link.peer.write(message);
        link.peer.finish();
        rig.until("two chunks are received", () -> link.channel.chunks() >= 2);
        rig.turns(QUIET_TURNS);
        assertTrue(link.channel.chunks() <= 3, () -> link.channel.chunks() + " chunks");
        assertEquals(NOT_ENDED, link.channel.end());
        completions.onReceived(slot -> {
        });
        backend.receive(link.slot);
        awaitEnd(link);
        assertArrayEquals(message, link.channel.bytes());
    }

    @Test
    public void pauseAndReceiveAtRandomLoseNothing() {
        rig.listening();
        Link link = rig.receivingLink();
        byte[] message = bytes(1, 50 * BUFFER_BYTES + 17);
        link.peer.write(message);
        link.peer.finish();
        SplittableRandom random = new SplittableRandom(2);
        completions.onReceived(slot -> {
            if (link.channel.end() == NOT_ENDED && random.nextInt(3) == 0) {
                backend.pause(slot);
                if (random.nextBoolean()) {
                    backend.receive(slot);
                }
            }
        });
        rig.until("the end is reported", () -> {
            if (random.nextInt(4) == 0) {
                backend.pause(link.slot);
            } else {
                backend.receive(link.slot);
            }
            return link.channel.end() != NOT_ENDED;
        });
        assertEquals(0, link.channel.end());
        assertArrayEquals(message, link.channel.bytes());
    }

    // ---- receive buffers ----

    @Test
    public void withoutFreeBuffersReceivingWaitsAndLosesNothing() {
        rig.listening();
        completions.keepBuffers(true);
        List<Link> links = new ArrayList<>();
        List<byte[]> messages = new ArrayList<>();
        for (int i = 0; i < 2 * RECEIVE_BUFFERS; i++) {
            Link link = rig.receivingLink();
            byte[] message = bytes(i, BUFFER_BYTES + 100);
            link.peer.write(message);
            link.peer.finish();
            links.add(link);
            messages.add(message);
        }
        rig.until("every buffer is in use", () -> completions.keptBuffers().size() == RECEIVE_BUFFERS);
        rig.turns(QUIET_TURNS);
        assertTrue(links.stream().allMatch(link -> link.channel.end() == NOT_ENDED || link.channel.end() == 0));
        assertTrue(backend.counters().bufferShortages.get() > 0, "shortages are counted");

        rig.until("all streams end", () -> {
            if (!completions.keptBuffers().isEmpty()) {
                completions.release(completions.keptBuffers().remove()); // one by one, the scarcest supply
            }
            return links.stream().allMatch(link -> link.channel.end() != NOT_ENDED);
        });
        for (int i = 0; i < links.size(); i++) {
            assertEquals(0, links.get(i).channel.end());
            assertArrayEquals(messages.get(i), links.get(i).channel.bytes());
        }
    }

    @Test
    public void closeWhileWaitingForABufferLosesNoBuffer() {
        rig.listening();
        useAllBuffers();
        List<Link> waiting = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Link link = rig.receivingLink();
            link.peer.write(bytes(i, 100));
            waiting.add(link);
        }
        rig.turns(QUIET_TURNS);
        for (Link link : waiting.subList(0, 4)) {
            rig.closeChannel(link);
        }
        releaseKeptBuffers();
        Link last = waiting.get(4);
        rig.until("the one that is left receives", () -> last.channel.byteCount() == 100);
        assertAllBuffersAreUsable();
    }

    @Test
    public void thoseThatNoLongerWaitForABufferTakeNoneFromThoseThatDo() {
        rig.listening();
        for (int how = 0; how < 3; how++) {
            useAllBuffers();
            List<Link> waiting = new ArrayList<>();
            for (int i = 0; i <= RECEIVE_BUFFERS; i++) { // one more than there are buffers
                Link link = rig.receivingLink();
                link.peer.write(bytes(i, 100));
                waiting.add(link);
                rig.turns(1);
            }
            rig.turns(QUIET_TURNS);
            for (Link link : waiting.subList(0, RECEIVE_BUFFERS)) {
                switch (how) {
                    case 0 -> rig.closeChannel(link);
                    case 1 -> backend.pause(link.slot);
                    default -> link.peer.reset();
                }
            }
            rig.turns(how == 2 ? QUIET_TURNS : 0);
            releaseKeptBuffers();
            Link last = waiting.get(RECEIVE_BUFFERS);
            rig.until("the one that still waits receives", () -> last.channel.byteCount() == 100);
            for (Link link : waiting) {
                if (how != 0 || link == last) {
                    rig.closeChannel(link);
                }
                link.peer.close();
            }
        }
        assertAllBuffersAreUsable();
    }

    /** A backend may have received more than it may report when a pause takes effect; others still need buffers. */
    @Test
    public void whoIsPausedKeepsNoBuffersFromOthers() {
        rig.listening();
        byte[] message = bytes(1, 2 * RECEIVE_BUFFERS * BUFFER_BYTES + 17);
        completions.onReceived(backend::pause);
        completions.keepBuffers(true); // as a handler does that passes them on to a slow reader
        List<Link> paused = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Link link = rig.receivingLink();
            link.peer.write(message);
            link.peer.finish();
            paused.add(link);
        }
        rig.until("each was paused by its first chunk",
                () -> paused.stream().allMatch(link -> link.channel.chunks() > 0));
        rig.turns(QUIET_TURNS);
        Link other = rig.receivingLink();
        other.peer.write(new byte[1]);
        rig.until("another receives", () -> other.channel.byteCount() == 1);

        rig.closeChannel(paused.removeLast()); // with whatever it was not told
        SplittableRandom random = new SplittableRandom(3);
        rig.until("all streams end", () -> {
            if (completions.keptBuffers().size() > RECEIVE_BUFFERS / 2 || random.nextBoolean()) {
                releaseKeptBuffers();
            }
            backend.receive(paused.get(random.nextInt(paused.size())).slot); // up to its next chunk
            return paused.stream().allMatch(link -> link.channel.end() != NOT_ENDED);
        });
        completions.onReceived(slot -> {
        });
        completions.keepBuffers(false);
        releaseKeptBuffers();
        for (Link link : paused) {
            assertEquals(0, link.channel.end());
            assertArrayEquals(message, link.channel.bytes());
        }
        assertAllBuffersAreUsable();
    }

    /** Receives until every buffer is kept. */
    private void useAllBuffers() {
        completions.keepBuffers(true);
        Link link = rig.receivingLink();
        byte[] message = bytes(1, 2 * RECEIVE_BUFFERS * BUFFER_BYTES);
        link.peer.write(message);
        rig.until("every buffer is in use", () -> completions.keptBuffers().size() == RECEIVE_BUFFERS);
        completions.keepBuffers(false);
        rig.closeChannel(link);
        link.peer.close();
    }

    private void releaseKeptBuffers() {
        while (!completions.keptBuffers().isEmpty()) {
            completions.release(completions.keptBuffers().remove());
        }
    }

    private void assertAllBuffersAreUsable() {
        useAllBuffers();
        releaseKeptBuffers();
    }

    // ---- send ----

    @Test
    public void largeSendToASlowReaderIsSentCompletely() {
        rig.listening();
        Link link = rig.link();
        byte[] message = bytes(1, SEND_BYTES);
        link.appetite = 0;
        rig.send(link, message, 0);
        rig.turns(QUIET_TURNS);
        assertEquals(List.of(), link.channel.sent(), "more was taken than the socket buffers hold");
        link.appetite = 100_000;
        byte[] received = rig.read(link, message.length);
        assertArrayEquals(message, received);
        rig.until("the send ends", () -> !link.channel.sent().isEmpty());
        assertEquals(List.of((long) message.length), link.channel.sent());
    }

    @Test
    public void receivingGoesOnWhileASendWaits() {
        rig.listening();
        Link link = rig.receivingLink();
        link.appetite = 0;
        rig.send(link, bytes(1, SEND_BYTES), 0);
        rig.turns(QUIET_TURNS);
        byte[] message = bytes(2, 2 * BUFFER_BYTES);
        link.peer.write(message);
        rig.until("the message is received", () -> link.channel.byteCount() == message.length);
        assertArrayEquals(message, link.channel.bytes());
        assertEquals(List.of(), link.channel.sent());
    }

    @Test
    public void sendAfterThePeersFinArrives() {
        rig.listening();
        Link link = rig.receivingLink();
        link.peer.write(bytes(1, 10));
        link.peer.finish();
        awaitEnd(link);
        byte[] answer = bytes(2, 300_000);
        rig.sendFully(link, answer, 0);
        assertArrayEquals(answer, rig.read(link, answer.length));
        backend.closeChannel(link.slot);
        assertEquals(answer.length, rig.readToEnd(link).length);
    }

    @Test
    public void sendsOnManyConnectionsDoNotMix() {
        rig.listening();
        int connections = 20;
        int rounds = 10;
        int lengthBytes = 2 * BUFFER_BYTES + 123;
        List<Link> links = new ArrayList<>();
        List<byte[]> messages = new ArrayList<>();
        int[] done = new int[connections];
        for (int i = 0; i < connections; i++) {
            links.add(rig.link());
            messages.add(bytes(i, rounds * lengthBytes));
        }
        completions.onSent(slot -> { // links are on slots 0, 1, 2 ...
            if (++done[slot] < rounds) {
                sendPart(links.get(slot), messages.get(slot), done[slot], lengthBytes);
            }
        });
        for (int i = 0; i < connections; i++) {
            assertEquals(i, links.get(i).slot);
            sendPart(links.get(i), messages.get(i), 0, lengthBytes);
        }
        for (int i = 0; i < connections; i++) {
            assertArrayEquals(messages.get(i), rig.read(links.get(i), messages.get(i).length));
        }
        rig.until("every send has ended", () -> Arrays.stream(done).allMatch(count -> count == rounds));
    }

    private void sendPart(Link link, byte[] message, int part, int lengthBytes) {
        rig.send(link, Arrays.copyOfRange(message, part * lengthBytes, (part + 1) * lengthBytes), 0);
    }

    @Test
    public void sendMoreWithholdsNothingFromTheLastSend() {
        rig.listening();
        Link link = rig.link();
        byte[] message = bytes(1, 2000);
        for (int part = 0; part < 20; part++) {
            rig.sendFully(link, Arrays.copyOfRange(message, part * 100, (part + 1) * 100),
                    part < 19 ? Backend.SEND_MORE : 0);
        }
        assertArrayEquals(message, rig.read(link, message.length));
    }

    @Test
    public void sendMoreBeforeFinishSendingLosesNothing() {
        rig.listening();
        Link link = rig.link();
        byte[] message = bytes(1, 100);
        rig.sendFully(link, message, Backend.SEND_MORE);
        backend.finishSending(link.slot);
        assertArrayEquals(message, rig.readToEnd(link));
    }

    @Test
    public void resetWhileSendingFailsTheSendOnce() {
        rig.listening();
        Link link = rig.link();
        link.appetite = 0;
        rig.send(link, bytes(1, SEND_BYTES), 0);
        rig.turns(2);
        assertEquals(List.of(), link.channel.sent());
        link.peer.reset();
        rig.until("the send ends", () -> !link.channel.sent().isEmpty());
        long result = link.channel.sent().getFirst();
        assertTrue(result == -Errno.ECONNRESET || result == -Errno.EPIPE, () -> "result " + result);
        rig.turns(QUIET_TURNS);
        rig.closeChannel(link);
        assertEquals(1, link.channel.sent().size());
    }

    @Test
    public void sendAfterAResetFails() {
        rig.listening();
        Link link = rig.link();
        link.peer.reset();
        rig.turns(QUIET_TURNS);
        rig.send(link, bytes(1, 100), 0);
        rig.until("the send ends", () -> !link.channel.sent().isEmpty());
        long result = link.channel.sent().getFirst();
        assertTrue(result == -Errno.ECONNRESET || result == -Errno.EPIPE, () -> "result " + result);
    }

    @Test
    public void aTurnEndsThoughEveryCompletionAsksForMore() {
        rig.listening();
        Link link = rig.link();
        long address = rig.place(new byte[]{42});
        completions.onSent(slot -> backend.send(slot, address, 1, 0));
        backend.send(link.slot, address, 1, 0);
        for (int i = 0; i < QUIET_TURNS; i++) {
            int count = rig.turn();
            assertTrue(count < MAX_BATCH, () -> count + " completions in a turn");
        }
        rig.until("the sends go on", () -> link.channel.sent().size() > QUIET_TURNS);
        completions.onSent(slot -> {
        });
    }

    @Test
    public void finishSendingEndsOnlyOneDirection() {
        rig.listening();
        Link link = rig.receivingLink();
        byte[] answer = bytes(1, 5000);
        rig.sendFully(link, answer, 0);
        backend.finishSending(link.slot);
        assertArrayEquals(answer, rig.readToEnd(link));
        byte[] message = bytes(2, 3 * BUFFER_BYTES);
        link.peer.write(message);
        link.peer.finish();
        awaitEnd(link);
        assertArrayEquals(message, link.channel.bytes());
    }

    // ---- sendFile: every test in every way that the backend has ----

    @Test
    public void sendFileSendsAPartOfAFile() {
        rig.listening();
        byte[] content = bytes(1, 10_000);
        for (FileTransfer how : backend.fileTransfers()) {
            Link link = rig.link();
            try (TestFile file = new TestFile(content)) {
                sendFileFully(link, file, 0, 1, how);
                sendFileFully(link, file, 1, 99, how);
                sendFileFully(link, file, 100, 9_900, how);
                assertArrayEquals(content, rig.read(link, content.length), () -> "by " + how);
            }
        }
    }

    private void sendFileFully(Link link, TestFile file, long position, long length, FileTransfer how) {
        int before = link.channel.sent().size();
        backend.sendFile(link.slot, file.descriptor(), position, length, how);
        rig.until("the send ends", () -> link.channel.sent().size() > before);
        assertEquals(length, link.channel.sent().get(before), () -> "by " + how);
    }

    @Test
    public void sendFileSendsMegabytesFromAPosition() {
        rig.listening();
        byte[] content = bytes(1, 6 << 20);
        int position = 777_777;
        int length = 5 << 20;
        for (FileTransfer how : backend.fileTransfers()) {
            Link link = rig.link();
            try (TestFile file = new TestFile(content)) {
                sendFileFully(link, file, position, length, how);
                assertArrayEquals(Arrays.copyOfRange(content, position, position + length), rig.read(link, length),
                        () -> "by " + how);
            }
        }
    }

    @Test
    public void sendFileToASlowReaderSendsCompletely() {
        rig.listening();
        byte[] content = bytes(1, 12 << 20);
        for (FileTransfer how : backend.fileTransfers()) {
            Link link = rig.link();
            try (TestFile file = new TestFile(content)) {
                link.appetite = 0;
                backend.sendFile(link.slot, file.descriptor(), 0, content.length, how);
                rig.turns(QUIET_TURNS);
                assertEquals(List.of(), link.channel.sent(), "more was taken than the socket buffers hold");
                link.appetite = 100_000;
                assertArrayEquals(content, rig.read(link, content.length), () -> "by " + how);
                rig.until("the send ends", () -> !link.channel.sent().isEmpty());
                assertEquals(List.of((long) content.length), link.channel.sent(), () -> "by " + how);
            }
        }
    }

    @Test
    public void readersWhoDoNotReadHoldUpNobodyElsesFile() {
        rig.listening();
        byte[] content = bytes(1, 12 << 20);
        for (FileTransfer how : backend.fileTransfers()) {
            try (TestFile file = new TestFile(content)) {
                List<Link> slow = new ArrayList<>();
                for (int i = 0; i < SLOW_READERS; i++) {
                    Link link = rig.link();
                    link.appetite = 0;
                    slow.add(link);
                    backend.sendFile(link.slot, file.descriptor(), 0, content.length, how);
                }
                rig.turns(QUIET_TURNS);
                Link link = rig.link();
                sendFileFully(link, file, 1_000_000, 2_000_000, how);
                assertArrayEquals(Arrays.copyOfRange(content, 1_000_000, 3_000_000), rig.read(link, 2_000_000),
                        () -> "by " + how);
                slow.forEach(rig::closeChannel);
                rig.closeChannel(link);
            }
        }
    }

    @Test
    public void filesOnManyConnectionsDoNotMix() {
        rig.listening();
        byte[] content = bytes(1, 1 << 20);
        for (FileTransfer how : backend.fileTransfers()) {
            try (TestFile file = new TestFile(content)) {
                List<Link> links = new ArrayList<>();
                for (int i = 0; i < SLOW_READERS; i++) {
                    Link link = rig.link();
                    link.appetite = 10_000 + 10_000 * i;
                    links.add(link);
                    backend.sendFile(link.slot, file.descriptor(), 1_000L * i, 700_000, how);
                }
                for (int i = 0; i < SLOW_READERS; i++) {
                    Link link = links.get(i);
                    assertArrayEquals(Arrays.copyOfRange(content, 1_000 * i, 1_000 * i + 700_000),
                            rig.read(link, 700_000), () -> "by " + how);
                    rig.until("the send ends", () -> !link.channel.sent().isEmpty());
                    assertEquals(List.of(700_000L), link.channel.sent());
                    rig.closeChannel(link);
                }
            }
        }
    }

    /** Tables by slot grow with the slots; those for what is rare, only when it happens: here on a high slot first. */
    @Test
    public void highSlotsHoldBackChunksAndSendFiles() {
        rig.listening();
        List<Link> links = new ArrayList<>();
        for (int i = 0; i < MANY_SLOTS; i++) {
            links.add(rig.link());
        }
        byte[] message = bytes(1, 20 * BUFFER_BYTES);
        completions.onReceived(backend::pause);
        for (int i : new int[]{MANY_SLOTS - 1, 0}) {
            Link link = links.get(i);
            backend.receive(link.slot);
            link.peer.write(message);
            link.peer.finish();
            rig.until("everything is received, a chunk or two at a time", () -> {
                backend.receive(link.slot);
                return link.channel.end() != NOT_ENDED;
            });
            assertArrayEquals(message, link.channel.bytes());
        }
        byte[] content = bytes(2, 100_000);
        int used = 1;
        try (TestFile file = new TestFile(content)) {
            for (FileTransfer how : backend.fileTransfers()) {
                for (int i : new int[]{MANY_SLOTS - 1 - used, used}) {
                    Link link = links.get(i);
                    backend.sendFile(link.slot, file.descriptor(), 10, 50_000, how);
                    assertArrayEquals(Arrays.copyOfRange(content, 10, 50_010), rig.read(link, 50_000),
                            () -> "by " + how);
                    rig.until("the send ends", () -> !link.channel.sent().isEmpty());
                    assertEquals(List.of(50_000L), link.channel.sent());
                }
                used++;
            }
        }
        for (Link link : links) {
            rig.closeChannel(link);
        }
    }

    @Test
    public void sendFileThatEndsEarlyReportsIt() {
        rig.listening();
        byte[] content = bytes(1, 10_000);
        for (FileTransfer how : backend.fileTransfers()) {
            Link link = rig.link();
            try (TestFile file = new TestFile(content)) {
                backend.sendFile(link.slot, file.descriptor(), 4_000, 10_000, how);
                rig.until("the send ends", () -> !link.channel.sent().isEmpty());
                assertEquals(List.of((long) -Errno.ENODATA), link.channel.sent(), () -> "by " + how);
                Link other = rig.link();
                backend.sendFile(other.slot, file.descriptor(), 10_000, 1, how);
                rig.until("the send ends", () -> !other.channel.sent().isEmpty());
                assertEquals(List.of((long) -Errno.ENODATA), other.channel.sent(), () -> "by " + how);
                backend.closeChannel(link.slot);
                BackendRig.assertPrefix(Arrays.copyOfRange(content, 4_000, 10_000), rig.readToEnd(link));
            }
        }
    }

    @Test
    public void headAndFileArriveInOrder() {
        rig.listening();
        byte[] head = bytes(1, 200);
        byte[] content = bytes(2, 100_000);
        for (FileTransfer how : backend.fileTransfers()) {
            Link link = rig.receivingLink();
            try (TestFile file = new TestFile(content)) {
                for (int i = 1; i <= 3; i++) {
                    rig.sendFully(link, head, Backend.SEND_MORE);
                    sendFileFully(link, file, 0, content.length, how);
                    byte[] received = rig.read(link, i * (head.length + content.length));
                    int begin = (i - 1) * (head.length + content.length);
                    assertArrayEquals(head, Arrays.copyOfRange(received, begin, begin + head.length));
                    assertArrayEquals(content, Arrays.copyOfRange(received, begin + head.length, received.length),
                            () -> "by " + how);
                }
            }
        }
    }

    @Test
    public void resetDuringSendFileFailsTheSendOnce() {
        rig.listening();
        for (FileTransfer how : backend.fileTransfers()) {
            Link link = rig.link();
            link.appetite = 0;
            try (TestFile file = new TestFile(bytes(1, 12 << 20))) {
                backend.sendFile(link.slot, file.descriptor(), 0, 12 << 20, how);
                rig.turns(2);
                link.peer.reset();
                rig.until("the send ends", () -> !link.channel.sent().isEmpty());
                assertTrue(link.channel.sent().getFirst() < 0, () -> "by " + how);
                rig.closeChannel(link);
                assertEquals(1, link.channel.sent().size(), () -> "by " + how);
            }
        }
    }

    @Test
    public void whatIsOutstandingShrinksAsThePeerReads() {
        rig.listening();
        byte[] content = bytes(1, 12 << 20);
        for (FileTransfer how : backend.fileTransfers()) {
            Link link = rig.link();
            try (TestFile file = new TestFile(content)) {
                assertEquals(0, backend.outstanding(link.slot));
                link.appetite = 0;
                backend.sendFile(link.slot, file.descriptor(), 0, content.length, how);
                rig.turns(QUIET_TURNS);
                long before = backend.outstanding(link.slot);
                assertTrue(before > 0 && before <= content.length, () -> before + " of " + content.length);
                link.appetite = 100_000;
                rig.until("less is outstanding", () -> backend.outstanding(link.slot) < before);
                link.appetite = Integer.MAX_VALUE;
                rig.until("nothing is outstanding", () -> backend.outstanding(link.slot) == 0);
                rig.closeChannel(link);
            }
        }
    }

    // ---- close ----

    @Test
    public void closeWhileReceivingSendsFin() {
        rig.listening();
        Link link = rig.receivingLink();
        rig.turns(2);
        backend.closeChannel(link.slot);
        assertEquals(0, rig.readToEnd(link).length);
        rig.until("closed is reported", link.channel::closed);
        assertEquals(NOT_ENDED, link.channel.end());
    }

    @Test
    public void closeAfterASendDeliversItAndSendsFin() {
        rig.listening();
        Link link = rig.receivingLink();
        byte[] answer = bytes(1, 100_000);
        rig.sendFully(link, answer, 0);
        backend.closeChannel(link.slot);
        assertArrayEquals(answer, rig.readToEnd(link));
    }

    @Test
    public void closeWhileSendingEndsTheSendFirst() {
        rig.listening();
        Link link = rig.receivingLink();
        link.appetite = 0;
        byte[] message = bytes(1, SEND_BYTES);
        rig.send(link, message, 0);
        rig.turns(2);
        assertEquals(List.of(), link.channel.sent());
        rig.closeChannel(link); // the monitor sees to it that sent comes before closed
        assertEquals(1, link.channel.sent().size());
        long result = link.channel.sent().getFirst();
        assertTrue(result < 0, () -> "result " + result);
        rig.until("the peer sees the end", () -> {
            link.peer.exchange(Integer.MAX_VALUE);
            return link.peer.end() != Peer.End.NONE;
        });
        BackendRig.assertPrefix(message, link.peer.received());
    }

    @Test
    public void closeInTheTurnOfTheSendReportsBoth() {
        rig.listening();
        for (int i = 0; i < 20; i++) {
            Link link = rig.receivingLink();
            byte[] message = bytes(i, 100);
            rig.send(link, message, 0);
            rig.closeChannel(link);
            assertEquals(1, link.channel.sent().size());
            long result = link.channel.sent().getFirst();
            assertTrue(result == message.length || result < 0, () -> "result " + result);
        }
    }

    @Test
    public void closeWhileSendingAFileEndsTheSendFirst() {
        rig.listening();
        for (FileTransfer how : backend.fileTransfers()) {
            for (int turns = 0; turns < 6; turns++) {
                Link link = rig.receivingLink();
                link.appetite = 0;
                try (TestFile file = new TestFile(bytes(1, 12 << 20))) {
                    backend.sendFile(link.slot, file.descriptor(), 0, 12 << 20, how);
                    rig.turns(turns);
                    rig.closeChannel(link);
                    assertEquals(1, link.channel.sent().size(), () -> "by " + how);
                    assertTrue(link.channel.sent().getFirst() < 0, () -> "by " + how);
                }
            }
        }
    }

    @Test
    public void closeTwiceIsReportedOnce() {
        rig.listening();
        Link link = rig.receivingLink();
        backend.closeChannel(link.slot);
        backend.closeChannel(link.slot);
        rig.until("closed is reported", link.channel::closed);
        rig.turns(QUIET_TURNS); // the monitor finds a second report
    }

    @Test
    public void closeFromWithinReceivedEndsTheReports() {
        rig.listening();
        Link link = rig.receivingLink();
        completions.onReceived(slot -> {
            backend.closeChannel(slot);
            backend.closeChannel(slot);
        });
        link.peer.write(bytes(1, 10 * BUFFER_BYTES));
        link.peer.finish();
        rig.until("closed is reported", link.channel::closed);
        rig.turns(QUIET_TURNS);
        assertEquals(1, link.channel.chunks());
        rig.forget(link);
        completions.onReceived(slot -> {
        });
        assertAllBuffersAreUsable();
    }

    /** Both have data and FIN waiting. A backend may have received them before it reports the first. */
    @Test
    public void closeOfAnotherFromWithinReceivedEndsItsReports() {
        rig.listening();
        Link one = rig.receivingLink();
        Link other = rig.receivingLink();
        completions.onReceived(slot -> {
            completions.onReceived(later -> {
            });
            backend.closeChannel(slot == one.slot ? other.slot : one.slot);
        });
        for (Link link : List.of(one, other)) {
            link.peer.write(bytes(1, BUFFER_BYTES / 2));
            link.peer.finish();
        }
        rig.until("one is closed", () -> one.channel.closed() || other.channel.closed());
        Link closed = one.channel.closed() ? one : other;
        assertEquals(0, closed.channel.chunks());
        rig.forget(closed);
        rig.closeChannel(closed == one ? other : one);
        assertAllBuffersAreUsable();
    }

    @Test
    public void closeFromWithinTheEndAndFromWithinSent() {
        rig.listening();
        Link link = rig.receivingLink();
        completions.onReceived(slot -> {
            if (link.channel.end() == 0) {
                backend.closeChannel(slot);
            }
        });
        link.peer.finish();
        rig.until("closed is reported", link.channel::closed);

        Link other = rig.receivingLink();
        completions.onSent(backend::closeChannel);
        byte[] answer = bytes(1, 1000);
        rig.send(other, answer, 0);
        assertArrayEquals(answer, rig.readToEnd(other));
        rig.until("closed is reported", other.channel::closed);
    }

    @Test
    public void closeOfAnUntouchedChannelIsReported() {
        rig.listening();
        Link link = rig.link();
        rig.closeChannel(link);
        rig.until("the peer sees the end", () -> {
            link.peer.exchange(1);
            return link.peer.end() == Peer.End.FINISHED;
        });
    }

    @Test
    public void openAndCloseInOneTurnLosesNoBuffer() {
        rig.listening();
        for (int i = 0; i < RECEIVE_BUFFERS + 1; i++) {
            Peer peer = rig.connect();
            peer.write(bytes(i, 3 * BUFFER_BYTES));
            Link link = rig.open(peer, rig.awaitSocket());
            backend.receive(link.slot);
            backend.closeChannel(link.slot);
            rig.until("closed is reported", link.channel::closed);
            rig.forget(link);
            assertEquals(0, link.channel.chunks());
        }
        assertAllBuffersAreUsable();
    }

    /**
     * In one batch there are data and FIN for two connections, and a connection waits for a slot. Whichever is heard
     * first closes the other, and the third takes that slot as soon as it is free: what the kernel still reports about
     * the slot's earlier owner must not reach it.
     */
    @Test
    public void aReusedSlotHearsNothingAboutItsFormerConnection() {
        rig.listening();
        for (int round = 0; round < 40; round++) {
            Link[] pair = {rig.receivingLink(), rig.receivingLink()};
            Peer third = rig.connect();
            int socket = rig.awaitSocket();
            byte[] message = bytes(round, 100 + round * 300);
            third.write(message);
            Link[] successor = new Link[1];
            int[] closing = {-1};
            completions.onReceived(slot -> {
                if (closing[0] < 0) {
                    closing[0] = pair[0].slot == slot ? pair[1].slot : pair[0].slot;
                    backend.closeChannel(closing[0]);
                }
            });
            completions.onClosed(slot -> {
                if (slot == closing[0] && successor[0] == null) {
                    successor[0] = rig.open(third, socket, slot);
                    backend.receive(slot);
                }
            });
            int first = round & 1;
            pair[first].peer.write(bytes(-1, 2 * BUFFER_BYTES));
            pair[1 - first].peer.write(bytes(-2, 2 * BUFFER_BYTES));
            pair[first].peer.finish();
            pair[1 - first].peer.finish();

            rig.until("the third connection takes the slot", () -> successor[0] != null);
            Link link = successor[0];
            rig.until("its message is received", () -> link.channel.byteCount() >= message.length);
            rig.turns(3);
            assertArrayEquals(message, link.channel.bytes());
            assertEquals(NOT_ENDED, link.channel.end());
            assertEquals(List.of(), link.channel.sent());
            assertNotEquals(true, link.channel.closed());
            echo(link, bytes(round, 50));
            third.finish();
            rig.until("its end is reported", () -> link.channel.end() == 0);
            rig.turns(3); // once: a subscription that a late report had armed again would report it too

            completions.onReceived(slot -> {
            });
            completions.onClosed(slot -> {
            });
            Link survivor = pair[0].slot == link.slot ? pair[1] : pair[0];
            Link gone = pair[0] == survivor ? pair[1] : pair[0];
            rig.forget(gone);
            gone.peer.close();
            rig.closeChannel(link);
            rig.closeChannel(survivor);
            link.peer.close();
            survivor.peer.close();
        }
        assertAllBuffersAreUsable();
    }

    // ---- connect ----

    @Test
    public void whatIsReceivedOnAnOutboundConnectionCanBeSentBack() {
        try (PeerListener listener = peers.listen()) {
            Link link = rig.connectedLink(listener);
            backend.receive(link.slot);
            for (int length : new int[]{1, 100, 3 * BUFFER_BYTES + 1}) {
                echo(link, bytes(length, length));
            }
            link.peer.finish();
            awaitEnd(link);
            rig.closeChannel(link);
        }
    }

    @Test
    public void aUnixDomainServerCanBeConnectedTo() {
        try (PeerListener listener = peers.listenOnPath()) {
            Link link = rig.connectedLink(listener);
            backend.receive(link.slot);
            echo(link, bytes(1, 3 * BUFFER_BYTES + 1));
            try (TestFile file = new TestFile(bytes(2, 300_000))) {
                for (FileTransfer how : backend.fileTransfers()) {
                    int before = link.peer.receivedBytes();
                    sendFileFully(link, file, 0, 300_000, how);
                    assertArrayEquals(bytes(2, 300_000),
                            Arrays.copyOfRange(rig.read(link, before + 300_000), before, before + 300_000));
                }
            }
            backend.finishSending(link.slot);
            rig.readToEnd(link);
            link.peer.finish();
            awaitEnd(link);
            rig.closeChannel(link);
        }
    }

    @Test
    public void dataMayFollowTheConnectAtOnceInBothDirections() {
        try (PeerListener listener = peers.listen()) {
            byte[] greeting = bytes(1, 2 * BUFFER_BYTES);
            byte[] request = bytes(2, 100_000);
            completions.onConnected(slot -> {
                backend.receive(slot);
                backend.send(slot, rig.place(request), request.length, 0);
            });
            for (int i = 0; i < 10; i++) {
                Link link = rig.accepted(rig.connect(listener.address()), listener);
                link.peer.write(greeting);
                link.peer.finish();
                assertArrayEquals(request, rig.read(link, request.length));
                awaitEnd(link);
                assertArrayEquals(greeting, link.channel.bytes());
                rig.closeChannel(link);
            }
        }
    }

    @Test
    public void connectingToNobodyIsRefused() {
        Attempt attempt = rig.connect(peers.nobody());
        assertEquals(-Errno.ECONNREFUSED, rig.outcome(attempt));
        rig.turns(QUIET_TURNS); // the monitor finds whatever is still said
        rig.closeChannel(attempt);
    }

    @Test
    public void connectingToAPathWithoutAServerFails() {
        Attempt attempt = rig.connect(UnixDomainSocketAddress.of("/nonexistent/ringwave"));
        assertEquals(-Errno.ENOENT, rig.outcome(attempt));
        rig.closeChannel(attempt);
    }

    @Test
    public void connectingWithoutDescriptorsFails() throws Exception {
        try (PeerListener listener = peers.listen()) {
            rig.closeChannel(rig.connectedLink(listener)); // everything was in use once
            AutoCloseable exhausted = exhaustDescriptors();
            try {
                Attempt attempt = rig.connect(listener.address());
                assertEquals(-Errno.EMFILE, rig.outcome(attempt));
                rig.closeChannel(attempt);
            } finally {
                exhausted.close();
            }
            rig.closeChannel(rig.connectedLink(listener));
        }
    }

    @Test
    public void connectingWithoutAnAnswerReportsNothingUntilItIsClosed() {
        Attempt attempt = rig.connect(peers.silent());
        rig.turns(QUIET_TURNS);
        assertEquals(NOT_ENDED, attempt.channel().connected());
        assertEquals(0, rig.await(1_000_000), "a wait with a connect under way"); // and it does wait
        rig.closeChannel(attempt);
        assertEquals(NOT_ENDED, attempt.channel().connected());
    }

    @Test
    public void closeWhileConnectingIsTheLastWord() {
        try (PeerListener listener = peers.listen()) {
            List<SocketAddress> addresses = List.of(peers.silent(), listener.address(), peers.nobody(),
                    UnixDomainSocketAddress.of("/nonexistent/ringwave"));
            for (int round = 0; round < 40; round++) {
                Attempt attempt = rig.connect(addresses.get(round % 4));
                if (round / 4 % 2 == 1) {
                    rig.await(0); // the kernel has begun
                }
                int known = attempt.channel().connected();
                backend.closeChannel(attempt.slot());
                backend.closeChannel(attempt.slot());
                rig.until("closed is reported", attempt.channel()::closed);
                assertEquals(known, attempt.channel().connected(), "reported after closeChannel");
                rig.turns(2);
                rig.forget(attempt);
            }
        }
    }

    @Test
    public void closeFromWithinConnectedIsTheLastWord() {
        completions.onConnected(backend::closeChannel);
        try (PeerListener listener = peers.listen()) {
            for (SocketAddress address : List.of(listener.address(), peers.nobody())) {
                Attempt attempt = rig.connect(address);
                rig.until("closed is reported", attempt.channel()::closed);
                rig.turns(QUIET_TURNS);
                rig.forget(attempt);
            }
        }
    }

    /** Each slot is used by turns for a connect that is broken off and for a connection that was accepted. */
    @Test
    public void aReusedSlotHearsNothingAboutItsFormerConnect() {
        rig.listening();
        try (PeerListener listener = peers.listen()) {
            List<SocketAddress> addresses = List.of(listener.address(), peers.nobody(), peers.silent());
            for (int round = 0; round < 60; round++) {
                Peer peer = rig.connect();
                int socket = rig.awaitSocket();
                Attempt attempt = rig.connect(addresses.get(round % 3));
                if (round % 2 == 0) {
                    rig.await(0);
                }
                Link[] successor = new Link[1];
                completions.onClosed(slot -> {
                    if (successor[0] == null) {
                        successor[0] = rig.open(peer, socket, slot);
                        backend.receive(slot);
                    }
                });
                backend.closeChannel(attempt.slot());
                rig.until("the accepted connection takes the slot", () -> successor[0] != null);
                Link link = successor[0];
                assertEquals(attempt.slot(), link.slot);
                echo(link, bytes(round, 300));
                rig.turns(2);
                assertEquals(NOT_ENDED, link.channel.connected());
                assertEquals(NOT_ENDED, link.channel.end());
                rig.closeChannel(link);
                peer.close();
            }
        }
    }

    @Test
    public void manyConnectsAtOnceEachReachTheirPeer() {
        int count = 200; // of which some are written before others were submitted
        try (PeerListener first = peers.listen(); PeerListener second = peers.listen()) {
            List<Attempt> attempts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                attempts.add(rig.connect((i & 1) == 0 ? first.address() : second.address()));
            }
            attempts.forEach(attempt -> assertEquals(0, rig.outcome(attempt)));
            for (int i = 0; i < count; i++) {
                backend.send(attempts.get(i).slot(), rig.place(new byte[]{(byte) i}), 1, 0);
            }
            for (int parity = 0; parity < 2; parity++) {
                PeerListener listener = parity == 0 ? first : second;
                BitSet heard = new BitSet();
                for (int i = 0; i < count / 2; i++) {
                    Link link = rig.accepted(attempts.get(i), listener); // any attempt: only the peer matters
                    heard.set(rig.read(link, 1)[0] & 0xff);
                }
                assertEquals(count / 2, heard.cardinality());
                for (int number = heard.nextSetBit(0); number >= 0; number = heard.nextSetBit(number + 1)) {
                    assertEquals(parity, number & 1, "the listener that connection " + number + " reached");
                }
            }
        }
    }

    @Test
    public void connectsThatFailOrAreBrokenOffLeakNothing() {
        List<SocketAddress> addresses = List.of(peers.nobody(), peers.silent(),
                UnixDomainSocketAddress.of("/nonexistent/ringwave"));
        brokenConnects(addresses);
        int descriptors = DescriptorLimit.descriptorsInUse();
        for (int i = 0; i < 50; i++) {
            brokenConnects(addresses);
        }
        Eventually.eventually("descriptors are closed", () -> DescriptorLimit.descriptorsInUse() <= descriptors);
    }

    private void brokenConnects(List<SocketAddress> addresses) {
        for (SocketAddress address : addresses) {
            Attempt attempt = rig.connect(address);
            rig.turns(1);
            rig.closeChannel(attempt);
        }
    }

    // ---- waiting ----

    @Test
    public void nothingToDoReportsNothing() {
        rig.listening();
        rig.receivingLink();
        rig.turns(QUIET_TURNS);
        long before = backend.counters().completions.get();
        for (int i = 0; i < QUIET_TURNS; i++) {
            assertEquals(0, rig.await(i == 0 ? 0 : 1_000_000));
        }
        assertEquals(before, backend.counters().completions.get());
    }

    @Test
    public void aPollDoesNotWait() {
        rig.listening();
        long begin = nanoTime();
        for (int i = 0; i < 100; i++) {
            rig.await(0);
        }
        long elapsed = nanoTime() - begin;
        assertTrue(elapsed < TimeUnit.SECONDS.toNanos(2), () -> elapsed + " ns");
    }

    @Test
    public void aWaitLastsAsLongAsAskedFor() {
        rig.listening();
        rig.turns(2);
        for (long timeoutNanos : new long[]{300_000, 1_000_000, 50_000_000}) {
            long begin = nanoTime();
            assertEquals(0, rig.await(timeoutNanos));
            long elapsed = nanoTime() - begin;
            assertTrue(elapsed >= timeoutNanos, () -> elapsed + " ns instead of " + timeoutNanos);
            assertTrue(elapsed < timeoutNanos + TimeUnit.SECONDS.toNanos(2), () -> elapsed + " ns");
        }
    }

    @Test
    public void anEventEndsTheWait() {
        rig.listening();
        Link link = rig.receivingLink();
        rig.turns(2);
        link.peer.write(new byte[]{1});
        long begin = nanoTime();
        assertEquals(1, rig.await(TimeUnit.SECONDS.toNanos(60)));
        assertTrue(nanoTime() - begin < TimeUnit.SECONDS.toNanos(30));
        assertEquals(1, link.channel.byteCount());
    }

    @Test
    public void wakeupEndsAWaitWithoutLimit() throws InterruptedException {
        rig.listening();
        rig.turns(2);
        for (int i = 0; i < 50; i++) {
            CountDownLatch waiting = new CountDownLatch(1);
            int spins = i * 1_000; // so that it comes before the wait, at its beginning, and within it
            Thread waker = Thread.ofPlatform().daemon().start(() -> {
                try {
                    waiting.await();
                } catch (InterruptedException e) {
                    return;
                }
                for (int spin = 0; spin < spins; spin++) {
                    Thread.onSpinWait();
                }
                backend.wakeup();
            });
            waiting.countDown();
            assertEquals(0, rig.await(Long.MAX_VALUE));
            waker.join();
        }
    }

    @Test
    public void wakeupBeforeTheWaitEndsIt() {
        rig.listening();
        rig.turns(2);
        for (int i = 0; i < 5; i++) {
            backend.wakeup();
            backend.wakeup();
            long begin = nanoTime();
            assertEquals(0, rig.await(TimeUnit.SECONDS.toNanos(60)));
            assertTrue(nanoTime() - begin < TimeUnit.SECONDS.toNanos(30), "the wait lasted on");
        }
    }

    @Test
    public void wakeupsAreUsedUp() {
        rig.listening();
        for (int i = 0; i < 1000; i++) {
            backend.wakeup();
        }
        rig.turns(2);
        long begin = nanoTime();
        rig.await(20_000_000);
        assertTrue(nanoTime() - begin >= 20_000_000, "an old wakeup ended the wait");
    }

    // ---- the end ----

    @Test
    public void closeOfTheBackendReleasesEverything() throws BackendException {
        for (FileTransfer how : backend.fileTransfers()) {
            everythingInFlight(0, how); // whatever is opened once and kept, is opened now
            peers.close();
            int descriptors = DescriptorLimit.descriptorsInUse();
            int port = everythingInFlight(0, how);
            peers.close();
            Eventually.eventually("descriptors are closed", () -> DescriptorLimit.descriptorsInUse() <= descriptors);
            everythingInFlight(port, how);
            peers.close();
        }
    }

    /** Closes a backend in the midst of everything. Returns the port that it listened on. */
    private int everythingInFlight(int port, FileTransfer how) throws BackendException {
        try (BackendRig other = new BackendRig(provider(), peers)) {
            int bound = other.listen(port, false);
            assertTrue(bound > 0, () -> "listen: " + bound);
            try (TestFile file = new TestFile(bytes(1, 12 << 20))) {
                List<Peer> connected = new ArrayList<>();
                other.backend().accept();
                for (int i = 0; i < 6; i++) {
                    connected.add(peers.connect(bound));
                }
                other.until("all are accepted", () -> other.completions().sockets().size() == 6);
                List<Link> links = new ArrayList<>();
                for (Peer peer : connected.subList(0, 5)) {
                    Link link = other.open(peer, other.completions().sockets().remove());
                    link.appetite = 0;
                    links.add(link);
                }
                other.backend().refuse(other.completions().sockets().remove());
                other.backend().receive(0);
                other.send(links.get(1), bytes(1, SEND_BYTES), 0);
                other.backend().receive(1);
                other.backend().sendFile(2, file.descriptor(), 0, 12 << 20, how);
                other.connect(peers.silent());
                other.turns(2);
                connected.add(peers.connect(bound)); // in the accept queue, or accepted and not reported
                connected.forEach(peer -> peer.write(new byte[]{1, 2, 3}));
                other.backend().closeChannel(3);
                other.backend().receive(4);
                other.connect(peers.silent()); // not submitted yet
                other.connect(peers.nobody());
                other.backend().close();
                for (Peer peer : connected) {
                    Eventually.eventually("the peer sees the end", () -> {
                        peer.exchange(Integer.MAX_VALUE);
                        return peer.end() != Peer.End.NONE;
                    });
                }
            }
            return bound;
        }
    }

    @Test
    public void closeOfTheBackendIsIdempotent() throws BackendException {
        BackendRig unused = new BackendRig(provider(), peers);
        unused.close();
        unused.close();
        rig.listening();
        rig.receivingLink();
        backend.close();
        backend.close();
    }

    @Test
    public void thousandsOfConnectionsLeakNothing() {
        rig.listening();
        for (int i = 0; i < 10; i++) {
            shortConnection(i);
        }
        int descriptors = DescriptorLimit.descriptorsInUse();
        for (int i = 0; i < 2_000; i++) {
            shortConnection(i);
        }
        Eventually.eventually("descriptors are closed", () -> DescriptorLimit.descriptorsInUse() <= descriptors);
        assertAllBuffersAreUsable();
    }

    private void shortConnection(int number) {
        Link link = rig.receivingLink();
        byte[] message = bytes(number, 50);
        switch (number % 4) {
            case 0 -> { // closed here, with data on the way
                link.peer.write(message);
                rig.closeChannel(link);
            }
            case 1 -> { // closed by the peer
                link.peer.write(message);
                link.peer.close();
                awaitEnd(link);
                assertArrayEquals(message, link.channel.bytes());
                rig.closeChannel(link);
            }
            case 2 -> { // reset by the peer
                link.peer.write(message);
                link.peer.reset();
                rig.until("the end is reported", () -> link.channel.end() != NOT_ENDED);
                rig.closeChannel(link);
            }
            default -> { // reset by the peer while it is closed here
                link.peer.reset();
                rig.closeChannel(link);
            }
        }
        link.peer.close();
    }

    /** Bytes that differ with the seed and from one another, so that a misplaced one is noticed. */
    private static byte[] bytes(long seed, int count) {
        byte[] bytes = new byte[count];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
