package io.ringwave.epoll;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.EpollEvent;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An epoll descriptor (epoll(7)) and the memory that it reports into. Confined to the thread that made it.
 */
final class EpollSet implements AutoCloseable {

    static final int IN = Linux.EPOLLIN();
    static final int OUT = Linux.EPOLLOUT();
    static final int PRI = Linux.EPOLLPRI();
    static final int ERR = Linux.EPOLLERR();
    static final int HUP = Linux.EPOLLHUP();
    static final int RDHUP = Linux.EPOLLRDHUP();
    static final int EDGE_TRIGGERED = Linux.EPOLLET();

    private static final int ADD = Linux.EPOLL_CTL_ADD();
    private static final int MODIFY = Linux.EPOLL_CTL_MOD();

    private final int descriptor;
    private final int maxEvents;
    private final Arena arena;
    private final MemorySegment events;

    /** @param maxEvents the most events that one {@link #await} reports */
    EpollSet(int maxEvents) throws ErrnoException {
        int result = Libc.epollCreate();
        if (result < 0) {
            throw new ErrnoException("epoll_create1", -result, "too many open files or too little memory",
                    "raise the limit of open files (ulimit -n)");
        }
        this.descriptor = result;
        this.maxEvents = maxEvents;
        this.arena = Arena.ofConfined();
        this.events = arena.allocate((long) maxEvents * EpollEvent.sizeBytes(), Long.BYTES);
    }

    /** Registers a descriptor. @return 0 or {@code -errno} */
    int add(int file, int interest, long token) {
        return Libc.epollControl(descriptor, ADD, file, interest, token);
    }

    /** Changes what is of interest about a registered descriptor. */
    void modify(int file, int interest, long token) {
        int result = Libc.epollControl(descriptor, MODIFY, file, interest, token);
        assert result == 0 : result; // allocates nothing, so it can fail only if the descriptor is not registered
    }

    /**
     * Waits for events, which {@link #bits} and {@link #token} then tell.
     *
     * @param timeoutNanos 0 polls, {@link Long#MAX_VALUE} waits without limit
     * @return how many there are, or {@code -errno}
     */
    int await(long timeoutNanos) {
        // SAFETY: the events' memory holds maxEvents events and lives until close, on this thread
        return Libc.epollWait(descriptor, events.address(), maxEvents, timeoutNanos);
    }

    /** What has happened. */
    int bits(int event) {
        return EpollEvent.events(events, event);
    }

    /** To whom it has happened. */
    long token(int event) {
        return EpollEvent.data(events, event);
    }

    @Override
    public void close() {
        Libc.close(descriptor);
        arena.close();
    }
}
