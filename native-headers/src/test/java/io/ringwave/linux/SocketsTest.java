package io.ringwave.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ringwave.bindings.linux.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real connections over loopback, the other end being a {@link Socket} of the JDK. */
final class SocketsTest {

    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int DEADLINE_MILLIS = 30_000;
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(host("127.0.0.1"), 0);

    private final Arena arena = Arena.ofAuto();

    private static InetAddress host(String literal) {
        return InetAddress.ofLiteral(literal);
    }

    private static int listener(InetSocketAddress address, boolean sharedPort) {
        int fd = Sockets.listen(address, 16, sharedPort, true);
        assertTrue(fd >= 0, () -> address + ": " + Errno.describe(-fd));
        return fd;
    }

    private static Socket connect(String host, int listener) throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress(host(host), Sockets.port(listener)), DEADLINE_MILLIS);
        socket.setSoTimeout(DEADLINE_MILLIS);
        return socket;
    }

    /** Accepts a connection that does not block. */
    private int accept(int listener) {
        awaitReadable(listener);
        int fd = Libc.accept4(listener, Linux.SOCK_CLOEXEC() | Linux.SOCK_NONBLOCK());
        assertTrue(fd >= 0, () -> Errno.describe(-fd));
        return fd;
    }

    private void awaitReadable(int fd) {
        int epoll = Libc.epollCreate();
        Libc.epollControl(epoll, Linux.EPOLL_CTL_ADD(), fd, Linux.EPOLLIN(), 0);
        int count = Libc.epollWait(epoll, arena.allocate(EpollEvent.sizeBytes()).address(), 1, DEADLINE_NANOS);
        Libc.close(epoll);
        assertEquals(1, count, "nothing arrived in time");
    }

    @Test
    void bytesGoBothWaysAndBothEndsEnd() throws IOException {
        int listener = listener(ANY_PORT, false);
        assertEquals(-Errno.EAGAIN, Libc.accept4(listener, 0));
        try (Socket peer = connect("127.0.0.1", listener)) {
            int fd = accept(listener);
            MemorySegment memory = arena.allocate(64);
            assertEquals(-Errno.EAGAIN, Libc.recv(fd, memory.address(), 64, 0));

            peer.getOutputStream().write("ping".getBytes(StandardCharsets.US_ASCII));
            awaitReadable(fd);
            assertEquals(4, Libc.recv(fd, memory.address(), 64, 0));
            assertEquals("ping", memory.getString(0));

            MemorySegment answer = arena.allocateFrom("pong");
            assertEquals(4, Libc.send(fd, answer.address(), 4, Linux.MSG_NOSIGNAL()));
            assertEquals(0, Libc.shutdown(fd, Linux.SHUT_WR()));
            assertArrayEquals("pong".getBytes(StandardCharsets.US_ASCII), peer.getInputStream().readAllBytes());
            assertEquals(-Errno.EPIPE, Libc.send(fd, answer.address(), 4, Linux.MSG_NOSIGNAL()));

            peer.shutdownOutput();
            awaitReadable(fd);
            assertEquals(0, Libc.recv(fd, memory.address(), 64, 0));
            assertEquals(0, Libc.close(fd));
        }
        Libc.close(listener);
    }

    @Test
    void aResetIsMinusEconnreset() throws IOException {
        int listener = listener(ANY_PORT, false);
        Socket peer = connect("127.0.0.1", listener);
        int fd = accept(listener);
        peer.setSoLinger(true, 0);
        peer.close();
        awaitReadable(fd);
        assertEquals(-Errno.ECONNRESET, Libc.recv(fd, arena.allocate(8).address(), 8, 0));
        assertNull(Sockets.remoteAddress(fd));
        Libc.close(fd);
        Libc.close(listener);
    }

    @Test
    void theListenersOptionsAreSetAndNodelayIsInherited() throws IOException {
        int listener = listener(ANY_PORT, true);
        assertEquals(1, Libc.getsockopt(listener, Linux.SOL_SOCKET(), Linux.SO_REUSEADDR()));
        assertEquals(1, Libc.getsockopt(listener, Linux.SOL_SOCKET(), Linux.SO_REUSEPORT()));
        assertEquals(1, Libc.getsockopt(listener, Linux.SOL_SOCKET(), Linux.SO_ACCEPTCONN()));
        assertEquals(Linux.FD_CLOEXEC(), Libc.fcntl(listener, Linux.F_GETFD(), 0));
        assertNotEquals(0, Libc.fcntl(listener, Linux.F_GETFL(), 0) & Linux.O_NONBLOCK());
        try (Socket peer = connect("127.0.0.1", listener)) {
            int fd = accept(listener);
            assertEquals(1, Libc.getsockopt(fd, Linux.IPPROTO_TCP(), Linux.TCP_NODELAY()));
            assertEquals(peer.getLocalSocketAddress(), Sockets.remoteAddress(fd));
            Libc.close(fd);
        }
        Libc.close(listener);
    }

    @Test
    void withoutNonBlockingTheListenerWaits() {
        int listener = Sockets.listen(ANY_PORT, 16, false, false);
        assertEquals(0, Libc.fcntl(listener, Linux.F_GETFL(), 0) & Linux.O_NONBLOCK());
        assertEquals(0, Libc.getsockopt(listener, Linux.SOL_SOCKET(), Linux.SO_REUSEPORT()));
        Libc.close(listener);
    }

    @Test
    void probeSeesAListenerThatSharesItsPort() {
        int listener = listener(ANY_PORT, true);
        InetSocketAddress taken = new InetSocketAddress(ANY_PORT.getAddress(), Sockets.port(listener));
        assertEquals(-Errno.EADDRINUSE, Sockets.probe(taken));
        assertEquals(-Errno.EADDRINUSE, Sockets.listen(taken, 16, false, true));
        int second = listener(taken, true); // which is why asking by listening would not do
        assertEquals(Sockets.port(listener), Sockets.port(second));
        Libc.close(listener);
        assertEquals(-Errno.EADDRINUSE, Sockets.probe(taken));
        Libc.close(second);
        assertEquals(0, Sockets.probe(taken));
    }

    @Test
    void anAddressThatIsNotOursIsReported() {
        InetSocketAddress foreign = new InetSocketAddress(host("192.0.2.1"), 0); // RFC 5737: nobody's
        assertEquals(-Errno.EADDRNOTAVAIL, Sockets.probe(foreign));
        assertEquals(-Errno.EADDRNOTAVAIL, Sockets.listen(foreign, 16, false, true));
        assertEquals(-Errno.EADDRNOTAVAIL, Sockets.probe(InetSocketAddress.createUnresolved("no.such.host", 80)));
    }

    @Test
    void ipv6IsServedAndItsPeersAreNamed() throws IOException {
        assumeIpv6();
        int listener = listener(new InetSocketAddress(host("::1"), 0), false);
        try (Socket peer = connect("::1", listener)) {
            int fd = accept(listener);
            InetSocketAddress remote = Sockets.remoteAddress(fd);
            assertEquals(new InetSocketAddress(host("::1"), peer.getLocalPort()), remote);
            Libc.close(fd);
        }
        Libc.close(listener);
    }

    @Test
    void theIpv6WildcardTakesIpv4Too() throws IOException {
        assumeIpv6();
        int listener = listener(new InetSocketAddress(host("::"), 0), true);
        try (Socket peer = connect("127.0.0.1", listener)) {
            int fd = accept(listener);
            assertEquals(peer.getLocalSocketAddress(), Sockets.remoteAddress(fd));
            Libc.close(fd);
        }
        Libc.close(listener);
    }

    private static void assumeIpv6() throws IOException {
        Path addresses = Path.of("/proc/net/if_inet6");
        assumeTrue(Files.exists(addresses) && !Files.readString(addresses).isEmpty(),
                "no IPv6 address on this machine");
    }

    @Test
    void portOfSomethingElseIsAnError() {
        int eventFd = Libc.eventfd(0, 0);
        assertEquals(-Errno.ENOTSOCK, Sockets.port(eventFd));
        Libc.close(eventFd);
        int local = Libc.socket(Linux.AF_UNIX(), Linux.SOCK_STREAM(), 0);
        assertEquals(-Errno.EAFNOSUPPORT, Sockets.port(local));
        Libc.close(local);
    }

    @Test
    void sendfileSendsAPartAndLeavesThePositionAlone(@TempDir Path directory) throws IOException {
        Path path = Files.writeString(directory.resolve("file"), "0123456789");
        int file = Libc.openat(Linux.AT_FDCWD(), path.toString(), Linux.O_RDONLY() | Linux.O_CLOEXEC(), 0);
        int listener = listener(ANY_PORT, false);
        try (Socket peer = connect("127.0.0.1", listener)) {
            int fd = accept(listener);
            assertEquals(3, Libc.sendfile(fd, file, 4, 3));
            assertEquals(2, Libc.sendfile(fd, file, 8, 100));
            assertEquals(0, Libc.sendfile(fd, file, 10, 100));
            Libc.close(fd);
            assertEquals("45689", new String(peer.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
        MemorySegment memory = arena.allocate(1);
        assertEquals(1, Libc.read(file, memory.address(), 1));
        assertEquals('0', memory.get(ValueLayout.JAVA_BYTE, 0));
        Libc.close(file);
        Libc.close(listener);
    }

    @Test
    void connectReachesAServerByItsPath(@TempDir Path directory) {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("server"));
        int server = Sockets.listen(address, 1);
        int first = Sockets.open(address, true);
        assertTrue(server >= 0 && first >= 0, () -> server + ", " + first);
        assertEquals(0, Sockets.connect(first, address));
        assertTrue(Files.exists(address.getPath()));
        assertEquals(-Errno.EADDRINUSE, Sockets.listen(address, 1));

        int result = 0;
        List<Integer> fillers = new ArrayList<>();
        for (int i = 0; i < 16 && result == 0; i++) {
            int filler = Sockets.open(address, true);
            fillers.add(filler);
            result = Sockets.connect(filler, address);
        }
        assertEquals(-Errno.EAGAIN, result, "a full accept queue");
        int duplicate = Sockets.duplicate(server);
        Libc.close(server);
        int accepted = Libc.accept4(duplicate, 0);
        assertTrue(accepted >= 0, "the other descriptor is of the same socket");
        for (int fd : fillers) {
            Libc.close(fd);
        }
        Libc.close(accepted);
        Libc.close(first);
        Libc.close(duplicate);
        int late = Sockets.open(address, true);
        assertEquals(-Errno.ECONNREFUSED, Sockets.connect(late, address), "the file alone");
        Libc.close(late);
    }

    @Test
    void addressesThatCannotBeAreRefused(@TempDir Path directory) {
        MemorySegment struct = arena.allocate(Sockets.ADDRESS_BYTES, Long.BYTES);
        String longest = "/" + "x".repeat(Sockets.MAX_PATH_BYTES - 1);
        assertEquals(2 + Sockets.MAX_PATH_BYTES + 1, Sockets.encode(UnixDomainSocketAddress.of(longest), struct));
        assertEquals(-Errno.ENAMETOOLONG, Sockets.encode(UnixDomainSocketAddress.of(longest + "x"), struct));
        assertEquals(-Errno.EINVAL, Sockets.encode(UnixDomainSocketAddress.of(""), struct));
        assertEquals(-Errno.EADDRNOTAVAIL,
                Sockets.encode(InetSocketAddress.createUnresolved("host.invalid", 80), struct));
        SocketAddress foreign = new SocketAddress() {
            private static final long serialVersionUID = 1L;
        };
        assertEquals(-Errno.EAFNOSUPPORT, Sockets.encode(foreign, struct));
        assertEquals(-Errno.EAFNOSUPPORT, Sockets.open(foreign, true));
    }
}
