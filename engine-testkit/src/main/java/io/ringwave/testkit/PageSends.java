package io.ringwave.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.MemoryFile;
import io.ringwave.spi.Backend;
import io.ringwave.spi.FileTransfer;
import io.ringwave.testkit.BackendRig.Link;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;

/**
 * {@link Backend#sendPages}, part of the contract of every backend with a kernel behind it. A connection sends some at
 * first, for a backend may need a few sends to find out that this is worth a descriptor.
 */
public final class PageSends {

    private static final int WARM_UP = 4;

    private PageSends() {}

    /** Memory of a page's size and more, and what is in it. */
    private static final class Pages implements AutoCloseable {
        final MemoryFile file;
        final byte[] content;

        Pages(int length) throws Exception {
            file = MemoryFile.create("test", length);
            content = new byte[length];
            write(1);
        }

        /** Puts other bytes into other pages. */
        void write(int seed) {
            new SplittableRandom(seed).nextBytes(content);
            file.discard(0, content.length);
            assertEquals(0, file.reserve(0, content.length));
            MemorySegment.copy(content, 0, file.memory(), ValueLayout.JAVA_BYTE, 0, content.length);
        }

        void send(BackendRig rig, Link link, int from, int length) {
            rig.backend().sendPages(link.slot, file.memory().address() + from, length, file.descriptor(), from);
        }

        void sendFully(BackendRig rig, Link link, int from, int length) {
            link.channel.sent().clear();
            send(rig, link, from, length);
            rig.until("the send ends", () -> !link.channel.sent().isEmpty());
            assertEquals(List.of((long) length), link.channel.sent());
        }

        @Override
        public void close() {
            file.close();
        }
    }

    /** Sends pages so often that a backend has found out that it is worth a descriptor. Nothing else was sent before. */
    public static void sendSome(BackendRig rig, Link link) throws Exception {
        sendSome(rig, link, () -> {
        });
    }

    /** As {@link #sendSome(BackendRig, Link)}. @param before runs when the memory is there, before anything is sent */
    public static void sendSome(BackendRig rig, Link link, Runnable before) throws Exception {
        try (Pages pages = new Pages(3 * MemoryFile.pageBytes())) {
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            before.run();
            for (int i = 0; i < WARM_UP; i++) {
                pages.sendFully(rig, link, 0, pages.content.length);
                expected.writeBytes(pages.content);
            }
            assertArrayEquals(expected.toByteArray(), rig.read(link, expected.size()));
        }
    }

    /** What is sent arrives, between bytes of buffers and of files, and receiving goes on. */
    public static void sendPagesBetweenOthers(BackendRig rig) throws Exception {
        rig.listening();
        Link link = rig.receivingLink();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        byte[] head = "head".getBytes(StandardCharsets.US_ASCII);
        byte[] request = new byte[100];
        SplittableRandom random = new SplittableRandom(5);
        try (Pages pages = new Pages(16 * MemoryFile.pageBytes()); TestFile file = new TestFile(pages.content)) {
            int received = 0;
            for (int i = 0; i < 60; i++) {
                int from = random.nextInt(pages.content.length - 1);
                int length = random.nextInt(1, Math.min(40_000, pages.content.length - from + 1));
                pages.sendFully(rig, link, from, length);
                expected.write(pages.content, from, length);
                if (i % 3 == 1) {
                    rig.sendFully(link, head, i % 2 == 0 ? 0 : Backend.SEND_MORE);
                    expected.writeBytes(head);
                }
                if (i % 5 == 4) {
                    link.channel.sent().clear();
                    FileTransfer[] ways = rig.backend().fileTransfers().toArray(FileTransfer[]::new);
                    rig.backend().sendFile(link.slot, file.descriptor(), 1, 20_000, ways[i / 5 % ways.length]);
                    rig.until("the file ends", () -> !link.channel.sent().isEmpty());
                    assertEquals(List.of(20_000L), link.channel.sent());
                    expected.write(pages.content, 1, 20_000);
                }
                link.peer.write(request); // receiving waits for the next one each time
                received += request.length;
                int all = received;
                rig.until("the request arrives", () -> link.channel.byteCount() >= all);
            }
            assertArrayEquals(expected.toByteArray(), rig.read(link, expected.size()));
        }
        rig.closeChannel(link);
    }

    /** A peer that reads later gets the bytes that were sent, although the memory has others by then. */
    public static void sendPagesThatAreReplacedAfterwards(BackendRig rig) throws Exception {
        rig.listening();
        Link link = rig.link();
        link.appetite = 0;
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        // In all less than a peer takes that does not read: a zero-copy send of what waits for room does not end.
        try (Pages pages = new Pages(MemoryFile.pageBytes())) {
            for (int i = 0; i < 3 * WARM_UP; i++) {
                pages.write(i);
                expected.writeBytes(pages.content);
                pages.sendFully(rig, link, 0, pages.content.length);
            }
            pages.write(99);
        }
        link.appetite = Integer.MAX_VALUE;
        assertArrayEquals(expected.toByteArray(), rig.read(link, expected.size()));
    }

    /** More than the socket takes at once goes on when the peer reads. */
    public static void sendMorePagesThanTheSocketTakes(BackendRig rig) throws Exception {
        rig.listening();
        Link link = rig.link();
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        try (Pages pages = new Pages(12 << 20)) {
            for (int i = 0; i < WARM_UP; i++) {
                pages.sendFully(rig, link, i, 100);
                expected.write(pages.content, i, 100);
            }
            link.appetite = 100_000;
            pages.sendFully(rig, link, 0, pages.content.length);
            expected.writeBytes(pages.content);
            assertArrayEquals(expected.toByteArray(), rig.read(link, expected.size()));
        }
    }

    /** A send is broken off with its channel, at once or when the socket is full; the slot's next connection is another. */
    public static void closeWhilePagesAreSent(BackendRig rig) throws Exception {
        rig.listening();
        try (Pages pages = new Pages(12 << 20)) {
            closeWhilePagesAreSent(rig, pages);
            int descriptors = DescriptorLimit.descriptorsInUse();
            for (int i = 0; i < 20; i++) {
                closeWhilePagesAreSent(rig, pages);
            }
            rig.until("descriptors are closed", () -> DescriptorLimit.descriptorsInUse() <= descriptors);
        }
    }

    private static void closeWhilePagesAreSent(BackendRig rig, Pages pages) {
        for (boolean isFull : new boolean[]{false, true}) {
            for (int before = 0; before < WARM_UP; before++) {
                Link link = rig.link();
                for (int i = 0; i < before; i++) {
                    pages.sendFully(rig, link, i, 100);
                }
                rig.read(link, 100 * before);
                link.appetite = 0;
                link.channel.sent().clear();
                pages.send(rig, link, 0, pages.content.length);
                if (isFull) {
                    rig.turns(3);
                    assertEquals(List.of(), link.channel.sent());
                }
                rig.backend().closeChannel(link.slot);
                rig.until("closed is reported", link.channel::closed);
                assertEquals(1, link.channel.sent().size());
                assertTrue(link.channel.sent().getFirst() < 0, "it has failed"); // with whichever error comes first
                rig.forget(link);
                link.peer.close();
            }
        }
    }
}
