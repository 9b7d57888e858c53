package io.ringwave.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Mapping;
import io.ringwave.spi.Backend;
import io.ringwave.testkit.BackendRig.Link;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;

/**
 * {@link Backend#SEND_MAPPED} and {@link Backend#SEND_OUTSIDE}, part of the contract of every backend with a kernel behind
 * it: the simulator has nothing that could answer for memory that is gone, and sees the slab only.
 */
public final class MappedSends {

    private MappedSends() {}

    /** A mapped file arrives, also at a peer who reads slowly. */
    public static void sendAMappedFile(BackendRig rig) throws Exception {
        rig.listening();
        byte[] content = content(12 << 20);
        Link link = rig.link();
        try (TestFile file = new TestFile(content);
                Mapping mapping = Mapping.file(file.descriptor(), 0, content.length)) {
            link.appetite = 100_000;
            rig.backend().send(link.slot, mapping.memory().address(), content.length, Backend.SEND_MAPPED);
            assertArrayEquals(content, rig.read(link, content.length));
            rig.until("the send ends", () -> !link.channel.sent().isEmpty());
            assertEquals(List.of((long) content.length), link.channel.sent());
        }
    }

    /** A mapping whose file was cut is a failed send, and no more: the backend goes on. */
    public static void sendAMappedFileThatWasCut(BackendRig rig) throws Exception {
        rig.listening();
        byte[] content = content(300_000);
        try {
            Path path = Files.createTempFile("ringwave", ".bin");
            Files.write(path, content);
            int file = Libc.openat(Linux.AT_FDCWD(), path.toString(), Linux.O_RDONLY() | Linux.O_CLOEXEC(), 0);
            try (Mapping mapping = Mapping.file(file, 0, content.length)) {
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    channel.truncate(8192);
                }
                Link link = rig.link();
                rig.backend().send(link.slot, mapping.memory().address(), content.length, Backend.SEND_MAPPED);
                rig.until("the send ends", () -> !link.channel.sent().isEmpty());
                assertEquals(List.of((long) -Errno.EFAULT), link.channel.sent());
                Link other = rig.link();
                rig.sendFully(other, content, 0);
                assertArrayEquals(content, rig.read(other, content.length));
            } finally {
                Libc.close(file);
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Memory that is not the slab's arrives whole, between buffers that are, and also at a peer who reads slowly. */
    public static void sendMemoryOutsideTheSlab(BackendRig rig) throws Exception {
        rig.listening();
        byte[] content = content(3 << 20);
        byte[] head = content(100);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        Link link = rig.link();
        link.appetite = 100_000;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, content);
            for (int flags : new int[]{Backend.SEND_OUTSIDE, Backend.SEND_OUTSIDE | Backend.SEND_MORE}) {
                rig.sendFully(link, head, Backend.SEND_MORE);
                link.channel.sent().clear();
                rig.backend().send(link.slot, memory.address() + 1, content.length - 1, flags);
                rig.until("the send ends", () -> !link.channel.sent().isEmpty());
                assertEquals(List.of(content.length - 1L), link.channel.sent());
                rig.sendFully(link, head, 0);
                expected.writeBytes(head);
                expected.write(content, 1, content.length - 1);
                expected.writeBytes(head);
            }
        }
        assertArrayEquals(expected.toByteArray(), rig.read(link, expected.size()));
    }

    /** The memory is lent until the send was reported: also when the channel is closed meanwhile. */
    public static void closeWhileMemoryOutsideTheSlabIsSent(BackendRig rig) throws Exception {
        rig.listening();
        Link link = rig.link();
        link.appetite = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(64 << 20);
            rig.backend().send(link.slot, memory.address(), (int) memory.byteSize(), Backend.SEND_OUTSIDE);
            rig.turns(10);
            assertEquals(List.of(), link.channel.sent());
            rig.backend().closeChannel(link.slot);
            rig.until("the send ends", () -> !link.channel.sent().isEmpty());
            assertEquals(List.of((long) -Errno.ECANCELED), link.channel.sent());
        }
    }

    private static byte[] content(int length) {
        byte[] content = new byte[length];
        new SplittableRandom(1).nextBytes(content);
        return content;
    }
}
