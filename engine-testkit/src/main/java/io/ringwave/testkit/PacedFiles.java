package io.ringwave.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.Mapping;
import io.ringwave.spi.Backend;
import io.ringwave.spi.FilePace;
import io.ringwave.spi.FileTransfer;
import io.ringwave.testkit.BackendRig.Link;
import java.util.function.ObjIntConsumer;

/**
 * {@link FilePace}, which every backend with a kernel behind it keeps to: the simulator decides by its seed how much it
 * sends.
 */
public final class PacedFiles {

    private static final int BYTES = 1 << 20;

    private PacedFiles() {}

    /** A turn sends little of two files together after somebody else has sent something, whatever way they go. */
    public static void sendLittleInATurnBesideOthers(BackendRig rig) throws Exception {
        rig.listening();
        try (TestFile file = new TestFile(new byte[BYTES]);
                Mapping mapping = Mapping.file(file.descriptor(), 0, BYTES)) {
            Backend backend = rig.backend();
            long address = mapping.memory().address();
            countTurns(rig, "mapped", (link, bytes) -> backend.send(link.slot, address, bytes, Backend.SEND_MAPPED));
            for (FileTransfer how : backend.fileTransfers()) {
                countTurns(rig, how.name(),
                        (link, bytes) -> backend.sendFile(link.slot, file.descriptor(), 0, bytes, how));
            }
        }
    }

    private static void countTurns(BackendRig rig, String how, ObjIntConsumer<Link> send) {
        Link other = rig.receivingLink();
        other.peer.write(new byte[]{42});
        rig.until("the other's byte arrives", () -> other.channel.bytes().length == 1);
        Link first = rig.link();
        Link second = rig.link();
        send.accept(first, BYTES);
        send.accept(second, BYTES);
        int[] turns = new int[1];
        rig.until("both sends end", () -> {
            turns[0]++;
            return !first.channel.sent().isEmpty() && !second.channel.sent().isEmpty();
        });
        int least = 2 * BYTES / FilePace.SHARED_BYTES;
        assertTrue(turns[0] >= least, () -> how + ": " + turns[0] + " turns, not " + least);
        rig.closeChannel(first);
        rig.closeChannel(second);
        rig.closeChannel(other);
    }
}
