package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.Peer;
import io.ringwave.testkit.RecordingCompletions;
import io.ringwave.testkit.SocketPeers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only io_uring has to get right, or promises beyond the contract. */
class UringBackendTest {

    private static final int SLOT = 3;

    private final SocketPeers peers = new SocketPeers();
    private final BackendRig rig;
    private final Backend backend;
    private final RecordingCompletions completions;

    UringBackendTest() throws BackendException {
        rig = new BackendRig(new UringBackendProvider(), peers);
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

    /**
     * The end of a cancelled receive comes after the end of the close that cancelled it, and by then the slot may belong
     * to another connection. Taken for its own, it would arm a second receive, which would report a second end.
     */
    @Test
    void theLateEndOfAnEarlierGenerationsReceiveIsDroppedAndCounted() {
        for (int round = 0; round < 20; round++) {
            int generation = 2 * round + 1;
            rig.connect();
            open(generation, rig.awaitSocket());
            rig.turns(2); // the receive is armed
            Peer present = rig.connect();
            int socket = rig.awaitSocket();
            long before = backend.counters().staleReports.get();
            RecordingCompletions.Channel[] channel = new RecordingCompletions.Channel[1];
            completions.onClosed(slot -> {
                if (channel[0] == null) {
                    channel[0] = open(generation + 1, socket);
                }
            });
            backend.closeChannel(SLOT);
            rig.until("the slot is used again", () -> channel[0] != null);
            rig.turns(2);
            assertEquals(before + 1, backend.counters().staleReports.get());

            byte[] message = ("for the present one, " + round).getBytes(StandardCharsets.US_ASCII);
            present.write(message);
            present.finish();
            rig.until("message and end are received", () -> channel[0].end() == 0);
            rig.turns(3);
            assertArrayEquals(message, channel[0].bytes());

            completions.onClosed(slot -> {
            });
            backend.closeChannel(SLOT);
            rig.until("closed is reported", channel[0]::closed);
        }
    }

    @Test
    void aLoopEntersTheKernelOncePerTurn() {
        Peer peer = rig.connect();
        open(1, rig.awaitSocket());
        rig.turns(2);
        long waits = backend.counters().waits.get();
        peer.write(new byte[]{1});
        rig.turns(10);

        assertEquals(waits + 10, backend.counters().waits.get());
        assertTrue(backend.counters().completions.get() > 0);
    }

    private RecordingCompletions.Channel open(int generation, int socket) {
        RecordingCompletions.Channel channel = completions.opened(SLOT);
        backend.open(SLOT, generation, socket);
        backend.receive(SLOT);
        return channel;
    }
}
