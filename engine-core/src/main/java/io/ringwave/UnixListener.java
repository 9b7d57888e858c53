package io.ringwave;

import io.ringwave.linux.Errno;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Sockets;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * A listening Unix-domain socket and its file. SO_REUSEPORT does not spread connections over such sockets, so all loops
 * accept from the one socket, each by a descriptor of its own, and whichever is awake takes a connection.
 *
 * <p>A file that is already there is replaced if it is a socket on which nobody answers, since a server that was killed
 * leaves one behind. It is not replaced if somebody does, or if it is anything but a socket. At the end the file is
 * deleted, unless it has been replaced meanwhile.
 */
final class UnixListener implements AutoCloseable {

    private static final int SOCKET_MODE = 0140000; // inode(7)
    private static final int TYPE_MASK = 0170000;

    private final Path path;
    private final int socket;
    private final @Nullable Object file;

    private UnixListener(Path path, int socket, @Nullable Object file) {
        this.path = path;
        this.socket = socket;
        this.file = file;
    }

    /** Listens. @throws EngineException in one line */
    static UnixListener open(UnixDomainSocketAddress address, int backlog) throws EngineException {
        Path path = address.getPath();
        int socket = Sockets.listen(address, backlog);
        if (socket == -Errno.EADDRINUSE) {
            removeStale(address);
            socket = Sockets.listen(address, backlog);
        }
        if (socket < 0) {
            throw cannotListen(path, -socket);
        }
        return new UnixListener(path, socket, fileKey(path));
    }

    private static void removeStale(UnixDomainSocketAddress address) throws EngineException {
        Path path = address.getPath();
        try {
            int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            if ((mode & TYPE_MASK) != SOCKET_MODE) {
                throw new EngineException("Cannot listen on " + path + ": the file exists and is not a socket");
            }
            int answer = answer(address);
            if (answer == -Errno.ECONNREFUSED) {
                Files.deleteIfExists(path);
            } else if (answer == 0 || answer == -Errno.EAGAIN) {
                throw new EngineException("Cannot listen on " + path + ": another server answers there");
            } else if (answer != -Errno.ENOENT) {
                throw new EngineException(
                        "Cannot listen on " + path + ": it cannot be told whether another server answers there: "
                                + Errno.describe(-answer));
            }
        } catch (IOException e) {
            throw new EngineException("Cannot listen on " + path + ": the file that is there cannot be replaced: " + e,
                    e);
        }
    }

    /** What connecting gets: 0 if somebody listens, EAGAIN if the accept queue is full, or ECONNREFUSED. */
    private static int answer(UnixDomainSocketAddress address) {
        int socket = Sockets.open(address, true);
        if (socket < 0) {
            return socket;
        }
        int result = Sockets.connect(socket, address);
        Libc.close(socket);
        return result;
    }

    /** Another descriptor of the socket, for a loop to own. @throws EngineException if there is none left */
    int share() throws EngineException {
        int descriptor = Sockets.duplicate(socket);
        if (descriptor < 0) {
            throw cannotListen(path, -descriptor);
        }
        return descriptor;
    }

    static EngineException cannotListen(Path path, int errno) {
        String why = switch (errno) {
            case Errno.ENAMETOOLONG ->
                "the path of a Unix-domain socket has at most " + Sockets.MAX_PATH_BYTES + " bytes";
            case Errno.EINVAL -> "the path is empty";
            case Errno.ENOENT -> "the directory does not exist";
            case Errno.EACCES -> "no permission to make a file there";
            default -> Errno.describe(errno);
        };
        return new EngineException("Cannot listen on " + path + ": " + why, new ErrnoException("bind", errno, why, ""));
    }

    /** Deletes the file, so that nobody finds the way here any more. Idempotent. */
    void removeFile() {
        try {
            if (file != null && file.equals(fileKey(path))) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // It stays behind; the next server finds nobody answering and replaces it.
        }
    }

    /** Device and inode; null if there is no file. */
    private static @Nullable Object fileKey(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** Closes this descriptor; those that loops own are theirs. */
    @Override
    public void close() {
        Libc.close(socket);
    }
}
