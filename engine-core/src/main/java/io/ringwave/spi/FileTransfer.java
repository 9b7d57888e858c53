package io.ringwave.spi;

/**
 * How a backend gets the bytes of a file into a socket. Each sends every file; they differ in who copies, and in who
 * waits for a disk. In the first two the socket refers to the file's own pages: who writes to the file in place changes
 * what is still on its way.
 */
public enum FileTransfer {
    /** sendfile(2), in bounded chunks: no copy in user space. Bytes that are not in memory stop the loop. */
    SENDFILE,
    /** splice(2) through a pipe, in bounded chunks: as {@link #SENDFILE}. */
    SPLICE,
    /**
     * Read into a buffer of the backend's, and sent from there: two copies. Over io_uring the loop does not wait for the
     * disk; over epoll it does, after it has asked the kernel to read ahead.
     */
    READ,
    /**
     * As {@link #READ}, of what is not in the page cache and need not come there: a backend may then leave it out (O_DIRECT)
     * while others have requests, since to fill it takes the loop longer than they should wait.
     */
    READ_PAST_CACHE;

    /** Whether the file is read into a buffer of the backend's. */
    public boolean isRead() {
        return this == READ || this == READ_PAST_CACHE;
    }
}
