package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.Ring;
import io.ringwave.spi.BackendException;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.Peer;
import io.ringwave.testkit.RecordingCompletions;
import io.ringwave.testkit.SocketPeers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What does not fit into the completion queue comes later. */
class UringOverflowTest {

    private static final int ENTRIES = 4;
    private static final int COMPLETIONS = 4;

    /** A backend whose queues hold hardly anything. */
    static RingProvider tinyQueues(boolean direct) throws BackendException {
        Map<String, String> properties = Map.of(Features.DIRECT_PROPERTY, String.valueOf(direct));
        return new RingProvider(RingOptions.of(properties::get), report -> {
            Ring ring = Ring.create(ENTRIES, COMPLETIONS, RingSetup.flags(KernelRelease.ANY)[0]);
            RingSetup.describe(ring, ENTRIES, report);
            return ring;
        });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingIsLostAndItIsCounted(boolean direct) throws BackendException {
        int connections = 24;
        try (SocketPeers peers = new SocketPeers();
                BackendRig rig = new BackendRig(tinyQueues(direct), peers).listening()) {
            List<Peer> clients = new ArrayList<>();
            List<RecordingCompletions.Channel> channels = new ArrayList<>();
            for (int slot = 0; slot < connections; slot++) {
                clients.add(rig.connect());
                int socket = rig.awaitSocket();
                channels.add(rig.completions().opened(slot));
                rig.backend().open(slot, 1, socket);
                rig.backend().receive(slot);
            }
            rig.turns(2);
            for (int client = 0; client < connections; client++) {
                clients.get(client).write(new byte[]{(byte) client});
                clients.get(client).finish();
            }
            rig.until("every byte and every end is received", () -> channels.stream().allMatch(
                    channel -> channel.byteCount() == 1 && channel.end() == 0));
            for (int slot = 0; slot < connections; slot++) {
                assertArrayEquals(new byte[]{(byte) slot}, channels.get(slot).bytes());
            }
            assertTrue(rig.backend().counters().overflows.get() > 0);
        }
    }

    @Test
    void queuesOfTheUsualSizeDoNotOverflow() throws BackendException {
        try (SocketPeers peers = new SocketPeers();
                BackendRig rig = new BackendRig(new UringBackendProvider(), peers).listening()) {
            for (int client = 0; client < 24; client++) {
                rig.connect();
            }
            rig.until("all are accepted", () -> rig.completions().sockets().size() == 24);
            assertEquals(0, rig.backend().counters().overflows.get());
        }
    }
}
