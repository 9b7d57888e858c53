package io.ringwave.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.linux.Ring;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.Peer;
import io.ringwave.testkit.RecordingCompletions;
import io.ringwave.testkit.SocketPeers;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is asked of the kernel, read from the submission queue: the kernel underneath would do as told if we asked for more
 * than the release has that we act for.
 */
class UringSubmissionsTest {

    private static final int ENTRY_BYTES = 64;

    @ParameterizedTest
    @CsvSource({"5.11,[]", "5.15,[5.13 poll]", "5.17,'[5.13 poll, 5.17 skip]'",
        "5.19,'[5.13 poll, 5.17 skip, 5.19 accept, 5.19 buffer]'",
        "6.0,'[5.13 poll, 5.17 skip, 5.19 accept, 5.19 buffer, 6.0 receive]'",
        "6.13,'[5.13 poll, 5.17 skip, 5.19 accept, 5.19 buffer, 6.0 receive]'",
        "6.14,'[5.13 poll, 5.17 skip, 5.19 accept, 5.19 buffer, 6.0 receive, 6.14 direct]'"})
    void onlyWhatTheReleaseHasIsAskedFor(String release, String features) throws BackendException {
        Ring[] observed = new Ring[1];
        RingProvider provider = new RingProvider(RingOptions.of(KernelRelease.parse(release)),
                report -> observed[0] = RingSetup.create(report));
        try (SocketPeers peers = new SocketPeers(); BackendRig rig = new BackendRig(provider, peers).listening()) {
            Peer peer = rig.connect();
            int socket = rig.awaitSocket();
            RecordingCompletions.Channel channel = rig.completions().opened(0);
            Backend backend = rig.backend();
            backend.open(0, 1, socket);
            backend.receive(0);
            peer.write(new byte[]{1, 2, 3});
            rig.until("bytes arrive", () -> channel.byteCount() == 3);
            backend.send(0, rig.place(new byte[]{4}), 1, 0);
            rig.until("a byte is sent", () -> channel.sent().size() == 1);
            backend.wakeup();
            rig.turns(2);
            backend.pause(0);
            backend.pauseAccept();
            rig.turns(2);
            backend.closeChannel(0);
            rig.until("closed is reported", channel::closed);

            assertEquals(features, asked(observed[0].submissionEntries()).toString());
        }
    }

    private static Set<String> asked(MemorySegment entries) {
        Set<String> asked = new TreeSet<>();
        for (long at = 0; at < entries.byteSize(); at += ENTRY_BYTES) {
            int operation = entries.get(JAVA_BYTE, at);
            int flags = entries.get(JAVA_BYTE, at + 1);
            int priority = entries.get(JAVA_SHORT, at + 2);
            if ((flags & Uring.IOSQE_CQE_SKIP_SUCCESS()) != 0) {
                asked.add("5.17 skip");
            }
            if ((flags & Uring.IOSQE_BUFFER_SELECT()) != 0) {
                asked.add("5.19 buffer");
            }
            if (operation == Uring.IORING_OP_ACCEPT() && priority != 0) {
                asked.add("5.19 accept");
            }
            if ((flags & Uring.IOSQE_FIXED_FILE()) != 0 || entries.get(JAVA_INT, at + 44) != 0) {
                asked.add("6.14 direct");
            }
            if (operation == Uring.IORING_OP_RECV() && priority != 0) {
                asked.add("6.0 receive");
            }
            if (operation == Uring.IORING_OP_POLL_ADD() && entries.get(JAVA_INT, at + 24) != 0) {
                asked.add("5.13 poll");
            }
        }
        return asked;
    }
}
