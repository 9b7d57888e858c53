package io.ringwave.linux;

import io.ringwave.bindings.linux.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The owner of an eventfd(2), by which other threads wake one that waits in the kernel. {@link #signal} may come from
 * any thread at any time; the rest belongs to the thread that waits.
 */
public final class EventFd implements AutoCloseable {

    private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

    private final int fd;
    private boolean open = true;

    private EventFd(int fd) {
        this.fd = fd;
    }

    /** Makes one whose counter is 0, non-blocking and closed on exec. */
    public static EventFd create() throws ErrnoException {
        int fd = Libc.eventfd(0, Linux.EFD_CLOEXEC() | Linux.EFD_NONBLOCK());
        if (fd < 0) {
            throw new ErrnoException("eventfd", -fd, "no descriptor for waking an event loop",
                    "Raise the limit of open files (ulimit -n).");
        }
        return new EventFd(fd);
    }

    /** The descriptor, to wait on. Readable from {@link #signal} until {@link #drain}. */
    public int descriptor() {
        return fd;
    }

    /** Makes the descriptor readable. Does nothing after close: the kernel may have given the number to another. */
    public synchronized void signal() {
        if (open) {
            // -EAGAIN means that 2^64 - 2 signals wait already, so that it is readable in any case
            int result = Libc.write(fd, ONE.address(), Long.BYTES);
            assert result == Long.BYTES || result == -Errno.EAGAIN : Errno.describe(-result);
        }
    }

    /** Takes every signal that has arrived. Does nothing if there is none. */
    public void drain() {
        int result = Libc.read(fd, CallScratch.current().structAddress(), Long.BYTES);
        assert result == Long.BYTES || result == -Errno.EAGAIN : Errno.describe(-result);
    }

    /** Closes the descriptor. Does nothing the second time. */
    @Override
    public synchronized void close() {
        if (open) {
            open = false;
            Libc.close(fd);
        }
    }
}
