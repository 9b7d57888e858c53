package io.ringwave.server;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.FileStatus;
import io.ringwave.linux.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the access log goes: a file that is appended to, a FIFO, or stdout. Opened without waiting: a FIFO that nobody reads
 * answers {@code -EAGAIN}, or {@code -ENXIO} where nobody has it open. Confined to one thread at a time.
 */
final class AccessLogFile implements AutoCloseable {
    /** Stands for stdout on the command line. */
    static final String STDOUT = "-";

    private static final int NOT_OPEN = -1;
    private static final int STDOUT_FILENO = 1;
    private static final int READABLE_BY_ALL = 0644; // what the umask leaves of it

    private final @Nullable Path path; // null: stdout
    private final FileStatus status = new FileStatus();
    private int fd = NOT_OPEN;
    private long device;
    private long inode;

    /** @param name a path, or {@link #STDOUT} */
    AccessLogFile(String name) {
        path = name.equals(STDOUT) ? null : Path.of(name).toAbsolutePath();
        if (path == null) {
            fd = STDOUT_FILENO;
        }
    }

    /** Opens it, making the file if there is none, instead of what is open. @return 0, or {@code -errno} */
    int open() {
        if (path == null) {
            return 0;
        }
        int flags = Linux.O_WRONLY() | Linux.O_APPEND() | Linux.O_CREAT() | Linux.O_NONBLOCK() | Linux.O_CLOEXEC();
        int opened = Libc.openat(Linux.AT_FDCWD(), path.toString(), flags, READABLE_BY_ALL);
        if (opened < 0) {
            return opened; // what was open still is
        }
        close();
        fd = opened;
        if (Libc.fstat(fd, status) == 0) {
            device = status.device();
            inode = status.inode();
        }
        return 0;
    }

    boolean isOpen() {
        return fd != NOT_OPEN;
    }

    /** Whether its name leads elsewhere by now, or nowhere: it was renamed or removed. */
    boolean hasMoved() {
        if (path == null || fd == NOT_OPEN) {
            return false;
        }
        try {
            return !Files.getAttribute(path, "unix:ino").equals(inode)
                    || !Files.getAttribute(path, "unix:dev").equals(device);
        } catch (IOException e) {
            return true;
        }
    }

    /** Appends. @return how many bytes were taken, or {@code -errno}; {@code -ENXIO} if it is not open */
    int write(long address, int length) {
        return fd == NOT_OPEN ? -Errno.ENXIO : Libc.write(fd, address, length);
    }

    @Override
    public void close() {
        if (path != null && fd != NOT_OPEN) {
            Libc.close(fd);
            fd = NOT_OPEN;
        }
    }

    @Override
    public String toString() {
        return path == null ? "stdout" : path.toString();
    }
}
