package io.ringwave.spi;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;

/**
 * The pipe through which a loop splices files to sockets ({@link FileTransfer#SPLICE}). Made when it is first needed.
 * Confined to the loop's thread.
 *
 * <p>One serves all connections, because it is empty between two calls: what a socket does not take is thrown away with
 * the pipe, and fetched again when the socket has room. So readers who do not read hold no pipe, however many there are.
 */
public final class FilePipe implements AutoCloseable {

    /** How much goes through at a time: what an unprivileged process may ask for (fs.pipe-max-size, pipe(7)). */
    private static final int WANTED_BYTES = 1 << 20;
    /** The size of a pipe that the kernel did not enlarge. */
    private static final int LEAST_BYTES = 1 << 16;
    private static final int NONE = -1;
    private static final int PIPE_FLAGS = Linux.O_CLOEXEC() | Linux.O_NONBLOCK();
    private static final int SET_SIZE = Linux.F_SETPIPE_SZ();
    private static final int NO_WAIT = Linux.SPLICE_F_NONBLOCK();

    private int in = NONE;
    private int out = NONE;
    private int capacity;

    /** No pipe yet. */
    public FilePipe() {}

    /**
     * Sends a part of a file to a socket that does not block, as much as pipe and socket take.
     *
     * @param length at least 1
     * @return the number of bytes that the socket took, 0 at the end of the file, {@code -EAGAIN} if the socket is full,
     *     or {@code -errno}
     */
    public long send(int socket, int file, long position, long length) {
        if (in == NONE) {
            int result = open();
            if (result < 0) {
                return result;
            }
        }
        long filled = Libc.spliceFromFile(file, position, in, Math.min(length, capacity), NO_WAIT);
        if (filled <= 0) { // the pipe is empty, so that EAGAIN says nothing about the socket: it may be tried again
            return filled == -Errno.EAGAIN ? -Errno.EINTR : filled;
        }
        long taken = 0;
        long result = 1;
        while (taken < filled && result > 0) {
            result = Libc.spliceFromPipe(out, socket, filled - taken, NO_WAIT);
            taken += Math.max(0, result);
        }
        if (taken < filled) {
            close(); // with its rest
        }
        return taken > 0 ? taken : result;
    }

    private int open() {
        long ends = Libc.pipe2(PIPE_FLAGS);
        if (ends < 0) {
            return (int) ends;
        }
        out = (int) ends;
        in = (int) (ends >>> 32);
        int result = Libc.fcntl(in, SET_SIZE, WANTED_BYTES);
        capacity = result < 0 ? LEAST_BYTES : result; // EPERM: this user has many large pipes already
        return 0;
    }

    /** Closes the pipe; another is made if it is needed again. */
    @Override
    public void close() {
        if (in != NONE) {
            Libc.close(in);
            Libc.close(out);
            in = NONE;
            out = NONE;
        }
    }
}
