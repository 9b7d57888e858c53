package io.ringwave.http;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.FileStatus;
import io.ringwave.linux.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory below which files are served, held open: renaming it changes nothing. Opens files in it and nothing
 * outside of it. Confined to one thread.
 *
 * <p>The kernel itself confines the opens (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS): a symlink that
 * stays inside the directory works; one that leaves it, also for a moment, or is absolute, or is one of /proc's magic
 * ones, is refused. Where openat2 is missing (Linux before 5.6, or a seccomp filter) a path is walked name by name
 * without following symlinks, so that none of them works.
 */
final class ServedDirectory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ServedDirectory.class);

    private static final int O_NOCTTY = 0x100; // asm-generic/fcntl.h; the same on x86-64 and aarch64
    private static final long BENEATH = Linux.RESOLVE_BENEATH() | Linux.RESOLVE_NO_MAGICLINKS();
    private static final int LOOK = Linux.O_PATH() | Linux.O_CLOEXEC();
    private static final int ENTER = Linux.O_PATH() | Linux.O_DIRECTORY() | Linux.O_CLOEXEC();
    /** O_NONBLOCK: opening a FIFO must not wait for its writer. O_NOCTTY: a terminal must not become ours. */
    private static final int READ = Linux.O_RDONLY() | Linux.O_CLOEXEC() | Linux.O_NONBLOCK() | O_NOCTTY;

    private static final int SET_FLAGS = Linux.F_SETFL();

    /** How often an open is repeated that a concurrent rename or a signal disturbed (EAGAIN, EINTR; openat2(2)). */
    private static final int MAX_DISTURBANCES = 8;

    private static final byte[] HERE = {'.'};

    private static final int CLOSED = -1;

    private int root;
    private final boolean confinedByKernel;
    private final FileStatus status = new FileStatus();
    /** The path as the kernel wants it: with a NUL at its end. */
    private final MemorySegment name = Arena.ofAuto().allocate(FilePath.MAX_BYTES + 1);

    private ServedDirectory(int root, boolean confinedByKernel) {
        this.root = root;
        this.confinedByKernel = confinedByKernel;
    }

    /**
     * Opens a directory. A symlink to one is followed: that is the operator's decision.
     *
     * @throws IOException in one line, which names the directory and says what is wrong with it
     */
    static ServedDirectory open(Path directory) throws IOException {
        int root = Libc.openat(Linux.AT_FDCWD(), directory.toString(), ENTER, 0);
        if (root < 0) {
            throw new IOException("cannot serve " + directory + ": " + explain(root));
        }
        int here = Libc.openat2(root, ".", ENTER, 0, BENEATH);
        if (here >= 0) {
            Libc.close(here);
        } else if (here == -Errno.ENOSYS || here == -Errno.EPERM) {
            LOG.warn("openat2 is not available ({}): symlinks below {} are not followed", Errno.describe(-here),
                    directory);
            return new ServedDirectory(root, false);
        } else {
            Libc.close(root);
            throw new IOException("cannot serve " + directory + ": " + explain(here));
        }
        return new ServedDirectory(root, true);
    }

    /** As {@link #open}, and walks name by name as if there were no openat2. */
    static ServedDirectory openWalking(Path directory) throws IOException {
        ServedDirectory opened = open(directory);
        return new ServedDirectory(opened.root, false);
    }

    private static String explain(int result) {
        return switch (-result) {
            case Errno.ENOENT -> "there is no such directory";
            case Errno.ENOTDIR -> "it is not a directory";
            case Errno.EACCES -> "no permission to enter it";
            default -> Errno.describe(-result);
        };
    }

    /**
     * Opens a regular file for reading; {@link #status} then tells about it.
     *
     * @return a descriptor that the caller closes, or {@code -errno}: {@code -EISDIR} for a directory, {@code -ENXIO} for
     *     a FIFO, a socket or a device
     */
    int openFile(FilePath path) {
        int file = open(path.bytes(), path.length(), READ);
        if (file < 0) {
            return file;
        }
        int result = Libc.fstat(file, status);
        if (result >= 0 && !status.isRegular()) {
            result = status.isDirectory() ? -Errno.EISDIR : -Errno.ENXIO;
        }
        if (result < 0) {
            Libc.close(file);
            return result;
        }
        Libc.fcntl(file, SET_FLAGS, 0); // O_NONBLOCK has done its part; io_uring would not wait for some disks with it
        return file;
    }

    /**
     * Opens the directory that a path asks for, to read its entries.
     *
     * @return a descriptor that the caller closes, or {@code -errno}
     */
    int openDirectory(FilePath path) {
        int length = path.directoryLength();
        return length == 0
                ? open(HERE, HERE.length, READ | Linux.O_DIRECTORY())
                : open(path.bytes(), length - 1, READ | Linux.O_DIRECTORY()); // without the slash at its end
    }

    /**
     * Looks at what would be opened, without opening it; {@link #status} then tells about it.
     *
     * @param path as in {@link FilePath#bytes}, with the guarantees of a {@link FilePath}
     * @return 0, or {@code -errno}
     */
    int look(byte[] path, int length) {
        int entry = open(path, length, LOOK);
        if (entry < 0) {
            return entry;
        }
        int result = Libc.fstat(entry, status);
        Libc.close(entry);
        return result;
    }

    private int open(byte[] path, int length, int flags) {
        if (root == CLOSED) {
            throw new IllegalStateException("the directory is closed");
        }
        MemorySegment.copy(path, 0, name, ValueLayout.JAVA_BYTE, 0, length);
        name.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
        int result;
        int attempts = 0;
        do {
            // SAFETY: name ends with the NUL above, and belongs to this object, which its cache holds
            result = confinedByKernel ? Libc.openat2(root, name.address(), flags, 0, BENEATH) : walk(length, flags);
        } while ((result == -Errno.EAGAIN || result == -Errno.EINTR) && ++attempts < MAX_DISTURBANCES);
        return result;
    }

    /** Opens each directory on the way and then what is wanted, by names that cannot be {@code ..}, see {@link FilePath}. */
    private int walk(int length, int flags) {
        int directory = root;
        int from = 0;
        while (true) {
            int to = from;
            while (to < length && name.get(ValueLayout.JAVA_BYTE, to) != '/') {
                to++;
            }
            boolean isLast = to == length;
            name.set(ValueLayout.JAVA_BYTE, to, (byte) 0);
            // SAFETY: from there the name extends to the NUL just written
            int next = Libc.openat(directory, name.address() + from, (isLast ? flags : ENTER) | Linux.O_NOFOLLOW(), 0);
            if (!isLast) {
                name.set(ValueLayout.JAVA_BYTE, to, (byte) '/'); // there may be another attempt
            }
            if (directory != root) {
                Libc.close(directory);
            }
            if (next < 0 || isLast) {
                return next;
            }
            directory = next;
            from = to + 1;
        }
    }

    /** What {@link #openFile} or {@link #look} found, until the next call of either. */
    FileStatus status() {
        return status;
    }

    /** Closes the directory; files opened from it stay open. Idempotent. */
    @Override
    public void close() {
        if (root != CLOSED) {
            Libc.close(root);
            root = CLOSED; // the number may soon be another file's
        }
    }
}
