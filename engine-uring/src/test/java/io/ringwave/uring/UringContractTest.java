package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.spi.BackendFeature;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.FileTransfer;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.DescriptorLimit;
import io.ringwave.testkit.KernelBackendContract;
import io.ringwave.testkit.Peer;
import io.ringwave.testkit.RecordingCompletions;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** io_uring keeps the contract of the seam, here with ordinary descriptors. */
class UringContractTest extends KernelBackendContract {

    @Override
    protected BackendProvider provider() {
        return new UringBackendProvider("", false);
    }

    /** What is read past the page cache does not come into it, as long as there are others; alone, a file may be read ahead. */
    @Test
    void thePageCacheIsLeftOutBesideOthersOnly() throws Exception {
        assertEquals(1, cachedAfter(FileTransfer.READ, true));
        assertEquals(-Errno.EAGAIN, cachedAfter(FileTransfer.READ_PAST_CACHE, true));
        assertEquals(1, cachedAfter(FileTransfer.READ_PAST_CACHE, false));
    }

    /** Sends a file that the page cache does not have; returns whether it has its middle then, as a read of one byte tells. */
    private int cachedAfter(FileTransfer how, boolean others) throws Exception {
        closeBackend();
        makeBackend(); // nobody is another yet
        BackendRig rig = rig().listening();
        int bytes = 1 << 20;
        Path path = Files.createTempFile(Path.of("target"), "cold", ".bin"); // not where files are only in memory
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE); Arena arena = Arena.ofConfined()) {
            channel.write(ByteBuffer.allocate(bytes));
            channel.force(true);
            int file = Libc.openat(Linux.AT_FDCWD(), path.toString(), Linux.O_RDONLY() | Linux.O_CLOEXEC(), 0);
            assertEquals(0, Libc.fadvise(file, 0, 0, Linux.POSIX_FADV_DONTNEED()));
            BackendRig.Link other = rig.receivingLink();
            BackendRig.Link link = rig.link();
            if (others) {
                other.peer().write(new byte[1]);
                rig.until("the other's byte arrives", () -> other.channel().byteCount() == 1);
            }
            rig.backend().sendFile(link.slot(), file, 0, bytes, how);
            rig.until("the send ends", () -> !link.channel().sent().isEmpty());
            assertEquals(List.of((long) bytes), link.channel().sent());
            int cached = Libc.preadCached(file, arena.allocate(1).address(), 1, bytes / 2);
            Libc.close(file);
            return cached;
        } finally {
            Files.delete(path);
        }
    }

    /** An accept that is armed keeps to the limit that held when it was submitted. */
    @Override
    protected AutoCloseable exhaustDescriptors() {
        loadWhatIsNeededLater();
        return DescriptorLimit.exhaustWithoutLowering();
    }

    /** Accepting goes on when a connection closes, though nobody asks for it: the subscription was never ended. */
    @Test
    void whoeverFindsNoSlotWaitsInTheAcceptQueue() {
        BackendRig rig = rig().listening();
        ArrayDeque<Peer> waiting = new ArrayDeque<>();
        ArrayDeque<BackendRig.Link> links = new ArrayDeque<>();
        for (int i = 0; i < BackendRig.MAX_CONNECTIONS; i++) {
            links.add(rig.receivingLink());
        }
        for (int i = 0; i < 40; i++) {
            waiting.add(rig.connect());
        }
        rig.turns(10);
        assertEquals(0, rig.completions().sockets().size());
        while (!waiting.isEmpty()) {
            rig.closeChannel(links.remove());
            links.add(rig.open(waiting.remove(), rig.awaitSocket()));
            rig.turns(2);
            assertEquals(0, rig.completions().sockets().size());
            assertTrue(waiting.stream().allMatch(peer -> peer.end() == Peer.End.NONE), "nobody is turned away");
        }
        assertEquals(List.of(), rig.completions().acceptErrors());
    }

    /** With direct descriptors the kernel itself closes who is accepted without a place. */
    @Test
    void ofACrowdOnlyThoseAreAcceptedForWhomThereAreSlots() {
        BackendRig rig = rig().listening();
        int places = 50;
        for (int i = places; i < BackendRig.MAX_CONNECTIONS; i++) {
            rig.link();
        }
        List<Peer> crowd = new ArrayList<>();
        for (int i = 0; i < 2 * places; i++) {
            crowd.add(rig.connect());
        }
        rig.until("all slots are taken", () -> rig.completions().sockets().size() == places);
        rig.turns(10);
        assertTrue(crowd.stream().allMatch(peer -> peer.end() == Peer.End.NONE), "nobody is turned away");
        assertEquals(places, rig.completions().sockets().size());
        assertEquals(List.of(), rig.completions().acceptErrors());
    }

    /** A buffer that came back is not spent on a connection that starved earlier, and has closed since. */
    @Test
    void whoStarvesIsNotPassedOverForOneThatHasClosed() {
        BackendRig rig = rig().listening();
        rig.completions().keepBuffers(true);
        Peer hog = rig.connect();
        open(0);
        hog.write(new byte[BackendRig.RECEIVE_BUFFERS * BackendRig.BUFFER_BYTES]);
        rig.until("all buffers are in use",
                () -> rig.completions().keptBuffers().size() == BackendRig.RECEIVE_BUFFERS);
        starve(1);
        RecordingCompletions.Channel waiting = starve(2);
        rig.backend().closeChannel(1);
        rig.turns(2);

        rig.completions().release(rig.completions().keptBuffers().remove());
        rig.until("the other one receives", () -> waiting.byteCount() == 1);
    }

    /** Whether the kernel may fill dozens of buffers for a connection before a pause takes effect. */
    boolean receivesFarAhead() {
        return rig().backend().features().stream().anyMatch(
                feature -> feature.name().equals("multishot_receive") && feature.use() == BackendFeature.Use.USED);
    }

    /** What is held back for connections that are paused is bounded; whoever sends beyond that is cut off. */
    @Test
    void whatIsHeldBackIsBounded() {
        BackendRig rig = rig().listening();
        byte[] message = new byte[2 * BackendRig.RECEIVE_BUFFERS * BackendRig.BUFFER_BYTES];
        new SplittableRandom(1).nextBytes(message);
        rig.completions().onReceived(rig.backend()::pause);
        List<BackendRig.Link> links = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            BackendRig.Link link = rig.receivingLink();
            link.peer().write(message);
            link.peer().finish();
            links.add(link);
        }
        rig.until("each was paused by its first chunk",
                () -> links.stream().allMatch(link -> link.channel().chunks() > 0));
        rig.until("all streams end", () -> {
            links.forEach(link -> rig.backend().receive(link.slot()));
            return links.stream()
                    .allMatch(link -> link.channel().end() != RecordingCompletions.Channel.NOT_ENDED);
        });
        int cut = 0;
        for (BackendRig.Link link : links) {
            byte[] received = link.channel().bytes();
            if (link.channel().end() == 0) {
                assertArrayEquals(message, received);
            } else {
                assertEquals(-Errno.ENOBUFS, link.channel().end());
                assertArrayEquals(Arrays.copyOf(message, received.length), received);
                cut++;
            }
        }
        if (receivesFarAhead()) {
            assertTrue(cut > 0, "none was cut off");
        }
        assertTrue(cut < links.size());
    }

    /** Opens a connection with something to read, while no buffer is free. */
    private RecordingCompletions.Channel starve(int slot) {
        BackendRig rig = rig();
        long before = rig.backend().counters().bufferShortages.get();
        rig.connect().write(new byte[1]);
        RecordingCompletions.Channel channel = open(slot);
        rig.until("it finds no buffer", () -> rig.backend().counters().bufferShortages.get() > before);
        return channel;
    }

    private RecordingCompletions.Channel open(int slot) {
        int socket = rig().awaitSocket();
        RecordingCompletions.Channel channel = rig().completions().opened(slot);
        rig().backend().open(slot, 1, socket);
        rig().backend().receive(slot);
        return channel;
    }
}
