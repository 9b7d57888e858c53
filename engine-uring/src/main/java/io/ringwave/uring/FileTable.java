package io.ringwave.uring;

import io.ringwave.linux.Errno;
import io.ringwave.linux.Ring;
import io.ringwave.spi.BackendException;

/**
 * A ring's table of open files, which accepted connections go to directly: they take none of the process's descriptors,
 * whose number RLIMIT_NOFILE bounds, and an operation finds its file without a look-up in the process. The table's own
 * size may not exceed that limit either, but each ring has one (io_uring_register(2), IORING_REGISTER_FILES2).
 *
 * <p>A <em>socket</em>, in the backend, is an int: a descriptor, or below zero a place in this table.
 */
final class FileTable implements AutoCloseable {

    private final Ring ring;

    private FileTable(Ring ring) {
        this.ring = ring;
    }

    /** Registers an empty table with a ring. */
    static FileTable register(Ring ring, int places) throws BackendException {
        int result = ring.registerFileTable(places);
        if (result < 0) {
            throw new BackendException(
                    "io_uring refuses a table of " + places + " files: " + Errno.describe(-result),
                    result == -Errno.EMFILE
                            ? "Raise the limit of open files (ulimit -n), or allow fewer connections."
                            : "Start with -D" + Features.DIRECT_PROPERTY + "=false.");
        }
        return new FileTable(ring);
    }

    /** The socket at a place of the table. */
    static int socket(int place) {
        return ~place;
    }

    /** Whether a socket is a place in the table, not a descriptor. */
    static boolean isPlace(int socket) {
        return socket < 0;
    }

    /** The place of a socket, from 0. */
    static int place(int socket) {
        return ~socket;
    }

    /** Drops every file at once; what is in flight keeps its own. The ring must still be open. */
    @Override
    public void close() {
        ring.unregisterFileTable();
    }
}
