package io.ringwave.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ringwave.bindings.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What mappings, event descriptors and the thread's affinity promise. */
final class OwnersTest {

    private static final long PAGE_BYTES = 4096;
    private static final long DEADLINE_SECONDS = 30;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    @Test
    void anAnonymousMappingIsZeroedAlignedAndBounded() throws ErrnoException {
        try (Mapping mapping = Mapping.anonymous(5000)) {
            MemorySegment memory = mapping.memory();
            assertEquals(5000, memory.byteSize());
            assertEquals(0, memory.address() % PAGE_BYTES);
            assertArrayEquals(new byte[5000], memory.toArray(BYTE));
            memory.set(BYTE, 4999, (byte) 7);
            assertEquals(7, memory.get(BYTE, 4999));
            assertThrows(IndexOutOfBoundsException.class, () -> memory.get(BYTE, 5000));
            assertThrows(IndexOutOfBoundsException.class, () -> memory.set(BYTE, -1, (byte) 0));
        }
    }

    @Test
    void aMemoryFileIsMemoryAndAFile() throws ErrnoException {
        int page = MemoryFile.pageBytes();
        byte[] written = {1, 2, 3, 4};
        MemoryFile file = MemoryFile.create("test", 3L * page);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = file.memory();
            assertEquals(3L * page, memory.byteSize());
            assertEquals(0, file.reserve(page - 4, 8));
            MemorySegment.copy(written, 0, memory, BYTE, page - 2, written.length);
            MemorySegment read = arena.allocate(8);
            assertEquals(4, Libc.pread(file.descriptor(), read.address(), 4, page - 2));
            assertArrayEquals(written, read.asSlice(0, 4).toArray(BYTE));
            file.discard(page, page);
            assertEquals(0, file.reserve(0, 2L * page));
            assertArrayEquals(new byte[]{1, 2, 0, 0}, memory.asSlice(page - 2, 4).toArray(BYTE));
            assertThrows(IllegalArgumentException.class, () -> file.discard(1, page));
            assertThrows(IllegalArgumentException.class, () -> file.discard(page, page - 1));
            assertThrows(IndexOutOfBoundsException.class, () -> file.discard(2L * page, 2L * page));
            assertThrows(IndexOutOfBoundsException.class, () -> file.reserve(3L * page, 1));
        } finally {
            file.close();
        }
        file.close();
        assertEquals(-Errno.EBADF, Libc.fcntl(file.descriptor(), Linux.F_GETFD(), 0));
        assertThrows(ErrnoException.class, () -> MemoryFile.create("test", 0));
        assertThrows(ErrnoException.class, () -> MemoryFile.create("x".repeat(300), page),
                "memfd_create(2): 249 bytes");
    }

    /** Whichever kind of page there is: this machine's settings decide. */
    @Test
    void aHugeMappingIsZeroedAlignedAndBounded() throws Exception {
        long bytes = (4L << 20) + 1;
        long before = addressSpaceBytes();
        try (Mapping mapping = Mapping.huge(bytes, Mapping.ANY_NODE)) {
            MemorySegment memory = mapping.memory();
            assertEquals(bytes, memory.byteSize());
            assertEquals(0, memory.address() % (mapping.pages() == Mapping.Pages.PLAIN ? PAGE_BYTES : 2L << 20));
            assertEquals(-1, memory.mismatch(MemorySegment.ofArray(new byte[(int) bytes])));
            memory.set(BYTE, bytes - 1, (byte) 7);
            assertThrows(IndexOutOfBoundsException.class, () -> memory.get(BYTE, bytes));
            if (mapping.pages() == Mapping.Pages.TRANSPARENT_HUGE) {
                assertTrue(smaps(memory.address(), "VmFlags").contains(" hg"), "advised");
            }
        }
        assertTrue(addressSpaceBytes() - before < bytes, "everything around it is unmapped too");
        assertThrows(ErrnoException.class, () -> Mapping.huge(0, Mapping.ANY_NODE));
    }

    @Test
    void theNodeOfAMappingIsRecordedByTheKernel() throws Exception {
        Path maps = Path.of("/proc/self/numa_maps");
        assumeTrue(Files.exists(maps), "the kernel has no NUMA support");
        for (Mapping mapping : new Mapping[]{Mapping.anonymous(100_000), Mapping.huge(100_000, Mapping.ANY_NODE),
            Mapping.huge(100_000, 0)}) {
            try (mapping) {
                assertEquals(0, mapping.prefer(0));
                mapping.memory().fill((byte) 1);
                String start = Long.toHexString(mapping.memory().address());
                assertTrue(Files.readAllLines(maps).stream()
                        .anyMatch(line -> line.startsWith(start) && line.contains("prefer:0")), "prefers node 0");
                assertEquals(-Errno.EINVAL, mapping.prefer(63), "there is no such node");
                assertEquals(-Errno.EINVAL, mapping.prefer(64));
                assertEquals(-Errno.EINVAL, mapping.prefer(-1));
            }
        }
    }

    @Test
    void aThreadPrefersItsNode() throws Exception {
        assumeTrue(Files.exists(Path.of("/proc/self/numa_maps")), "the kernel has no NUMA support");
        int[] results = new int[3];
        Thread thread = Thread.ofPlatform().start(() -> { // its own: the policy stays
            results[0] = ThreadAffinity.preferNode(0);
            results[1] = ThreadAffinity.preferNode(63);
            results[2] = ThreadAffinity.preferNode(-1);
        });
        thread.join();
        assertArrayEquals(new int[]{0, -Errno.EINVAL, -Errno.EINVAL}, results);
    }

    /** A line about the mapping that holds an address (proc_pid_smaps(5)). */
    private static String smaps(long address, String key) throws IOException {
        boolean within = false;
        for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
            if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
                String[] range = line.substring(0, line.indexOf(' ')).split("-");
                within = Long.parseUnsignedLong(range[0], 16) <= address
                        && address < Long.parseUnsignedLong(range[1], 16);
            } else if (within && line.startsWith(key + ":")) {
                return line;
            }
        }
        throw new AssertionError("no mapping holds " + Long.toHexString(address));
    }

    @Test
    void closingGivesTheAddressSpaceBackAndEndsAccess() throws Exception {
        long bytes = 64L << 30; // untouched, hence free; far more than anything else here maps or unmaps
        long before = addressSpaceBytes();
        Mapping mapping = Mapping.anonymous(bytes);
        assertTrue(addressSpaceBytes() - before > bytes / 2);
        mapping.close();
        mapping.close();
        assertTrue(addressSpaceBytes() - before < bytes / 2);
        assertThrows(IllegalStateException.class, () -> mapping.memory().get(BYTE, 0));
    }

    private static long addressSpaceBytes() throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[0]) * PAGE_BYTES;
    }

    @Test
    void anImpossibleMappingIsExplained() {
        ErrnoException nothing = assertThrows(ErrnoException.class, () -> Mapping.anonymous(0));
        assertEquals(Errno.EINVAL, nothing.errno());
        ErrnoException tooMuch = assertThrows(ErrnoException.class, () -> Mapping.anonymous(1L << 60));
        assertEquals("mmap: ENOMEM (cannot allocate memory): mapping " + (1L << 60) + " bytes of memory",
                tooMuch.getMessage());
        assertTrue(tooMuch.remedy().contains("ulimit -v"));
    }

    @Test
    void aFileIsMappedReadOnlyAndOutlivesItsDescriptor(@TempDir Path directory) throws Exception {
        byte[] content = new byte[(int) PAGE_BYTES + 10];
        content[(int) PAGE_BYTES] = 42;
        Path path = Files.write(directory.resolve("file"), content);
        int fd = Libc.openat(Linux.AT_FDCWD(), path.toString(), Linux.O_RDONLY() | Linux.O_CLOEXEC(), 0);
        ErrnoException odd = assertThrows(ErrnoException.class, () -> Mapping.file(fd, 1, 10));
        assertTrue(odd.getMessage().contains("multiple of the page size"), odd.getMessage());
        try (Mapping mapping = Mapping.file(fd, PAGE_BYTES, 10)) {
            assertEquals(0, Libc.close(fd));
            assertTrue(mapping.memory().isReadOnly());
            assertEquals(10, mapping.memory().byteSize());
            assertEquals(42, mapping.memory().get(BYTE, 0));
        }
    }

    @Test
    void aMappedFileThatWasForgottenIsStillThere(@TempDir Path directory) throws Exception {
        byte[] content = new byte[(int) (3 * PAGE_BYTES)];
        content[(int) PAGE_BYTES + 5] = 42;
        Path path = Files.write(directory.resolve("file"), content);
        int fd = Libc.openat(Linux.AT_FDCWD(), path.toString(), Linux.O_RDONLY() | Linux.O_CLOEXEC(), 0);
        try (Mapping mapping = Mapping.file(fd, 0, content.length); Mapping anonymous = Mapping.anonymous(PAGE_BYTES)) {
            mapping.forget(PAGE_BYTES + 3, 100);
            mapping.forget(0, content.length);
            assertEquals(42, mapping.memory().get(BYTE, PAGE_BYTES + 5));
            assertThrows(IndexOutOfBoundsException.class, () -> mapping.forget(1, content.length));
            assertThrows(IllegalStateException.class, () -> anonymous.forget(0, 1));
        }
        Libc.close(fd);
    }

    @Test
    void anEventFdIsReadableFromSignalUntilDrain() throws ErrnoException {
        try (EventFd event = EventFd.create(); Arena arena = Arena.ofConfined()) {
            int epoll = Libc.epollCreate();
            Libc.epollControl(epoll, Linux.EPOLL_CTL_ADD(), event.descriptor(), Linux.EPOLLIN(), 0);
            long events = arena.allocate(EpollEvent.sizeBytes()).address();
            event.drain();
            assertEquals(0, Libc.epollWait(epoll, events, 1, 0));
            event.signal();
            event.signal();
            assertEquals(1, Libc.epollWait(epoll, events, 1, 0));
            event.drain();
            assertEquals(0, Libc.epollWait(epoll, events, 1, 0));
            Libc.close(epoll);
        }
    }

    @Test
    void aSignalWakesAThreadThatWaits() throws Exception {
        try (EventFd event = EventFd.create(); Arena arena = Arena.ofShared()) {
            int epoll = Libc.epollCreate();
            Libc.epollControl(epoll, Linux.EPOLL_CTL_ADD(), event.descriptor(), Linux.EPOLLIN(), 0);
            long events = arena.allocate(EpollEvent.sizeBytes()).address();
            long nanos = TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
            CompletableFuture<Integer> woken = CompletableFuture
                    .supplyAsync(() -> Libc.epollWait(epoll, events, 1, nanos), Thread::startVirtualThread);
            event.signal();
            assertEquals(1, woken.get(2 * DEADLINE_SECONDS, TimeUnit.SECONDS));
            Libc.close(epoll);
        }
    }

    @Test
    void aSignalAfterCloseLeavesTheNumbersNextOwnerAlone() throws ErrnoException {
        EventFd event = EventFd.create();
        int number = event.descriptor();
        event.close();
        event.close();
        // F_DUPFD_CLOEXEC takes the lowest free number from the one given on: most likely the very same
        int source = Libc.eventfd(0, Linux.EFD_NONBLOCK());
        int next = Libc.fcntl(source, Linux.F_DUPFD_CLOEXEC(), number);
        event.signal();
        try (Arena arena = Arena.ofConfined()) {
            assertEquals(-Errno.EAGAIN, Libc.read(next, arena.allocate(Long.BYTES).address(), Long.BYTES));
        }
        Libc.close(next);
        Libc.close(source);
    }

    @Test
    void aPinnedThreadMayRunOnThatCpuOnly() throws Exception {
        BitSet before = ThreadAffinity.current();
        assertTrue(before.cardinality() > 0);
        int cpu = before.length() - 1;
        CompletableFuture<BitSet> pinned = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            int result = ThreadAffinity.pin(cpu);
            if (result == 0) {
                pinned.complete(ThreadAffinity.current());
            } else {
                pinned.completeExceptionally(new ErrnoException("sched_setaffinity", -result, "", ""));
            }
        });
        BitSet expected = new BitSet();
        expected.set(cpu);
        assertEquals(expected, pinned.get(DEADLINE_SECONDS, TimeUnit.SECONDS));
        thread.join();
        assertEquals(before, ThreadAffinity.current(), "pinning one thread moved another");
    }

    @Test
    void aCpuThatIsNotThereIsRefused() {
        assertEquals(-Errno.EINVAL, ThreadAffinity.pin(-1));
        assertEquals(-Errno.EINVAL, ThreadAffinity.pin(8191));
        assertEquals(-Errno.EINVAL, ThreadAffinity.pin(8192));
    }
}
