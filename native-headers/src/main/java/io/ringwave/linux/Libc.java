package io.ringwave.linux;

import static io.ringwave.linux.Downcalls.unexpected;
import static io.ringwave.linux.Downcalls.variadicWithErrno;
import static io.ringwave.linux.Downcalls.withErrno;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.bindings.linux.open_how;
import io.ringwave.bindings.linux.rlimit;
import io.ringwave.bindings.linux.timespec;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls by their own names and arguments. Each returns what the call returns, {@code >= 0}, or {@code -errno}
 * ({@link Errno}); none throws for an error of the call, retries, or checks what the kernel checks anyway. Memory is
 * passed as a raw address: the caller guarantees that it is valid for the length given, until the call returns.
 * Constants come from {@link Linux}. Any thread may call; only {@link #openat} and {@link #openat2} allocate, and only for a {@code String}.
 */
public final class Libc {

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    // By number: glibc wraps epoll_pwait2 only from 2.35 on, and most releases in use do not wrap openat2 at all.
    private static final long SYS_EPOLL_PWAIT2 = Linux.SYS_epoll_pwait2();
    private static final long SYS_OPENAT2 = Linux.SYS_openat2();
    // Not among the generated constants, which are those of x86-64; older calls have other numbers elsewhere
    // (asm-generic/unistd.h).
    private static final int O_DIRECT = System.getProperty("os.arch").equals("amd64") ? 0x4000 : 0x10000;
    private static final long SYS_GETDENTS64 = System.getProperty("os.arch").equals("amd64") ? 217 : 61;

    // Pointers are longs in the descriptors: an address argument costs a liveness check and a conversion per call.
    private static final MethodHandle SOCKET = withErrno(Linux.socket$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle ACCEPT4 = withErrno(Linux.accept4$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SHUTDOWN = withErrno(Linux.shutdown$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle CLOSE = withErrno(Linux.close$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle SETSOCKOPT = withErrno(Linux.setsockopt$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle GETSOCKOPT = withErrno(Linux.getsockopt$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle BIND = withErrno(Linux.bind$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle CONNECT = withErrno(Linux.connect$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle LISTEN = withErrno(Linux.listen$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle GETSOCKNAME = withErrno(Linux.getsockname$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle GETPEERNAME = withErrno(Linux.getpeername$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle READ = withErrno(Linux.read$address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle WRITE = withErrno(Linux.write$address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle SPLICE = withErrno(Linux.splice$address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle PIPE2 = withErrno(Linux.pipe2$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle POSIX_FADVISE = withErrno(Linux.posix_fadvise$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle IOCTL = variadicWithErrno(Linux.ioctl.address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG), 2);
    private static final MethodHandle EPOLL_CREATE1 = withErrno(Linux.epoll_create1$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle EPOLL_CTL = withErrno(Linux.epoll_ctl$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle EVENTFD = withErrno(Linux.eventfd$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle FCNTL = variadicWithErrno(Linux.fcntl.address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), 2);
    private static final MethodHandle OPENAT = variadicWithErrno(Linux.openat.address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT), 3);
    private static final MethodHandle FSTAT = withErrno(Linux.fstat$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle GETPID = withErrno(Linux.getpid$address(), FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle GETTID = withErrno(Linux.gettid$address(), FunctionDescriptor.of(JAVA_INT));
    private static final MethodHandle KILL = withErrno(Linux.kill$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle GETRLIMIT = withErrno(Linux.getrlimit$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle OPENAT2 = variadicWithErrno(Linux.syscall.address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG), 1);
    private static final MethodHandle GETDENTS64 = variadicWithErrno(Linux.syscall.address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG), 1);
    private static final MethodHandle SCHED_SETAFFINITY = withErrno(Linux.sched_setaffinity$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle SCHED_GETAFFINITY = withErrno(Linux.sched_getaffinity$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MMAP = withErrno(Linux.mmap$address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = withErrno(Linux.munmap$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle FTRUNCATE = withErrno(Linux.ftruncate$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle FALLOCATE = withErrno(Linux.fallocate$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    // Not among the generated ones; in glibc from 2.27 on.
    private static final MethodHandle MEMFD_CREATE = withErrno(Downcalls.find("memfd_create"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle GETPAGESIZE = Downcalls.plain(Downcalls.find("getpagesize"),
            FunctionDescriptor.of(JAVA_INT));

    // glibc leaves these to libnuma.
    private static final long SYS_MBIND = Linux.SYS_mbind();
    private static final long SYS_SET_MEMPOLICY = Linux.SYS_set_mempolicy();
    /** The kernel takes one less than it is told (mbind(2), bugs). */
    private static final long NODE_MASK_BITS = Long.SIZE + 1;
    private static final MethodHandle MADVISE = withErrno(Linux.madvise$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle MBIND = variadicWithErrno(Linux.syscall.address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG),
            1);
    private static final MethodHandle SET_MEMPOLICY = variadicWithErrno(Linux.syscall.address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG), 1);
    private static final long UNACKNOWLEDGED = Linux.SIOCOUTQ();
    private static final int NO_WAIT = Linux.RWF_NOWAIT();

    // The calls that a loop makes for requests. Not final on purpose: a constant handle is inlined into its callers, up
    // to a whole turn of a loop with all of HTTP in it, where C2's limits (NodeCountInliningCutoff, DesiredMethodLimit)
    // may end in the middle of the handle. It depends on what was compiled when; then every call makes the slice of the
    // capture segment that the JDK's binding asks for (40 bytes), and is slower, for as long as the JVM lives. A handle
    // that is no constant is customised by the JDK after 127 calls and compiled by itself, small enough to be inlined
    // to its end. That costs a comparison and an indirect call beside a system call.

    /**
     * recvfrom(2) and sendto(2) without glibc's wrappers: those are cancellation points, which in a process of several
     * threads costs two atomic operations a call (1 to 2 % of a request without pipelining).
     */
    private static MethodHandle recvfromOrSendto = variadicWithErrno(Linux.syscall.address(), FunctionDescriptor
            .of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG), 1);
    private static MethodHandle sendfile = withErrno(Linux.sendfile$address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static MethodHandle pread = withErrno(Linux.pread$address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static MethodHandle preadv2 = withErrno(Linux.preadv2$address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));
    private static MethodHandle epollPwait2 = variadicWithErrno(Linux.syscall.address(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG),
            1);
    private static MethodHandle epollWait = withErrno(Linux.epoll_wait$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));

    /** Turned once, when the kernel has refused the newer call; a race only costs one more refusal. */
    private static volatile boolean epollPwait2Missing;

    private Libc() {}

    /**
     * Makes a socket (socket(2)).
     *
     * @param domain {@code AF_INET} or another address family
     * @param type {@code SOCK_STREAM} or another type, or-ed with {@code SOCK_CLOEXEC} and {@code SOCK_NONBLOCK}
     * @param protocol 0 for the type's usual one
     * @return a descriptor, or {@code -errno}
     */
    public static int socket(int domain, int type, int protocol) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) SOCKET.invokeExact(scratch.capture(), domain, type, protocol));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Takes a connection from a listener's backlog; the peer's address is left to {@link Sockets#remoteAddress}
     * (accept4(2)).
     *
     * @param flags {@code SOCK_CLOEXEC}, {@code SOCK_NONBLOCK}
     * @return a descriptor, or {@code -errno}
     */
    public static int accept4(int fd, int flags) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) ACCEPT4.invokeExact(scratch.capture(), fd, 0L, 0L, flags));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Connects a socket to an address (connect(2)); {@link Sockets#connect} has it in Java's terms.
     *
     * @param address of a {@code sockaddr} of {@code length} bytes, which the caller keeps alive
     * @return 0, or {@code -errno}; {@code -EINPROGRESS} from a non-blocking TCP socket
     */
    public static int connect(int fd, long address, int length) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) CONNECT.invokeExact(scratch.capture(), fd, address, length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Ends one or both directions of a connection, whoever else holds the descriptor (shutdown(2)).
     *
     * @param how {@code SHUT_RD}, {@code SHUT_WR} or {@code SHUT_RDWR}
     * @return 0, or {@code -errno}
     */
    public static int shutdown(int fd, int how) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) SHUTDOWN.invokeExact(scratch.capture(), fd, how));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Closes a descriptor (close(2)). Never repeat it: Linux has freed the number even after {@code -EINTR}.
     *
     * @return 0, or {@code -errno}
     */
    public static int close(int fd) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) CLOSE.invokeExact(scratch.capture(), fd));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Sets a socket option whose value is an int (setsockopt(2)).
     *
     * @return 0, or {@code -errno}
     */
    public static int setsockopt(int fd, int level, int name, int value) {
        CallScratch scratch = CallScratch.current();
        scratch.struct().set(JAVA_INT, 0, value);
        try {
            return scratch.result((int) SETSOCKOPT.invokeExact(scratch.capture(), fd, level, name,
                    scratch.structAddress(), Integer.BYTES));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** setsockopt(2) with a value of any kind: 0, or {@code -errno}. */
    static int setsockopt(int fd, int level, int name, long address, int length) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) SETSOCKOPT.invokeExact(scratch.capture(), fd, level, name, address, length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Reads a socket option whose value is an int {@code >= 0} (getsockopt(2)).
     *
     * @return the value, or {@code -errno}
     */
    public static int getsockopt(int fd, int level, int name) {
        CallScratch scratch = CallScratch.current();
        // the value, zeroed because some options fill in one byte only, and behind it the length
        scratch.struct().set(JAVA_INT, 0, 0);
        scratch.struct().set(JAVA_INT, Integer.BYTES, Integer.BYTES);
        long address = scratch.structAddress();
        try {
            int result = scratch.result(
                    (int) GETSOCKOPT.invokeExact(scratch.capture(), fd, level, name, address, address + Integer.BYTES));
            return result < 0 ? result : scratch.struct().get(JAVA_INT, 0);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Receives from a socket (recv(2)).
     *
     * @param address of at least {@code length} writable bytes, which the caller keeps alive
     * @param flags {@code MSG_DONTWAIT}, {@code MSG_PEEK} ...
     * @return the number of bytes, 0 when the peer has finished sending, or {@code -errno}
     */
    public static int recv(int fd, long address, int length, int flags) {
        CallScratch scratch = CallScratch.current();
        try {
            return (int) scratch
                    .result((long) recvfromOrSendto.invokeExact(scratch.capture(), SystemCalls.RECVFROM, fd,
                            address, (long) length, flags, 0L, 0L));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Sends on a socket (send(2)). Without {@code MSG_NOSIGNAL} a broken connection raises SIGPIPE, which the JVM
     * ignores.
     *
     * @param address of at least {@code length} readable bytes, which the caller keeps alive
     * @return the number of bytes taken, which may be fewer than asked, or {@code -errno}
     */
    public static int send(int fd, long address, int length, int flags) {
        CallScratch scratch = CallScratch.current();
        try {
            return (int) scratch.result((long) recvfromOrSendto.invokeExact(scratch.capture(), SystemCalls.SENDTO, fd,
                    address, (long) length, flags, 0L, 0L));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Copies from a file to a socket within the kernel (sendfile(2)). Does not move the file's own position.
     *
     * @param position the offset in the file, in bytes
     * @return the number of bytes sent, 0 at the end of the file, or {@code -errno}
     */
    public static long sendfile(int out, int in, long position, long count) {
        CallScratch scratch = CallScratch.current();
        scratch.struct().set(JAVA_LONG, 0, position);
        try {
            return scratch
                    .result((long) sendfile.invokeExact(scratch.capture(), out, in, scratch.structAddress(), count));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Moves bytes from a file into a pipe within the kernel (splice(2)). Does not move the file's own position.
     *
     * @param position the offset in the file, in bytes
     * @param flags {@code SPLICE_F_NONBLOCK} ...
     * @return the number of bytes moved, 0 at the end of the file, or {@code -errno}
     */
    public static long spliceFromFile(int file, long position, int pipe, long count, int flags) {
        CallScratch scratch = CallScratch.current();
        scratch.struct().set(JAVA_LONG, 0, position);
        try {
            return scratch.result((long) SPLICE.invokeExact(scratch.capture(), file, scratch.structAddress(), pipe, 0L,
                    count, flags));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Moves bytes from a pipe to a socket within the kernel (splice(2)).
     *
     * @param flags {@code SPLICE_F_NONBLOCK}, {@code SPLICE_F_MORE} ...
     * @return the number of bytes moved, 0 if the pipe is empty and nobody writes to it, or {@code -errno}
     */
    public static long spliceFromPipe(int pipe, int socket, long count, int flags) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result(
                    (long) SPLICE.invokeExact(scratch.capture(), pipe, 0L, socket, 0L, count, flags));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Makes a pipe (pipe2(2)).
     *
     * @param flags {@code O_CLOEXEC}, {@code O_NONBLOCK}
     * @return both descriptors, the end to read from in the lower half; or {@code -errno}
     */
    public static long pipe2(int flags) {
        CallScratch scratch = CallScratch.current();
        try {
            int result = scratch.result((int) PIPE2.invokeExact(scratch.capture(), scratch.structAddress(), flags));
            return result < 0
                    ? result
                    : scratch.struct().get(JAVA_INT, 0) | (long) scratch.struct().get(JAVA_INT, Integer.BYTES) << 32;
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Says how a part of a file will be used (posix_fadvise(2)).
     *
     * @param advice {@code POSIX_FADV_WILLNEED}: reading it into the page cache begins
     * @return 0, or {@code -errno}
     */
    public static int fadvise(int fd, long position, long length, int advice) {
        CallScratch scratch = CallScratch.current();
        try { // unlike the others, it returns the error
            return -(int) POSIX_FADVISE.invokeExact(scratch.capture(), fd, position, length, advice);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * How many bytes the peer of a TCP socket has not acknowledged, of those that were sent and those that wait to be
     * (SIOCOUTQ, tcp(7)); for a Unix-domain socket, that it has not read.
     *
     * @return the number, or {@code -errno}
     */
    public static int unacknowledged(int socket) {
        CallScratch scratch = CallScratch.current();
        try {
            int result = scratch.result(
                    (int) IOCTL.invokeExact(scratch.capture(), socket, UNACKNOWLEDGED, scratch.structAddress()));
            return result < 0 ? result : scratch.struct().get(JAVA_INT, 0);
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Reads at the descriptor's own position (read(2)).
     *
     * @param address of at least {@code length} writable bytes, which the caller keeps alive
     * @return the number of bytes, 0 at the end of the file, or {@code -errno}
     */
    public static int read(int fd, long address, int length) {
        CallScratch scratch = CallScratch.current();
        try {
            return (int) scratch.result((long) READ.invokeExact(scratch.capture(), fd, address, (long) length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Writes at the descriptor's own position (write(2)).
     *
     * @param address of at least {@code length} readable bytes, which the caller keeps alive
     * @return the number of bytes taken, or {@code -errno}
     */
    public static int write(int fd, long address, int length) {
        CallScratch scratch = CallScratch.current();
        try {
            return (int) scratch.result((long) WRITE.invokeExact(scratch.capture(), fd, address, (long) length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Reads at a given position and leaves the descriptor's own alone (pread(2)).
     *
     * @param address of at least {@code length} writable bytes, which the caller keeps alive
     * @param position the offset in the file, in bytes
     * @return the number of bytes, 0 at the end of the file, or {@code -errno}
     */
    public static int pread(int fd, long address, int length, long position) {
        CallScratch scratch = CallScratch.current();
        try {
            return (int) scratch
                    .result((long) pread.invokeExact(scratch.capture(), fd, address, (long) length, position));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * As {@link #pread}, of what the page cache holds: never waits for a disk (preadv2(2), RWF_NOWAIT, Linux 4.14).
     *
     * @return the number of bytes, which may be fewer than there are, 0 at the end of the file, {@code -EAGAIN} if the
     *     first is not in memory, {@code -EOPNOTSUPP} if the file system cannot tell, or {@code -errno}
     */
    public static int preadCached(int fd, long address, int length, long position) {
        CallScratch scratch = CallScratch.current();
        scratch.struct().set(JAVA_LONG, 0, address); // an iovec
        scratch.struct().set(JAVA_LONG, Long.BYTES, length);
        try {
            return (int) scratch.result((long) preadv2.invokeExact(scratch.capture(), fd, scratch.structAddress(), 1,
                    position, NO_WAIT));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Makes an epoll instance that is closed on exec (epoll_create1(2)).
     *
     * @return a descriptor, or {@code -errno}
     */
    public static int epollCreate() {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) EPOLL_CREATE1.invokeExact(scratch.capture(), Linux.EPOLL_CLOEXEC()));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Adds, changes or removes a registration (epoll_ctl(2)).
     *
     * @param op {@code EPOLL_CTL_ADD}, {@code EPOLL_CTL_MOD} or {@code EPOLL_CTL_DEL}
     * @param events {@code EPOLLIN}, {@code EPOLLET} ...
     * @param data comes back with every event of this descriptor
     * @return 0, or {@code -errno}
     */
    public static int epollControl(int epfd, int op, int fd, int events, long data) {
        CallScratch scratch = CallScratch.current();
        EpollEvent.write(scratch.struct(), events, data);
        try {
            return scratch
                    .result((int) EPOLL_CTL.invokeExact(scratch.capture(), epfd, op, fd, scratch.structAddress()));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Waits for events (epoll_pwait2(2), or epoll_wait(2) rounded up to milliseconds where the kernel is older than
     * 5.11 or a filter forbids the newer call). Read them with {@link EpollEvent}.
     *
     * @param eventsAddress of at least {@code maxEvents} times {@link EpollEvent#sizeBytes()} bytes
     * @param timeoutNanos 0 looks without waiting, {@link Long#MAX_VALUE} waits for ever
     * @return the number of events, 0 after the timeout, or {@code -errno}, {@code -EINTR} among them
     */
    public static int epollWait(int epfd, long eventsAddress, int maxEvents, long timeoutNanos) {
        assert timeoutNanos >= 0 : timeoutNanos;
        if (!epollPwait2Missing) {
            int result = epollPwait2(epfd, eventsAddress, maxEvents, timeoutNanos);
            // epoll_wait knows neither error: EPERM is how older container filters say "no such call"
            if (result != -Errno.ENOSYS && result != -Errno.EPERM) {
                return result;
            }
            epollPwait2Missing = true;
        }
        return epollWaitMillis(epfd, eventsAddress, maxEvents, timeoutNanos);
    }

    private static int epollPwait2(int epfd, long eventsAddress, int maxEvents, long timeoutNanos) {
        CallScratch scratch = CallScratch.current();
        long timeout = 0; // a null pointer: for ever
        if (timeoutNanos != Long.MAX_VALUE) {
            timeout = scratch.structAddress();
            timespec.tv_sec(scratch.struct(), timeoutNanos / NANOS_PER_SECOND);
            timespec.tv_nsec(scratch.struct(), timeoutNanos % NANOS_PER_SECOND);
        }
        try {
            // without a signal mask its size does not matter
            return (int) scratch.result((long) epollPwait2.invokeExact(scratch.capture(), SYS_EPOLL_PWAIT2,
                    (long) epfd, eventsAddress, (long) maxEvents, timeout, 0L, 0L));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** Package-private for its test: a kernel that has the newer call never comes here. */
    static int epollWaitMillis(int epfd, long eventsAddress, int maxEvents, long timeoutNanos) {
        CallScratch scratch = CallScratch.current();
        int millis = -1;
        if (timeoutNanos != Long.MAX_VALUE) {
            // rounded up: rounded down, a timer loop would spin for the last millisecond
            long whole = timeoutNanos / NANOS_PER_MILLI + (timeoutNanos % NANOS_PER_MILLI == 0 ? 0 : 1);
            millis = (int) Math.min(whole, Integer.MAX_VALUE);
        }
        try {
            return scratch
                    .result((int) epollWait.invokeExact(scratch.capture(), epfd, eventsAddress, maxEvents, millis));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Makes an event counter (eventfd(2)); see {@link EventFd} for one with an owner.
     *
     * @param flags {@code EFD_CLOEXEC}, {@code EFD_NONBLOCK}
     * @return a descriptor, or {@code -errno}
     */
    public static int eventfd(int initial, int flags) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) EVENTFD.invokeExact(scratch.capture(), initial, flags));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Asks or changes something about a descriptor, for commands whose argument is an int or absent (fcntl(2)).
     *
     * @return what the command returns, or {@code -errno}
     */
    public static int fcntl(int fd, int command, int argument) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) FCNTL.invokeExact(scratch.capture(), fd, command, argument));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Opens the file of a descriptor once more for reading, past the page cache (O_DIRECT of open(2)): addresses, lengths and
     * positions of reads must then be aligned (statx(2), stx_dio_mem_align).
     *
     * @return a descriptor of its own, or {@code -errno}: {@code -EINVAL} if the file's filesystem has no such reads,
     *     {@code -ENOENT} without /proc
     */
    public static int openDirect(int descriptor) {
        return openat(Linux.AT_FDCWD(), "/proc/self/fd/" + descriptor, Linux.O_RDONLY() | Linux.O_CLOEXEC() | O_DIRECT,
                0);
    }

    /**
     * Opens a file (openat(2)).
     *
     * @param dir the directory that a relative path starts from, or {@code AT_FDCWD}
     * @param path as UTF-8; one that contains a NUL is {@code -EINVAL}
     * @param flags {@code O_RDONLY}, {@code O_CLOEXEC} ...
     * @param mode permission bits of a file that this creates
     * @return a descriptor, or {@code -errno}
     */
    public static int openat(int dir, String path, int flags, int mode) {
        if (path.indexOf('\0') >= 0) {
            return -Errno.EINVAL; // C would stop reading there and open another file
        }
        try (Arena arena = Arena.ofConfined()) {
            return openat(dir, arena.allocateFrom(path).address(), flags, mode);
        }
    }

    /**
     * As {@link #openat(int, String, int, int)}, for a path that is in memory already, and need not be text: to the
     * kernel it is bytes. Allocates nothing.
     *
     * @param pathAddress of the path's bytes and a NUL, which the caller keeps alive
     */
    public static int openat(int dir, long pathAddress, int flags, int mode) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) OPENAT.invokeExact(scratch.capture(), dir, pathAddress, flags, mode));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Opens a file within limits that the kernel enforces for every component of the path (openat2(2), kernel 5.6).
     *
     * @param dir the directory that a relative path starts from, or {@code AT_FDCWD}
     * @param path as UTF-8; one that contains a NUL is {@code -EINVAL}
     * @param flags {@code O_RDONLY}, {@code O_CLOEXEC} ...
     * @param mode permission bits of a file that this creates, 0 where it creates none
     * @param resolve {@code RESOLVE_BENEATH} and others
     * @return a descriptor, or {@code -errno}; {@code -EXDEV} for a path that leaves {@code dir} though
     *     {@code RESOLVE_BENEATH} was given, {@code -EAGAIN} if a rename made that undecidable: try again
     */
    public static int openat2(int dir, String path, long flags, long mode, long resolve) {
        if (path.indexOf('\0') >= 0) {
            return -Errno.EINVAL; // C would stop reading there and open another file
        }
        try (Arena arena = Arena.ofConfined()) {
            return openat2(dir, arena.allocateFrom(path).address(), flags, mode, resolve);
        }
    }

    /**
     * As {@link #openat2(int, String, long, long, long)}, for a path that is in memory already, and need not be text:
     * to the kernel it is bytes. Allocates nothing.
     *
     * @param pathAddress of the path's bytes and a NUL, which the caller keeps alive
     */
    public static int openat2(int dir, long pathAddress, long flags, long mode, long resolve) {
        CallScratch scratch = CallScratch.current();
        MemorySegment how = scratch.struct();
        open_how.flags(how, flags);
        open_how.mode(how, mode);
        open_how.resolve(how, resolve);
        try {
            return (int) scratch.result((long) OPENAT2.invokeExact(scratch.capture(), SYS_OPENAT2, (long) dir,
                    pathAddress, scratch.structAddress(), open_how.sizeof()));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Reads entries of an open directory, from where the last call ended (getdents64(2)). An entry is a
     * {@code linux_dirent64}: its length in bytes as a short at 16, its name with a NUL from 19 on.
     *
     * @param address of at least {@code length} writable bytes, which the caller keeps alive
     * @return how many bytes of entries were written, 0 at the end of the directory, or {@code -errno}
     */
    public static int getdents64(int fd, long address, int length) {
        CallScratch scratch = CallScratch.current();
        try {
            return (int) scratch.result((long) GETDENTS64.invokeExact(scratch.capture(), SYS_GETDENTS64, (long) fd,
                    address, (long) length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Reads what the file system knows of an open file (fstat(2)).
     *
     * @return 0, or {@code -errno}
     */
    public static int fstat(int fd, FileStatus into) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) FSTAT.invokeExact(scratch.capture(), fd, into.struct()));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** This process (getpid(2)). */
    public static int getpid() {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) GETPID.invokeExact(scratch.capture()));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** This thread, for a virtual thread its carrier (gettid(2)). */
    public static int gettid() {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) GETTID.invokeExact(scratch.capture()));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * Sends a signal (kill(2)).
     *
     * @param signal 0 only asks whether the process is there and may be signalled
     * @return 0, or {@code -errno}
     */
    public static int kill(int pid, int signal) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) KILL.invokeExact(scratch.capture(), pid, signal));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /**
     * The soft limit of a resource (getrlimit(2)).
     *
     * @param resource {@code RLIMIT_NOFILE}, {@code RLIMIT_MEMLOCK} ...
     * @return the limit, {@link Long#MAX_VALUE} where there is none, or {@code -errno}
     */
    public static long getrlimit(int resource) {
        CallScratch scratch = CallScratch.current();
        try {
            int result = scratch
                    .result((int) GETRLIMIT.invokeExact(scratch.capture(), resource, scratch.structAddress()));
            if (result < 0) {
                return result;
            }
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
        long soft = rlimit.rlim_cur(scratch.struct());
        return soft >= 0 ? soft : Long.MAX_VALUE; // RLIM_INFINITY is the largest unsigned number
    }

    /** bind(2): 0, or {@code -errno}. */
    static int bind(int fd, long address, int length) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) BIND.invokeExact(scratch.capture(), fd, address, length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** listen(2): 0, or {@code -errno}. */
    static int listen(int fd, int backlog) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) LISTEN.invokeExact(scratch.capture(), fd, backlog));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** getsockname(2): 0, or {@code -errno}. */
    static int getsockname(int fd, long address, long lengthAddress) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) GETSOCKNAME.invokeExact(scratch.capture(), fd, address, lengthAddress));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** connect(2) to an address of AF_UNSPEC, which disconnects: 0, or {@code -errno}. */
    static int disconnect(int fd, long address, int length) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) CONNECT.invokeExact(scratch.capture(), fd, address, length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** getpeername(2): 0, or {@code -errno}. */
    static int getpeername(int fd, long address, long lengthAddress) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) GETPEERNAME.invokeExact(scratch.capture(), fd, address, lengthAddress));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** sched_setaffinity(2) for the calling thread: 0, or {@code -errno}. */
    static int schedSetaffinity(long maskBytes, long maskAddress) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) SCHED_SETAFFINITY.invokeExact(scratch.capture(), 0, maskBytes, maskAddress));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** sched_getaffinity(2), of the calling thread if {@code thread} is 0: how many bytes it wrote, or {@code -errno}. */
    static int schedGetaffinity(int thread, long maskBytes, long maskAddress) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch
                    .result((int) SCHED_GETAFFINITY.invokeExact(scratch.capture(), thread, maskBytes, maskAddress));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** mmap(2): an address, which is positive in user space, or {@code -errno}. */
    static long mmap(long bytes, int protection, int flags, int fd, long position) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch
                    .result((long) MMAP.invokeExact(scratch.capture(), 0L, bytes, protection, flags, fd, position));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** memfd_create(2): a descriptor, or {@code -errno}. */
    static int memfdCreate(String name, int flags) {
        CallScratch scratch = CallScratch.current();
        try (Arena arena = Arena.ofConfined()) {
            return scratch
                    .result((int) MEMFD_CREATE.invokeExact(scratch.capture(), arena.allocateFrom(name), flags));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** ftruncate(2): 0, or {@code -errno}. */
    static int ftruncate(int fd, long length) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) FTRUNCATE.invokeExact(scratch.capture(), fd, length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** fallocate(2): 0, or {@code -errno}. */
    static int fallocate(int fd, int mode, long offset, long length) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) FALLOCATE.invokeExact(scratch.capture(), fd, mode, offset, length));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** getpagesize(2): the size of a page in bytes, a power of two. */
    static int pageBytes() {
        try {
            return (int) GETPAGESIZE.invokeExact();
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** madvise(2): 0, or {@code -errno}. */
    static int madvise(long address, long bytes, int advice) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) MADVISE.invokeExact(scratch.capture(), address, bytes, advice));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** mbind(2) with one word of node mask: 0, or {@code -errno}. */
    static int mbind(long address, long bytes, int policy, long nodes) {
        CallScratch scratch = CallScratch.current();
        scratch.struct().set(JAVA_LONG, 0, nodes);
        try {
            return (int) scratch.result((long) MBIND.invokeExact(scratch.capture(), SYS_MBIND, address, bytes,
                    (long) policy, scratch.structAddress(), NODE_MASK_BITS, 0L));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** set_mempolicy(2) for the calling thread, with one word of node mask: 0, or {@code -errno}. */
    static int setMempolicy(int policy, long nodes) {
        CallScratch scratch = CallScratch.current();
        scratch.struct().set(JAVA_LONG, 0, nodes);
        try {
            return (int) scratch.result((long) SET_MEMPOLICY.invokeExact(scratch.capture(), SYS_SET_MEMPOLICY,
                    (long) policy, scratch.structAddress(), NODE_MASK_BITS));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /** munmap(2): 0, or {@code -errno}. */
    static int munmap(long address, long bytes) {
        CallScratch scratch = CallScratch.current();
        try {
            return scratch.result((int) MUNMAP.invokeExact(scratch.capture(), address, bytes));
        } catch (Throwable thrown) {
            throw unexpected(thrown);
        }
    }
}
