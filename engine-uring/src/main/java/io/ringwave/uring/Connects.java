package io.ringwave.uring;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Sockets;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * How outbound connections begin. A TCP socket is connected by the ring. A Unix-domain socket is connected by
 * connect(2), which either does it or fails, but never waits: the ring would hand a full accept queue to a worker
 * thread that does. Confined to the loop's thread.
 *
 * <p>The kernel reads an address when the operation is submitted, so the memory of one can be used again once as many
 * connects were written as the submission queue can hold, and one more that is about to be.
 */
final class Connects {

    /** What {@link #begin} returns for an operation that was written: its completion tells the outcome. */
    static final int UNDER_WAY = -Errno.EINPROGRESS;

    private static final int F_SETFL = Linux.F_SETFL();
    private static final int BLOCKING = Linux.O_RDWR();

    private final SubmissionQueue submissions;
    private final Arena arena;
    private final int cells;
    private @Nullable MemorySegment addresses; // made by the first connect: most servers have none
    private int next;

    /** @param arena lives as long as the ring */
    Connects(SubmissionQueue submissions, Arena arena) {
        this.submissions = submissions;
        this.arena = arena;
        this.cells = submissions.capacity() + 1;
    }

    /** Opens a socket as the ring needs it: blocking, since an operation on another ends at once with EAGAIN. */
    static int open(SocketAddress address) {
        return Sockets.open(address, address instanceof UnixDomainSocketAddress);
    }

    /** Begins to connect a socket that {@link #open} made. @return {@link #UNDER_WAY}, 0, or {@code -errno} */
    int begin(int socket, SocketAddress address, long token) {
        if (address instanceof UnixDomainSocketAddress) {
            int result = Sockets.connect(socket, address);
            Libc.fcntl(socket, F_SETFL, BLOCKING);
            return refusedIfFull(result);
        }
        MemorySegment cell = cell();
        int length = Sockets.encode(address, cell);
        if (length < 0) {
            return length;
        }
        // SAFETY: encode has written so many bytes of the cell, which is not written again before they were submitted.
        submissions.connect(socket, cell.address(), length, token);
        return UNDER_WAY;
    }

    /** EAGAIN tells that an accept queue is full; nothing would tell when it no longer is. */
    static int refusedIfFull(int result) {
        return result == -Errno.EAGAIN ? -Errno.ECONNREFUSED : result;
    }

    private MemorySegment cell() {
        if (addresses == null) {
            addresses = arena.allocate((long) cells * Sockets.ADDRESS_BYTES, Long.BYTES);
        }
        next = next + 1 == cells ? 0 : next + 1;
        return addresses.asSlice((long) next * Sockets.ADDRESS_BYTES, Sockets.ADDRESS_BYTES);
    }
}
