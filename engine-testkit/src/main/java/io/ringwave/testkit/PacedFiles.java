package io.ringwave.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.Errno;
import io.ringwave.linux.Mapping;
import io.ringwave.spi.Backend;
import io.ringwave.spi.FilePace;
import io.ringwave.spi.FileTransfer;
import io.ringwave.testkit.BackendRig.Link;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
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

    /** Whatever way a file goes beside others, from whatever position: the peer gets its bytes. */
    public static void sendExactlyBesideOthers(BackendRig rig) throws Exception {
        rig.listening();
        byte[] bytes = new byte[BYTES + 12345];
        new SplittableRandom(1).nextBytes(bytes);
        try (TestFile file = new TestFile(bytes)) {
            Link other = rig.receivingLink();
            for (FileTransfer how : rig.backend().fileTransfers()) {
                for (int position : new int[]{0, 1, 4095, 4096, 4097, 70_000, BYTES, BYTES + 12344}) {
                    for (int length : new int[]{1, 4096, 300_000, bytes.length}) {
                        int end = Math.min(position + length, bytes.length);
                        Link link = rig.link();
                        rig.backend().sendFile(link.slot, file.descriptor(), position, end - position, how);
                        rig.until("the part is sent, and has arrived", () -> {
                            other.peer.write(new byte[]{42});
                            return !link.channel.sent().isEmpty() && link.peer.receivedBytes() == end - position;
                        });
                        assertEquals(List.of((long) end - position), link.channel.sent());
                        assertArrayEquals(Arrays.copyOfRange(bytes, position, end), link.peer.received(),
                                () -> how + " from " + position);
                        rig.closeChannel(link);
                    }
                }
            }
        }
    }

    /** A file that is shorter than was promised fails its send, and no descriptor is left. */
    public static void failBesideOthersWhenTheFileEndsEarly(BackendRig rig) throws Exception {
        rig.listening();
        try (TestFile file = new TestFile(new byte[BYTES])) {
            Link other = rig.receivingLink();
            for (FileTransfer how : rig.backend().fileTransfers()) {
                Link link = rig.link();
                rig.backend().sendFile(link.slot, file.descriptor(), BYTES - 10, 20, how);
                rig.until("the send fails", () -> {
                    other.peer.write(new byte[]{42});
                    return !link.channel.sent().isEmpty();
                });
                assertEquals(List.of((long) -Errno.ENODATA), link.channel.sent(), how::name);
                rig.closeChannel(link);
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
