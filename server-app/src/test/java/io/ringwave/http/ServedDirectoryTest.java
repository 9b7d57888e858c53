package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServedDirectoryTest {

    private SiteOnDisk site;
    private ServedDirectory byKernel;
    private ServedDirectory walking;

    @BeforeEach
    void open(@TempDir Path base) throws IOException {
        site = new SiteOnDisk(base);
        byKernel = ServedDirectory.open(site.root);
        walking = ServedDirectory.openWalking(site.root);
    }

    @AfterEach
    void closeAndCountDescriptors() throws IOException {
        byKernel.close();
        walking.close();
        site.removeLinks();
        assertEquals(0, site.openDescriptors());
    }

    private static FilePath path(String raw) {
        FilePath path = new FilePath();
        byte[] bytes = raw.getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(FilePath.Decoding.FILE, path.decode(MemorySegment.ofArray(bytes), 0, bytes.length), raw);
        return path;
    }

    private static int open(ServedDirectory directory, String raw) {
        int result = directory.openFile(path(raw));
        if (result >= 0) {
            Libc.close(result);
        }
        return Math.min(result, 0);
    }

    private static String read(ServedDirectory directory, String raw) {
        int file = directory.openFile(path(raw));
        assertTrue(file >= 0, () -> raw + ": " + Errno.describe(-file));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(4096);
            int count = Libc.read(file, bytes.address(), 4096);
            assertEquals(directory.status().size(), count);
            return new String(bytes.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        } finally {
            Libc.close(file);
        }
    }

    private Stream<ServedDirectory> both() {
        return Stream.of(byKernel, walking);
    }

    @Test
    void opensFilesAtEveryDepth() {
        both().forEach(directory -> {
            assertEquals("root index", read(directory, ""));
            assertEquals("page", read(directory, "page.html"));
            assertEquals("docs index", read(directory, "docs/"));
            assertEquals("deep", read(directory, "docs/deep/er/file.txt"));
            assertEquals("token", read(directory, ".well-known/token"));
            assertEquals("", read(directory, "empty"));
        });
    }

    @Test
    void tellsWhyNothingOpens() throws Exception {
        site.makeFifo("fifo");
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(site.root.resolve("socket")));
            both().forEach(directory -> {
                assertEquals(-Errno.ENOENT, open(directory, "missing"));
                assertEquals(-Errno.ENOENT, open(directory, "missing/file"));
                assertEquals(-Errno.ENOTDIR, open(directory, "page.html/"));
                assertEquals(-Errno.ENOTDIR, open(directory, "page.html/x"));
                assertEquals(-Errno.EISDIR, open(directory, "docs"));
                assertEquals(-Errno.EISDIR, open(directory, "docs/deep/er"));
                assertEquals(-Errno.ENOENT, open(directory, "bare/"));
                assertEquals(-Errno.ENXIO, open(directory, "fifo")); // and does not wait for a writer
                assertEquals(-Errno.ENXIO, open(directory, "socket"));
                assertEquals(-Errno.ENAMETOOLONG, open(directory, "n".repeat(256)));
                assertEquals(-Errno.ENOENT, open(directory, "n".repeat(255)));
            });
        }
    }

    @Test
    void devicesAreNotOpenedAsFiles() throws IOException {
        try (ServedDirectory dev = ServedDirectory.open(Path.of("/dev"))) {
            assertEquals(-Errno.ENXIO, open(dev, "null"));
            assertEquals(-Errno.ENXIO, open(dev, "zero"));
        }
    }

    @Test
    void symlinksInsideWorkByKernelAndAreRefusedWalking() throws IOException {
        String[] inside = site.linksInside();
        site.link("docs/deep/up2", "../../page.html");
        assertAll(
                Arrays.stream(inside).<Executable>map(link -> () -> assertEquals("page", read(byKernel, link), link)));
        assertAll(Arrays.stream(inside).<Executable>map(link -> () -> assertTrue(open(walking, link) < 0, link)));
    }

    @Test
    void symlinksThatLeaveAreRefused() throws IOException {
        String[] outside = site.linksOutside();
        both().forEach(directory -> assertAll(Arrays.stream(outside).<Executable>map(link -> () -> {
            int result = open(directory, link);
            assertTrue(result == -Errno.EXDEV || result == -Errno.ELOOP || result == -Errno.ENOENT
                    || result == -Errno.ENOTDIR, link + ": " + result);
        })));
    }

    @Test
    void magicLinksAreRefusedEvenBelowProc() throws IOException {
        try (ServedDirectory proc = ServedDirectory.open(Path.of("/proc"))) {
            assertTrue(open(proc, "self/status") == 0, "an ordinary file by an ordinary link");
            for (String magic : new String[]{"self/root/etc/passwd", "self/cwd/pom.xml", "self/exe", "self/fd/0",
                "thread-self/root/etc/passwd"}) {
                assertNotEquals(0, open(proc, magic), magic);
            }
        }
    }

    @Test
    void overlongEncodingsDoNotBecomeDots() {
        both().forEach(directory -> {
            for (String raw : new String[]{"%c0%ae%c0%ae/secret.txt", "%c0%ae%c0%ae%c0%afsecret.txt",
                "%e0%80%ae%e0%80%ae/secret.txt", "docs/%c0%ae%c0%ae/%c0%ae%c0%ae/secret.txt",
                "%252e%252e/secret.txt", "%252e%252e%252fsecret.txt", "..%c0%afsecret.txt"}) {
                assertEquals(-Errno.ENOENT, open(directory, raw), raw);
            }
        });
    }

    @Test
    void namesAreBytesInNoParticularCharset() throws IOException {
        site.writeRawName("caf\u00e9", "latin");
        site.writeRawName("\u00ff\u00fe\u0080", "garbage");
        site.writeRawName("caf\u00c3\u00a9", "utf-8");
        site.write("n".repeat(255), "long");
        both().forEach(directory -> {
            assertEquals("latin", read(directory, "caf%e9"));
            assertEquals("garbage", read(directory, "%ff%fe%80"));
            assertEquals("utf-8", read(directory, "caf%C3%A9"));
            assertEquals("long", read(directory, "n".repeat(255)));
        });
    }

    @Test
    void deepPathsWork() throws IOException {
        StringBuilder deep = new StringBuilder();
        int levels = (FilePath.MAX_BYTES - 200 - site.root.toString().length()) / 200; // as Java makes it, by full path
        for (int level = 0; level < levels; level++) {
            deep.append("d".repeat(199)).append('/');
        }
        site.write(deep + "f", "down there");
        both().forEach(directory -> assertEquals("down there", read(directory, deep + "f")));
    }

    @Test
    void heldOpenWhenRenamed() throws IOException {
        Files.move(site.root, site.base.resolve("moved"));
        assertEquals("page", read(byKernel, "page.html"));
        assertEquals("page", read(walking, "page.html"));
    }

    @Test
    void rootMayBeASymlink() throws IOException {
        Path link = Files.createSymbolicLink(site.base.resolve("link"), site.root);
        try (ServedDirectory directory = ServedDirectory.open(link)) {
            assertEquals("page", read(directory, "page.html"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing", "secret.txt", "secret.txt/x"})
    void rootThatIsNoDirectoryIsNamedInOneLine(String name) {
        Path root = site.base.resolve(name);
        IOException refused = assertThrows(IOException.class, () -> ServedDirectory.open(root));
        assertTrue(refused.getMessage().contains(root.toString()), refused.getMessage());
        assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
    }

    @Test
    void renamesInTheWayNeverLeadOutside() throws Exception {
        site.write("a/b/c/file.txt", "inside");
        site.link("a/b/link", "c/../c/file.txt");
        Thread mover = Thread.ofPlatform().start(() -> {
            try {
                while (!Thread.currentThread().isInterrupted()) {
                    Files.move(site.root.resolve("a/b/c"), site.root.resolve("a/moved"));
                    Files.move(site.root.resolve("a/moved"), site.root.resolve("a/b/c"));
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        try {
            int found = 0;
            for (int round = 0; round < 3_000; round++) {
                int result = open(byKernel, "a/b/link");
                assertTrue(result == 0 || result == -Errno.ENOENT || result == -Errno.EAGAIN, () -> "" + result);
                found += result == 0 ? 1 : 0;
            }
            assertTrue(found > 0);
        } finally {
            mover.interrupt();
            mover.join();
        }
    }

    @Test
    void contentsAreByteExact() throws IOException {
        byte[] bytes = new byte[4096];
        new java.util.Random(7).nextBytes(bytes);
        Path file = Files.write(site.root.resolve("bin"), bytes);
        int descriptor = byKernel.openFile(path("bin"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes.length);
            assertEquals(bytes.length, Libc.pread(descriptor, memory.address(), bytes.length, 0));
            assertArrayEquals(Files.readAllBytes(file), memory.toArray(ValueLayout.JAVA_BYTE));
        } finally {
            Libc.close(descriptor);
        }
    }
}
