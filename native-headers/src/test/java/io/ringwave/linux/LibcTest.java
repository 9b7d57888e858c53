package io.ringwave.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.bindings.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls on files, limits, processes and epoll; {@link SocketsTest} has those on sockets. */
final class LibcTest {

    private static final int NO_DESCRIPTOR = -1;
    private static final int READ_ONLY = Linux.O_RDONLY() | Linux.O_CLOEXEC();

    private final Arena arena = Arena.ofAuto();

    private static int open(Path path) {
        int fd = Libc.openat(Linux.AT_FDCWD(), path.toString(), READ_ONLY, 0);
        assertTrue(fd >= 0, () -> path + ": " + Errno.describe(-fd));
        return fd;
    }

    private MemorySegment bytes(int length) {
        return arena.allocate(length);
    }

    /** As constants they would be inlined where C2 may stop halfway, and allocate: rarely enough to pass other tests. */
    @Test
    void handlesOfCallsMadeForRequestsAreNoConstants() {
        Set<String> notFinal = Arrays.stream(Libc.class.getDeclaredFields())
                .filter(field -> field.getType() == MethodHandle.class && !Modifier.isFinal(field.getModifiers()))
                .map(Field::getName).collect(Collectors.toSet());
        assertEquals(Set.of("recvfromOrSendto", "sendfile", "pread", "preadv2", "epollPwait2", "epollWait"), notFinal);
    }

    @Test
    void aBadDescriptorIsMinusEbadfInEveryCall() {
        long address = bytes(64).address();
        int[] results = {Libc.accept4(NO_DESCRIPTOR, 0), Libc.shutdown(NO_DESCRIPTOR, Linux.SHUT_WR()),
            Libc.close(NO_DESCRIPTOR), Libc.setsockopt(NO_DESCRIPTOR, Linux.SOL_SOCKET(), Linux.SO_REUSEADDR(), 1),
            Libc.getsockopt(NO_DESCRIPTOR, Linux.SOL_SOCKET(), Linux.SO_ERROR()),
            Libc.recv(NO_DESCRIPTOR, address, 64, 0), Libc.send(NO_DESCRIPTOR, address, 64, 0),
            (int) Libc.sendfile(NO_DESCRIPTOR, NO_DESCRIPTOR, 0, 64), Libc.read(NO_DESCRIPTOR, address, 64),
            Libc.write(NO_DESCRIPTOR, address, 64), Libc.pread(NO_DESCRIPTOR, address, 64, 0),
            Libc.epollControl(NO_DESCRIPTOR, Linux.EPOLL_CTL_ADD(), NO_DESCRIPTOR, Linux.EPOLLIN(), 0),
            Libc.epollWait(NO_DESCRIPTOR, address, 1, 0), Libc.epollWaitMillis(NO_DESCRIPTOR, address, 1, 0),
            Libc.fcntl(NO_DESCRIPTOR, Linux.F_GETFD(), 0), Libc.fstat(NO_DESCRIPTOR, new FileStatus()),
            Libc.preadCached(NO_DESCRIPTOR, address, 64, 0),
            (int) Libc.spliceFromFile(NO_DESCRIPTOR, 0, NO_DESCRIPTOR, 64, 0),
            (int) Libc.spliceFromPipe(NO_DESCRIPTOR, NO_DESCRIPTOR, 64, 0),
            Libc.fadvise(NO_DESCRIPTOR, 0, 1, Linux.POSIX_FADV_WILLNEED()), Libc.unacknowledged(NO_DESCRIPTOR),
            Libc.openat(NO_DESCRIPTOR, "relative", READ_ONLY, 0),
            Libc.openat2(NO_DESCRIPTOR, "relative", READ_ONLY, 0, 0), Sockets.port(NO_DESCRIPTOR)};
        int[] expected = new int[results.length];
        Arrays.fill(expected, -Errno.EBADF);
        assertArrayEquals(expected, results);
    }

    @Test
    void otherErrorsComeBackNegatedToo() {
        assertEquals(-Errno.ENOENT, Libc.openat(Linux.AT_FDCWD(), "/no/such/file", READ_ONLY, 0));
        assertEquals(-Errno.EAFNOSUPPORT, Libc.socket(Linux.AF_UNSPEC(), Linux.SOCK_STREAM(), 0));
        assertEquals(-Errno.EINVAL, Libc.eventfd(0, -1));
        assertEquals(-Errno.EINVAL, Libc.getrlimit(-1));
        assertEquals(-Errno.ESRCH, Libc.kill(Integer.MAX_VALUE, 0));
    }

    @Test
    void aPathWithANulIsRefusedRatherThanCutShort(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("file"), "x");
        int dir = open(directory);
        assertEquals(-Errno.EINVAL, Libc.openat(dir, "file\0.txt", READ_ONLY, 0));
        assertEquals(-Errno.EINVAL, Libc.openat2(dir, "file\0.txt", READ_ONLY, 0, 0));
        Libc.close(dir);
    }

    @Test
    void aPathOutsideAsciiIsOpened(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("größe-長さ"), "x");
        int dir = open(directory);
        int fd = Libc.openat(dir, "größe-長さ", READ_ONLY, 0);
        assertTrue(fd >= 0, () -> Errno.describe(-fd));
        Libc.close(fd);
        Libc.close(dir);
    }

    @Test
    void openatCreatesWithTheModeGiven(@TempDir Path directory) throws IOException {
        int dir = open(directory);
        int flags = Linux.O_CREAT() | Linux.O_EXCL() | Linux.O_WRONLY() | Linux.O_CLOEXEC();
        int fd = Libc.openat(dir, "made", flags, 0400);
        MemorySegment text = arena.allocateFrom("hello");
        assertEquals(5, Libc.write(fd, text.address(), 5));
        FileStatus status = new FileStatus();
        assertEquals(0, Libc.fstat(fd, status));
        assertEquals(0400, status.mode() & 0777);
        assertEquals("hello", Files.readString(directory.resolve("made")));
        assertEquals(-Errno.EEXIST, Libc.openat(dir, "made", flags, 0400));
        Libc.close(fd);
        Libc.close(dir);
    }

    @Test
    void resolveBeneathRefusesToLeaveTheDirectory(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("outside"), "secret");
        Path inside = Files.createDirectories(directory.resolve("root/deep")).getParent();
        Files.writeString(inside.resolve("file"), "public");
        Files.createSymbolicLink(inside.resolve("link"), Path.of("../outside"));
        int root = open(inside);
        assertEquals(-Errno.EXDEV, beneath(root, "../outside"));
        assertEquals(-Errno.EXDEV, beneath(root, "deep/../../outside"));
        assertEquals(-Errno.EXDEV, beneath(root, directory.resolve("outside").toString()));
        assertEquals(-Errno.EXDEV, beneath(root, "link"));
        for (String allowed : new String[]{"file", "deep/../file"}) {
            int fd = beneath(root, allowed);
            assertTrue(fd >= 0, () -> allowed + ": " + Errno.describe(-fd));
            Libc.close(fd);
        }
        Libc.close(root);
    }

    private static int beneath(int root, String path) {
        return Libc.openat2(root, path, READ_ONLY, 0, Linux.RESOLVE_BENEATH());
    }

    @Test
    void fstatTellsWhatTheFileSystemKnows(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "12345");
        Instant modified = Instant.ofEpochSecond(1_234_567_890L, 123_456_789);
        Files.setLastModifiedTime(file, FileTime.from(modified));
        FileStatus status = new FileStatus();
        int fd = open(file);
        assertEquals(0, Libc.fstat(fd, status));
        Libc.close(fd);
        assertTrue(status.isRegular());
        assertFalse(status.isDirectory());
        assertEquals(5, status.size());
        assertEquals(Files.getAttribute(file, "unix:ino"), status.inode());
        assertEquals(Files.getAttribute(file, "unix:dev"), status.device());
        assertEquals(Files.getAttribute(file, "unix:mode"), status.mode());
        assertEquals(modified, Instant.ofEpochSecond(status.modifiedSeconds(), status.modifiedNanos()));

        int dir = open(directory);
        assertEquals(0, Libc.fstat(dir, status));
        Libc.close(dir);
        assertTrue(status.isDirectory());
        assertFalse(status.isRegular());
    }

    @Test
    void preadLeavesThePositionAlone(@TempDir Path directory) throws IOException {
        int fd = open(Files.writeString(directory.resolve("file"), "0123456789"));
        MemorySegment memory = bytes(16);
        assertEquals(3, Libc.pread(fd, memory.address(), 3, 6));
        assertEquals("678", text(memory, 3));
        assertEquals(4, Libc.read(fd, memory.address(), 4));
        assertEquals("0123", text(memory, 4));
        assertEquals(0, Libc.pread(fd, memory.address(), 4, 10));
        Libc.close(fd);
    }

    private static String text(MemorySegment memory, int length) {
        return new String(memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    @Test
    void aFileGoesThroughAPipe(@TempDir Path directory) throws IOException {
        int file = open(Files.writeString(directory.resolve("file"), "0123456789"));
        long ends = Libc.pipe2(Linux.O_CLOEXEC() | Linux.O_NONBLOCK());
        int out = (int) ends;
        int in = (int) (ends >>> 32);
        MemorySegment memory = bytes(16);
        assertEquals(-Errno.EAGAIN, Libc.read(out, memory.address(), 16));
        assertEquals(4, Libc.spliceFromFile(file, 3, in, 4, Linux.SPLICE_F_NONBLOCK()));
        assertEquals(0, Libc.spliceFromFile(file, 10, in, 4, Linux.SPLICE_F_NONBLOCK()));
        assertEquals(4, Libc.read(out, memory.address(), 16));
        assertEquals("3456", memory.getString(0));
        for (int fd : new int[]{file, in, out}) {
            assertEquals(0, Libc.close(fd));
        }
    }

    @Test
    void whatThePageCacheHasIsReadWithoutWaiting(@TempDir Path directory) throws IOException {
        int fd = open(Files.writeString(directory.resolve("file"), "0123456789"));
        MemorySegment memory = bytes(16);
        int result = Libc.preadCached(fd, memory.address(), 4, 3);
        assertTrue(result == 4 || result == -Errno.EOPNOTSUPP, () -> "result " + result); // some file systems cannot
        assertEquals(result == 4 ? "3456" : "", memory.getString(0));
        assertEquals(0, Libc.fadvise(fd, 0, 10, Linux.POSIX_FADV_WILLNEED()));
        Libc.close(fd);
    }

    @Test
    void aNullAddressIsMinusEfault(@TempDir Path directory) throws IOException {
        int fd = open(Files.writeString(directory.resolve("file"), "0123456789"));
        assertEquals(-Errno.EFAULT, Libc.read(fd, 0, 4));
        Libc.close(fd);
    }

    @Test
    void fcntlReadsAndWritesFlags() {
        int fd = Libc.eventfd(0, Linux.EFD_CLOEXEC());
        assertEquals(Linux.FD_CLOEXEC(), Libc.fcntl(fd, Linux.F_GETFD(), 0));
        int flags = Libc.fcntl(fd, Linux.F_GETFL(), 0);
        assertEquals(0, flags & Linux.O_NONBLOCK());
        assertEquals(0, Libc.fcntl(fd, Linux.F_SETFL(), flags | Linux.O_NONBLOCK()));
        assertNotEquals(0, Libc.fcntl(fd, Linux.F_GETFL(), 0) & Linux.O_NONBLOCK());
        Libc.close(fd);
    }

    @Test
    void processAndThreadNumbersAreTheKernelsOwn() throws IOException {
        assertEquals(ProcessHandle.current().pid(), Libc.getpid());
        Path thread = Files.readSymbolicLink(Path.of("/proc/thread-self"));
        assertEquals(thread.getFileName().toString(), Integer.toString(Libc.gettid()));
        assertEquals(0, Libc.kill(Libc.getpid(), 0));
    }

    @Test
    void getrlimitReadsTheSoftLimit() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(limit -> limit.startsWith("Max open files")).findFirst().orElseThrow();
        String soft = line.split("\\s{2,}")[1];
        assertEquals(soft.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(soft),
                Libc.getrlimit(Linux.RLIMIT_NOFILE()));
    }

    @Test
    void epollReportsEventsWithTheirData() {
        long data = 0x8000_0001_7fff_fffeL;
        int epoll = Libc.epollCreate();
        assertEquals(Linux.FD_CLOEXEC(), Libc.fcntl(epoll, Linux.F_GETFD(), 0));
        int first = Libc.eventfd(1, Linux.EFD_NONBLOCK());
        int second = Libc.eventfd(1, Linux.EFD_NONBLOCK());
        assertEquals(0, Libc.epollControl(epoll, Linux.EPOLL_CTL_ADD(), first, Linux.EPOLLIN(), data));
        assertEquals(0, Libc.epollControl(epoll, Linux.EPOLL_CTL_ADD(), second, Linux.EPOLLIN() | Linux.EPOLLOUT(), 2));
        assertEquals(-Errno.EEXIST, Libc.epollControl(epoll, Linux.EPOLL_CTL_ADD(), first, Linux.EPOLLIN(), data));
        MemorySegment events = bytes(4 * EpollEvent.sizeBytes());
        for (int round = 0; round < 2; round++) { // both ways of waiting
            int count = round == 0
                    ? Libc.epollWait(epoll, events.address(), 4, Long.MAX_VALUE)
                    : Libc.epollWaitMillis(epoll, events.address(), 4, Long.MAX_VALUE);
            assertEquals(2, count);
            int index = EpollEvent.data(events, 0) == data ? 0 : 1;
            assertEquals(data, EpollEvent.data(events, index));
            assertEquals(Linux.EPOLLIN(), EpollEvent.events(events, index));
            assertEquals(2, EpollEvent.data(events, 1 - index));
            assertEquals(Linux.EPOLLIN() | Linux.EPOLLOUT(), EpollEvent.events(events, 1 - index));
        }
        assertEquals(0, Libc.epollControl(epoll, Linux.EPOLL_CTL_DEL(), second, 0, 0));
        assertEquals(0, Libc.epollControl(epoll, Linux.EPOLL_CTL_MOD(), first, Linux.EPOLLOUT(), 7));
        assertEquals(1, Libc.epollWait(epoll, events.address(), 4, 0));
        assertEquals(7, EpollEvent.data(events, 0));
        assertEquals(Linux.EPOLLOUT(), EpollEvent.events(events, 0));
        Libc.close(first);
        Libc.close(second);
        Libc.close(epoll);
    }

    @Test
    void epollWaitsForTheTimeoutAndNoLess() {
        int epoll = Libc.epollCreate();
        long events = bytes(EpollEvent.sizeBytes()).address();
        assertEquals(0, Libc.epollWait(epoll, events, 1, 0));
        long timeoutNanos = 20_500_000;
        long start = System.nanoTime();
        assertEquals(0, Libc.epollWait(epoll, events, 1, timeoutNanos));
        assertTrue(System.nanoTime() - start >= timeoutNanos);
        start = System.nanoTime();
        assertEquals(0, Libc.epollWaitMillis(epoll, events, 1, timeoutNanos));
        assertTrue(System.nanoTime() - start >= timeoutNanos, "rounded down to milliseconds");
        Libc.close(epoll);
    }
}
