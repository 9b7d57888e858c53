package io.ringwave.epoll;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.Peer;
import io.ringwave.testkit.RecordingCompletions;
import io.ringwave.testkit.SocketPeers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only epoll has to get right, or promises beyond the contract. */
class EpollBackendTest {

    private static final int SLOT = 3;
    private static final long LONG_WAIT_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final SocketPeers peers = new SocketPeers();
    private final BackendRig rig;
    private final Backend backend;
    private final RecordingCompletions completions;

    EpollBackendTest() throws BackendException {
        rig = new BackendRig(new EpollBackendProvider(), peers);
        backend = rig.backend();
        completions = rig.completions();
    }

    @BeforeEach
    void listen() {
        rig.listening();
    }

    @AfterEach
    void close() {
        peers.close();
        rig.close();
    }

    /** epoll watches the open file: a copy of the descriptor, say in a forked process, outlives close(2). */
    @Test
    void anEventOfAnEarlierGenerationIsDroppedAndCounted() {
        Peer former = rig.connect();
        int formerSocket = rig.awaitSocket();
        int copy = Libc.fcntl(formerSocket, Linux.F_DUPFD_CLOEXEC(), 0);
        assertTrue(copy >= 0);
        try {
            RecordingCompletions.Channel formerChannel = open(1, formerSocket);
            rig.turns(2);
            backend.closeChannel(SLOT);
            rig.until("closed is reported", formerChannel::closed);
            Peer present = rig.connect();
            RecordingCompletions.Channel channel = open(2, rig.awaitSocket());
            rig.turns(2);
            long before = backend.counters().staleReports.get();

            former.write(bytes("for the former one"));
            former.finish();
            rig.until("the stale event is counted", () -> backend.counters().staleReports.get() > before);
            present.write(bytes("for the present one"));
            rig.until("the message is received", () -> channel.byteCount() > 0);

            assertArrayEquals(bytes("for the present one"), channel.bytes());
            assertEquals(0, formerChannel.byteCount());
        } finally {
            Libc.close(copy);
        }
    }

    @Test
    void aRequestIsReceivedAndAnsweredInOneTurnWithOneWait() {
        Peer peer = rig.connect();
        open(1, rig.awaitSocket());
        rig.turns(2);
        long answer = rig.place(bytes("answer"));
        completions.onReceived(slot -> backend.send(slot, answer, 6, 0));
        for (int i = 1; i <= 20; i++) {
            long waits = backend.counters().waits.get();
            peer.write(bytes("request"));

            assertEquals(2, rig.await(LONG_WAIT_NANOS), "received and sent");
            assertEquals(waits + 1, backend.counters().waits.get());
            int answered = 6 * i;
            rig.until("the answer has arrived", () -> {
                peer.exchange(Integer.MAX_VALUE);
                return peer.receivedBytes() == answered;
            });
        }
    }

    /** Reads stop short at the mark of urgent data, though more has arrived behind it (tcp(7)). */
    @Test
    void dataBehindUrgentDataIsReceived() throws IOException {
        try (Socket peer = new Socket(InetAddress.getLoopbackAddress(), rig.port())) {
            RecordingCompletions.Channel channel = open(1, rig.awaitSocket());
            rig.turns(2);
            peer.setTcpNoDelay(true);
            peer.getOutputStream().write(bytes("before"));
            peer.sendUrgentData('!');
            peer.getOutputStream().write(bytes("behind"));

            rig.until("both parts are received", () -> channel.byteCount() >= 12);
            assertArrayEquals(bytes("beforebehind"), channel.bytes());
        }
    }

    @Test
    void aConnectionThatKeepsTheLoopBusyDoesNotKeepOthersOut() {
        rig.connect();
        open(1, rig.awaitSocket());
        long address = rig.place(new byte[]{42});
        completions.onSent(slot -> backend.send(slot, address, 1, 0)); // every turn has something to report
        backend.send(SLOT, address, 1, 0);
        Peer other = rig.connect();
        int socket = rig.awaitSocket();
        RecordingCompletions.Channel channel = completions.opened(SLOT + 1);
        backend.open(SLOT + 1, 1, socket);
        backend.receive(SLOT + 1);
        other.write(bytes("me too"));
        for (int turn = 0; turn < 10 && channel.byteCount() == 0; turn++) {
            rig.turn();
        }
        assertEquals(6, channel.byteCount());
        completions.onSent(slot -> {
        });
    }

    /** Those who were answered are tried without epoll, but not for long: the others must be heard. */
    @Test
    void onABusyLoopEpollIsAskedOftenEnoughForTheOthers() {
        BackendRig.Link other = rig.receivingLink();
        Map<Integer, Peer> busy = new HashMap<>();
        while (busy.size() < Anticipation.BUSY_EVENTS) {
            BackendRig.Link link = rig.receivingLink();
            busy.put(link.slot(), link.peer());
        }
        rig.turns(2);
        completions.onReceived(slot -> {
            Peer peer = busy.get(slot);
            if (peer != null) { // it has sent again before its turn comes
                peer.write(bytes("y"));
                peer.exchange(0);
            }
        });
        busy.values().forEach(peer -> peer.write(bytes("y")));
        rig.turns(2);
        long waits = backend.counters().waits.get();
        rig.turns(2);
        other.peer().write(bytes("me too"));
        int most = EpollBackend.MAX_UNHEARD / busy.size() + 3;
        for (int turn = 0; turn < most && other.channel().byteCount() == 0; turn++) {
            rig.turn();
        }
        assertEquals(6, other.channel().byteCount());
        assertTrue(backend.counters().waits.get() > waits);
        completions.onReceived(slot -> {
        });
    }

    @Test
    void aSocketThatEpollRefusesFailsInEveryOperation() {
        Peer peer = rig.connect();
        int socket = rig.awaitSocket();
        int regularFile = Libc.openat(Linux.AT_FDCWD(), "/proc/self/exe", 0, 0);
        assertTrue(regularFile >= 0);
        assertTrue(Linux.dup3(regularFile, socket, Linux.O_CLOEXEC()) >= 0);
        Libc.close(regularFile);
        RecordingCompletions.Channel channel = open(1, socket);
        rig.until("the refusal is reported", () -> channel.end() == -Linux.EPERM());
        backend.send(SLOT, rig.place(new byte[1]), 1, 0);
        rig.until("the refusal is reported", () -> !channel.sent().isEmpty());
        assertEquals(-Linux.EPERM(), channel.sent().getFirst());
        assertFalse(channel.closed());
        backend.closeChannel(SLOT);
        rig.until("closed is reported", channel::closed);
        peer.close();
    }

    @Test
    void wakeupAfterCloseDoesNothing() {
        backend.close();
        backend.wakeup();
    }

    private RecordingCompletions.Channel open(int generation, int socket) {
        RecordingCompletions.Channel channel = completions.opened(SLOT);
        backend.open(SLOT, generation, socket);
        backend.receive(SLOT);
        return channel;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
