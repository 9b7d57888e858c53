package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.linux.Errno;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BackendException;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.Peer;
import io.ringwave.testkit.RecordingCompletions;
import io.ringwave.testkit.SocketPeers;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When sends go without copying. */
class ZeroCopySendsTest {

    private static final int THRESHOLD = 1000;
    private static final int COPIED = UringNewer.IORING_NOTIF_USAGE_ZC_COPIED();
    private static final int STRIKES = 8;
    private static final int FIRST_REST = 1024;

    private final BackendCounters counters = new BackendCounters();
    private long now;
    private final ZeroCopySends sends = new ZeroCopySends(THRESHOLD, false, 1, counters, () -> now);

    @Test
    void smallSendsAreCopied() {
        assertFalse(sends.takes(THRESHOLD - 1));
        assertTrue(sends.takes(THRESHOLD));
        assertEquals(1, counters.zeroCopySends.get());
    }

    @Test
    void whatWasTakenIsKeptUntilTheKernelIsDone() {
        sends.taken(0, 1234);
        assertEquals(1234, sends.finished(0, 0));
        sends.taken(0, -Errno.EPIPE);
        assertEquals(-Errno.EPIPE, sends.finished(0, 0));
    }

    @Test
    void afterAFewThatWereCopiedTheyRest() {
        for (int i = 0; i < STRIKES; i++) {
            assertTrue(sends.takes(THRESHOLD));
            finish(COPIED, 0);
        }
        assertEquals(STRIKES, counters.zeroCopiesCopied.get());
        assertEquals(FIRST_REST, sendsUntilTheNextTry());
        finish(COPIED, 0);
        assertEquals(2 * FIRST_REST, sendsUntilTheNextTry());
        finish(0, 0);
        assertTrue(sends.takes(THRESHOLD), "one that was not copied ends the rest");
        assertEquals(STRIKES + 3, counters.zeroCopySends.get());
    }

    @Test
    void thoseThatWereInFlightDoNotProlongTheRest() {
        for (int i = 0; i < 3 * STRIKES; i++) {
            finish(COPIED, 0);
        }
        assertEquals(FIRST_REST, sendsUntilTheNextTry());
    }

    @Test
    void lateAcknowledgementsCountLikeCopies() {
        for (int i = 0; i < STRIKES; i++) {
            finish(0, 2_000_001);
        }
        assertFalse(sends.takes(THRESHOLD));
        assertEquals(0, counters.zeroCopiesCopied.get());
    }

    @Test
    void promptOnesThatWereNotCopiedGoOn() {
        for (int i = 0; i < 10 * STRIKES; i++) {
            finish(i % STRIKES == 0 ? 0 : COPIED, 2_000_000);
            assertTrue(sends.takes(THRESHOLD));
        }
    }

    @Test
    void aFailedSendSaysNothingAboutCopying() {
        for (int i = 0; i < STRIKES; i++) {
            sends.taken(0, -Errno.ECONNRESET);
            sends.finished(0, COPIED);
        }
        assertTrue(sends.takes(THRESHOLD));
    }

    /** Loopback always copies: eight sends find that out, and the next large ones are ordinary. */
    @ParameterizedTest
    @ValueSource(strings = {"", "registered_buffers"})
    void overLoopbackTheySwitchThemselvesOff(String off) throws BackendException {
        byte[] message = new byte[2 * THRESHOLD];
        for (int i = 0; i < message.length; i++) {
            message[i] = (byte) (i * 31);
        }
        UringBackendProvider provider = new UringBackendProvider(
                Map.of(RingOptions.ZERO_COPY, "1000", RingFeature.OFF, off));
        try (SocketPeers peers = new SocketPeers();
                BackendRig rig = new BackendRig(provider, peers).listening()) {
            BackendRig.Link link = rig.link();
            for (int round = 0; round < 3 * STRIKES; round++) {
                rig.sendFully(link, message, 0);
            }
            byte[] received = rig.read(link, 3 * STRIKES * message.length);
            for (int round = 0; round < 3 * STRIKES; round++) {
                assertArrayEquals(message,
                        Arrays.copyOfRange(received, round * message.length, (round + 1) * message.length));
            }
            assertEquals(STRIKES, rig.backend().counters().zeroCopySends.get());
            assertEquals(STRIKES, rig.backend().counters().zeroCopiesCopied.get());
        }
    }

    /** The kernel still refers to memory that the peer has not taken; closing must end that. */
    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void closingEndsASendThatThePeerDoesNotTake(String direct) throws BackendException {
        UringBackendProvider provider = new UringBackendProvider(
                Map.of(RingOptions.ZERO_COPY, "1000", Features.DIRECT_PROPERTY, direct));
        try (SocketPeers peers = new SocketPeers();
                BackendRig rig = new BackendRig(provider, peers).listening()) {
            Peer peer = rig.connect();
            int socket = rig.awaitSocket();
            RecordingCompletions.Channel channel = rig.completions().opened(0);
            rig.backend().open(0, 1, socket);
            byte[] message = new byte[BackendRig.SEND_BYTES - BackendRig.BUFFER_BYTES];
            rig.backend().send(0, rig.place(message), message.length, 0);
            for (int turn = 0; turn < 5; turn++) {
                rig.await(1_000_000); // the peer has no turn, and reads nothing
            }
            assertTrue(channel.sent().isEmpty());
            rig.backend().closeChannel(0);
            for (int turn = 0; turn < 1000 && !channel.closed(); turn++) {
                rig.await(1_000_000);
            }
            assertTrue(channel.closed());
            assertTrue(channel.sent().getFirst() < 0);
            peer.reset();
        }
    }

    private void finish(int usage, long delayNanos) {
        sends.taken(0, THRESHOLD);
        now += delayNanos;
        sends.finished(0, usage);
    }

    private int sendsUntilTheNextTry() {
        int copied = 0;
        while (!sends.takes(THRESHOLD)) {
            copied++;
        }
        return copied;
    }
}
