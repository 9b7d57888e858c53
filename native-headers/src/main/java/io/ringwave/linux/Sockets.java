package io.ringwave.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.bindings.linux.in_addr;
import io.ringwave.bindings.linux.sock_filter;
import io.ringwave.bindings.linux.sock_fprog;
import io.ringwave.bindings.linux.sockaddr_in;
import io.ringwave.bindings.linux.sockaddr_in6;
import io.ringwave.bindings.linux.sockaddr_un;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * TCP and Unix-domain sockets in terms of Java's socket addresses, for set-up: these methods allocate. Any thread may
 * call.
 */
public final class Sockets {

    /** Room for any address: a {@code sockaddr_un} has 110 bytes. In the scratch struct the length stands behind it. */
    public static final int ADDRESS_BYTES = 128;
    /** The longest path of a Unix-domain socket, without the zero that ends it (unix(7)). */
    public static final int MAX_PATH_BYTES = 107;

    /** What the JDK encodes file names with. */
    private static final Charset FILE_NAMES = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    private static final int NO_LISTENER = -1;
    private static final int IPV4_BYTES = 4;
    private static final int IPV6_BYTES = 16;

    private Sockets() {}

    /**
     * Opens a listening TCP socket, closed on exec. An IPv6 wildcard takes IPv4 connections too. Accepted sockets
     * inherit TCP_NODELAY.
     *
     * @param address where to listen; port 0 lets the kernel choose, see {@link #port}
     * @param backlog connections that may wait to be accepted; the kernel caps it at {@code net.core.somaxconn}
     * @param sharedPort set SO_REUSEPORT: several listeners of one user share the port and its connections
     * @param nonBlocking make {@code accept} answer {@code -EAGAIN} rather than wait
     * @return a descriptor, or {@code -errno}; {@code -EADDRNOTAVAIL} for a host name that was not resolved
     */
    public static int listen(InetSocketAddress address, int backlog, boolean sharedPort, boolean nonBlocking) {
        int fd = bound(address, sharedPort, nonBlocking);
        if (fd < 0) {
            return fd;
        }
        int result = Libc.setsockopt(fd, Linux.IPPROTO_TCP(), Linux.TCP_NODELAY(), 1);
        if (result == 0) {
            result = Libc.listen(fd, backlog);
        }
        return closedUnless(result == 0, fd, result);
    }

    /**
     * Binds a Unix-domain socket and listens, closed on exec. That makes the file: {@code -EADDRINUSE} if there is one.
     * Who may write to the file may connect (unix(7)); the umask decides.
     *
     * @return a descriptor, or {@code -errno}; see {@link #encode}
     */
    public static int listen(UnixDomainSocketAddress address, int backlog) {
        int fd = open(address, false);
        if (fd < 0) {
            return fd;
        }
        CallScratch scratch = CallScratch.current();
        int result = encode(address, scratch.struct());
        if (result >= 0) {
            result = Libc.bind(fd, scratch.structAddress(), result);
        }
        if (result == 0) {
            result = Libc.listen(fd, backlog);
        }
        return closedUnless(result == 0, fd, result);
    }

    /**
     * Sends connections to that one of several listeners of one port whose CPU received them, by a program of classic BPF
     * (SO_ATTACH_REUSEPORT_CBPF, socket(7)). Needs no privilege. The kernel asks it for an index among the listeners, and
     * spreads by hash where there is no such one, as without a program.
     *
     * @param fd any of the listeners; the program is for all of them
     * @param cpus the CPU of each listener, in the order in which they began to listen; at most 1,024
     * @return 0, or {@code -errno}
     */
    public static int steer(int fd, int[] cpus) {
        boolean identical = true;
        for (int i = 0; i < cpus.length; i++) {
            identical &= cpus[i] == i;
        }
        int length = identical ? 2 : 2 * cpus.length + 2;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = sock_filter.allocateArray(length, arena);
            instruction(program, 0, Linux.BPF_LD() | Linux.BPF_W() | Linux.BPF_ABS(), 0,
                    Linux.SKF_AD_OFF() + Linux.SKF_AD_CPU());
            if (identical) {
                instruction(program, 1, Linux.BPF_RET() | Linux.BPF_A(), 0, 0);
            } else {
                for (int i = 0; i < cpus.length; i++) {
                    instruction(program, 2 * i + 1, Linux.BPF_JMP() | Linux.BPF_JEQ() | Linux.BPF_K(), 1, cpus[i]);
                    instruction(program, 2 * i + 2, Linux.BPF_RET() | Linux.BPF_K(), 0, i);
                }
                instruction(program, length - 1, Linux.BPF_RET() | Linux.BPF_K(), 0, NO_LISTENER);
            }
            MemorySegment header = sock_fprog.allocate(arena);
            sock_fprog.len(header, (short) length);
            sock_fprog.filter(header, program);
            // SAFETY: the kernel copies both before the call returns, and the arena lives until then
            return Libc.setsockopt(fd, Linux.SOL_SOCKET(), Linux.SO_ATTACH_REUSEPORT_CBPF(), header.address(),
                    (int) header.byteSize());
        }
    }

    /** @param skip how many instructions to skip if a comparison fails */
    private static void instruction(MemorySegment program, int index, int code, int skip, int value) {
        MemorySegment instruction = sock_filter.asSlice(program, index);
        sock_filter.code(instruction, (short) code);
        sock_filter.jt(instruction, (byte) 0);
        sock_filter.jf(instruction, (byte) skip);
        sock_filter.k(instruction, value);
    }

    /** Another descriptor of the same socket, closed on exec. @return a descriptor, or {@code -errno} */
    public static int duplicate(int fd) {
        return Libc.fcntl(fd, Linux.F_DUPFD_CLOEXEC(), 0);
    }

    /** Makes calls on a socket wait, or answer {@code -EAGAIN}: for all its descriptors. @return 0, or {@code -errno} */
    public static int nonBlocking(int fd, boolean nonBlocking) {
        return Libc.fcntl(fd, Linux.F_SETFL(), Linux.O_RDWR() | (nonBlocking ? Linux.O_NONBLOCK() : 0));
    }

    /**
     * Asks whether a listener of one's own could be opened at an address. It binds without SO_REUSEPORT and closes
     * again, so that a port that another process shares by SO_REUSEPORT is reported as in use, where
     * {@link #listen} with {@code sharedPort} would join in silently.
     *
     * @return 0, or {@code -EADDRINUSE}, {@code -EADDRNOTAVAIL}, {@code -EACCES} or another {@code -errno}
     */
    public static int probe(InetSocketAddress address) {
        int fd = bound(address, false, false);
        if (fd < 0) {
            return fd;
        }
        Libc.close(fd);
        return 0;
    }

    /**
     * Breaks a connection off: tells the peer by a reset, and drops what was sent and not acknowledged, together with the
     * kernel's references to that memory (connect(2) with AF_UNSPEC, tcp(7)). The descriptor stays open.
     *
     * @return 0 or {@code -errno}
     */
    public static int disconnect(int fd) {
        CallScratch scratch = CallScratch.current();
        scratch.struct().asSlice(0, ADDRESS_BYTES).fill((byte) 0); // AF_UNSPEC is 0
        return Libc.disconnect(fd, scratch.structAddress(), ADDRESS_BYTES);
    }

    /**
     * The local port of a socket.
     *
     * @return 0 to 65535, or {@code -errno}; {@code -EAFNOSUPPORT} if it is no internet socket
     */
    public static int port(int fd) {
        CallScratch scratch = CallScratch.current();
        int result = Libc.getsockname(fd, scratch.structAddress(), lengthAddress(scratch));
        if (result < 0) {
            return result;
        }
        MemorySegment struct = scratch.struct();
        // family and port have the same places in both structs
        return isInternet(struct) ? hostPort(struct) : -Errno.EAFNOSUPPORT;
    }

    /**
     * The peer's address. An IPv4 peer of an IPv6 socket is reported as IPv4.
     *
     * @return null if there is none any more, or it is no internet address
     */
    public static @Nullable InetSocketAddress remoteAddress(int fd) {
        CallScratch scratch = CallScratch.current();
        int result = Libc.getpeername(fd, scratch.structAddress(), lengthAddress(scratch));
        return result == 0 && isInternet(scratch.struct()) ? decode(scratch.struct()) : null;
    }

    /**
     * Opens a socket to connect with, closed on exec, with TCP_NODELAY if it is a TCP socket.
     *
     * @param address where it will connect to: decides the family
     * @param nonBlocking make {@link #connect} answer {@code -EINPROGRESS} rather than wait
     * @return a descriptor, or {@code -errno}; {@code -EAFNOSUPPORT} for an address of another kind
     */
    public static int open(SocketAddress address, boolean nonBlocking) {
        int type = Linux.SOCK_STREAM() | Linux.SOCK_CLOEXEC() | (nonBlocking ? Linux.SOCK_NONBLOCK() : 0);
        if (address instanceof UnixDomainSocketAddress) {
            return Libc.socket(Linux.AF_UNIX(), type, 0);
        }
        if (!(address instanceof InetSocketAddress internet)) {
            return -Errno.EAFNOSUPPORT;
        }
        boolean ipv6 = internet.getAddress() instanceof Inet6Address;
        int fd = Libc.socket(ipv6 ? Linux.AF_INET6() : Linux.AF_INET(), type, 0);
        if (fd < 0) {
            return fd;
        }
        int result = Libc.setsockopt(fd, Linux.IPPROTO_TCP(), Linux.TCP_NODELAY(), 1);
        return closedUnless(result == 0, fd, result);
    }

    /**
     * Connects a socket (connect(2)).
     *
     * @return 0, or {@code -errno}; see {@link #encode}. {@code -EINPROGRESS}: {@code SO_ERROR} tells the outcome when the
     *     socket has become writable. {@code -EAGAIN}: the accept queue of a Unix-domain server is full, and nothing
     *     will tell when it no longer is
     */
    public static int connect(int fd, SocketAddress address) {
        CallScratch scratch = CallScratch.current();
        int length = encode(address, scratch.struct());
        return length < 0 ? length : Libc.connect(fd, scratch.structAddress(), length);
    }

    /**
     * Writes an address in the kernel's form: {@code sockaddr_in}, {@code sockaddr_in6} or {@code sockaddr_un}.
     *
     * @param struct at least {@link #ADDRESS_BYTES} long
     * @return its length in bytes, or {@code -errno}: {@code -EADDRNOTAVAIL} for a host name that was not resolved,
     *     {@code -ENAMETOOLONG} for a path of more than {@link #MAX_PATH_BYTES} bytes, {@code -EINVAL} for an empty
     *     path, {@code -EAFNOSUPPORT} for an address of another kind
     */
    public static int encode(SocketAddress address, MemorySegment struct) {
        if (address instanceof UnixDomainSocketAddress unix) {
            return encode(unix, struct);
        }
        if (!(address instanceof InetSocketAddress internet)) {
            return -Errno.EAFNOSUPPORT;
        }
        InetAddress host = internet.getAddress();
        return host == null ? -Errno.EADDRNOTAVAIL : encode(host, internet.getPort(), struct);
    }

    private static int encode(UnixDomainSocketAddress address, MemorySegment struct) {
        byte[] path = address.getPath().toString().getBytes(FILE_NAMES);
        if (path.length == 0) {
            return -Errno.EINVAL;
        }
        if (path.length > MAX_PATH_BYTES) {
            return -Errno.ENAMETOOLONG;
        }
        sockaddr_un.sun_family(struct, (short) Linux.AF_UNIX());
        MemorySegment.copy(path, 0, struct, JAVA_BYTE, sockaddr_un.sun_path$offset(), path.length);
        struct.set(JAVA_BYTE, sockaddr_un.sun_path$offset() + path.length, (byte) 0);
        return (int) sockaddr_un.sun_path$offset() + path.length + 1;
    }

    private static int bound(InetSocketAddress address, boolean sharedPort, boolean nonBlocking) {
        InetAddress host = address.getAddress();
        if (host == null) {
            return -Errno.EADDRNOTAVAIL;
        }
        boolean ipv6 = host instanceof Inet6Address;
        int type = Linux.SOCK_STREAM() | Linux.SOCK_CLOEXEC() | (nonBlocking ? Linux.SOCK_NONBLOCK() : 0);
        int fd = Libc.socket(ipv6 ? Linux.AF_INET6() : Linux.AF_INET(), type, 0);
        if (fd < 0) {
            return fd;
        }
        // without SO_REUSEADDR connections in TIME_WAIT would keep a restarted server from its port for a minute
        int result = Libc.setsockopt(fd, Linux.SOL_SOCKET(), Linux.SO_REUSEADDR(), 1);
        if (result == 0 && sharedPort) {
            result = Libc.setsockopt(fd, Linux.SOL_SOCKET(), Linux.SO_REUSEPORT(), 1);
        }
        if (result == 0 && ipv6 && host.isAnyLocalAddress()) {
            // not left to net.ipv6.bindv6only
            result = Libc.setsockopt(fd, Linux.IPPROTO_IPV6(), Linux.IPV6_V6ONLY(), 0);
        }
        if (result == 0) {
            CallScratch scratch = CallScratch.current();
            int length = encode(host, address.getPort(), scratch.struct());
            result = Libc.bind(fd, scratch.structAddress(), length);
        }
        return closedUnless(result == 0, fd, result);
    }

    private static int closedUnless(boolean good, int fd, int error) {
        if (good) {
            return fd;
        }
        Libc.close(fd);
        return error;
    }

    /** Writes a {@code sockaddr_in} or {@code sockaddr_in6}; returns its length. */
    private static int encode(InetAddress host, int port, MemorySegment struct) {
        byte[] bytes = host.getAddress();
        if (host instanceof Inet6Address ipv6) {
            sockaddr_in6.sin6_family(struct, (short) Linux.AF_INET6());
            sockaddr_in6.sin6_port(struct, Short.reverseBytes((short) port));
            sockaddr_in6.sin6_flowinfo(struct, 0);
            MemorySegment.copy(bytes, 0, struct, JAVA_BYTE, sockaddr_in6.sin6_addr$offset(), IPV6_BYTES);
            sockaddr_in6.sin6_scope_id(struct, ipv6.getScopeId());
            return (int) sockaddr_in6.sizeof();
        }
        struct.asSlice(0, sockaddr_in.sizeof()).fill((byte) 0);
        sockaddr_in.sin_family(struct, (short) Linux.AF_INET());
        sockaddr_in.sin_port(struct, Short.reverseBytes((short) port));
        MemorySegment.copy(bytes, 0, struct, JAVA_BYTE, sockaddr_in.sin_addr$offset() + in_addr.s_addr$offset(),
                IPV4_BYTES);
        return (int) sockaddr_in.sizeof();
    }

    private static InetSocketAddress decode(MemorySegment struct) {
        boolean ipv6 = sockaddr_in.sin_family(struct) == (short) Linux.AF_INET6();
        byte[] bytes = new byte[ipv6 ? IPV6_BYTES : IPV4_BYTES];
        long from = ipv6 ? sockaddr_in6.sin6_addr$offset() : sockaddr_in.sin_addr$offset();
        MemorySegment.copy(struct, JAVA_BYTE, from, bytes, 0, bytes.length);
        int scope = ipv6 ? sockaddr_in6.sin6_scope_id(struct) : 0;
        try {
            // the first form keeps the scope, the second turns ::ffff:a.b.c.d into an IPv4 address
            InetAddress host = scope != 0
                    ? Inet6Address.getByAddress(null, bytes, scope)
                    : InetAddress.getByAddress(bytes);
            return new InetSocketAddress(host, hostPort(struct));
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible); // thrown only for a wrong length
        }
    }

    private static boolean isInternet(MemorySegment struct) {
        short family = sockaddr_in.sin_family(struct);
        return family == (short) Linux.AF_INET() || family == (short) Linux.AF_INET6();
    }

    private static int hostPort(MemorySegment struct) {
        return Short.toUnsignedInt(Short.reverseBytes(sockaddr_in.sin_port(struct)));
    }

    private static long lengthAddress(CallScratch scratch) {
        scratch.struct().set(JAVA_INT, ADDRESS_BYTES, ADDRESS_BYTES);
        return scratch.structAddress() + ADDRESS_BYTES;
    }
}
