package io.ringwave.http;

import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A loop's open files, by path, and the bytes of the small ones that are asked for again. Finding one that was checked
 * within the last second costs no allocation, and no system call if it is in memory (else it is looked at, so that no
 * transfer begins that could not end); otherwise the path is opened afresh, and the file replaced if it is another one
 * now, or has changed. Bounded in files and in bytes: the least recently used goes first. Confined to the loop's thread.
 *
 * <p>Only files are kept. What does not exist is asked of the kernel each time, which keeps that answer itself; that a
 * file has no encoded siblings is remembered by its {@link FileRepresentations}.
 */
final class FileCache implements AutoCloseable {

    /** How long a file is taken for unchanged without a look, unless the configuration says otherwise. */
    static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How many bodies may have to go for a new one: more, and memory is so cut up that it is not worth it. */
    private static final int MAX_UNLOADED = 64;

    /**
     * How long a file may go unused before it is closed, when a request next looks at the disk: a deleted file occupies
     * its disk space until then.
     */
    static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final ServedDirectory directory;
    private final int maxFiles;
    private final FileStore store;
    /** In order of use, the least recent first. */
    private final LinkedHashMap<FilePath, CachedFile> files;
    private long sweptAt;
    private int looks;

    /**
     * Empty.
     *
     * @param directory where files are looked up; closed with the cache
     * @param maxFiles how many files are kept open, beyond those that are being sent
     */
    FileCache(ServedDirectory directory, int maxFiles) {
        this(directory, maxFiles, FileCacheConfig.defaults());
    }

    /** Empty; see {@link #FileCache(ServedDirectory, int)}. */
    FileCache(ServedDirectory directory, int maxFiles, FileCacheConfig config) {
        assert maxFiles > 0;
        this.store = new FileStore(config);
        this.directory = directory;
        this.maxFiles = maxFiles;
        this.files = new LinkedHashMap<>(16, 0.75f, true);
    }

    /**
     * The file at a path. The cache keeps owning it: {@link CachedFile#retain} before it is sent.
     *
     * @param nanoTime the loop's clock
     */
    FileLookup find(FilePath path, long nanoTime) {
        CachedFile file = files.get(path);
        if (file != null && isFresh(file.checkedAt(), nanoTime)) {
            if (file.isInMemory()) {
                return file;
            }
            if (file.isUnchanged()) {
                return loaded(file, nanoTime);
            }
        }
        if (nanoTime - sweptAt >= IDLE_NANOS) {
            closeIdle(nanoTime);
        }
        FileLookup found = look(path, nanoTime);
        return found instanceof CachedFile fresh ? loaded(fresh, nanoTime) : found;
    }

    /** Reads a file into memory if it is worth that, and there is room once others have made some. */
    private CachedFile loaded(CachedFile file, long nanoTime) {
        file.requested(nanoTime);
        if (file.isWantedInMemory()) {
            long offset = file.allocate();
            if (offset == FileMemory.NONE) {
                offset = unloadOthers(file);
            }
            if (offset != FileMemory.NONE && !file.load(offset)) {
                file.free(offset);
            }
        }
        return file;
    }

    /** Makes room among the bodies that nobody is sending, the least recently used first. */
    private long unloadOthers(CachedFile file) {
        int unloaded = 0;
        for (CachedFile other : files.values()) {
            if (other != file && other.isInMemory() && !other.isInUse()) {
                other.unload();
                long offset = file.allocate();
                if (offset != FileMemory.NONE || ++unloaded == MAX_UNLOADED) {
                    return offset;
                }
            }
        }
        return FileMemory.NONE;
    }

    /** Whether what was seen then is taken for true now, without another look. */
    boolean isFresh(long checkedAt, long nanoTime) {
        return nanoTime - checkedAt < store.revalidateNanos;
    }

    private FileLookup look(FilePath path, long nanoTime) {
        looks++;
        int descriptor = directory.openFile(path);
        if ((descriptor == -Errno.EMFILE || descriptor == -Errno.ENFILE) && closeHalf()) {
            descriptor = directory.openFile(path);
        }
        CachedFile known = files.get(path); // asked again: it may just have been closed to make room
        if (known != null && descriptor >= 0 && known.isSame(directory.status())) {
            Libc.close(descriptor);
            known.checkedAt(nanoTime);
            return known;
        }
        if (known != null) {
            files.remove(path);
            known.release();
        }
        if (descriptor < 0) {
            return refusal(-descriptor);
        }
        if (files.isEmpty()) {
            sweptAt = nanoTime; // the clock begins anywhere: 0 says nothing
        } else if (files.size() == maxFiles) {
            closeEldest();
        }
        CachedFile file = new CachedFile(descriptor, directory.status(), System.currentTimeMillis() / 1000, nanoTime,
                store);
        files.put(path.copy(), file);
        return file;
    }

    static FileLookup.Refusal refusal(int errno) {
        return switch (errno) {
            case Errno.EISDIR -> FileLookup.Refusal.DIRECTORY;
            // EXDEV: a symlink leaves the directory. ENXIO, ENODEV: a socket, a FIFO, a device. EINVAL: a name that
            // this file system cannot have.
            case Errno.ENOENT, Errno.ENOTDIR, Errno.ENAMETOOLONG, Errno.ELOOP, Errno.EXDEV, Errno.ENXIO, Errno.ENODEV,
                    Errno.EINVAL ->
                FileLookup.Refusal.ABSENT;
            case Errno.EACCES, Errno.EPERM -> FileLookup.Refusal.FORBIDDEN;
            case Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM, Errno.EAGAIN, Errno.EINTR -> FileLookup.Refusal.EXHAUSTED;
            case Errno.EBADF, Errno.EFAULT ->
                throw new IllegalStateException("opening a file: " + Errno.describe(errno));
            default -> FileLookup.Refusal.BROKEN; // EIO, ESTALE and what else a file system may have
        };
    }

    private void closeIdle(long nanoTime) {
        sweptAt = nanoTime;
        Iterator<CachedFile> eldestFirst = files.values().iterator();
        while (eldestFirst.hasNext()) {
            CachedFile file = eldestFirst.next();
            if (nanoTime - file.checkedAt() < Math.max(IDLE_NANOS, store.revalidateNanos)) { // in use means checked
                return;
            }
            eldestFirst.remove();
            file.release();
        }
    }

    /** Makes room when descriptors have run out. Returns whether it closed any. */
    private boolean closeHalf() {
        int closed = 0;
        for (int count = (files.size() + 1) / 2; count > 0; count--) {
            closed += closeEldest();
        }
        return closed > 0;
    }

    /** Returns how many descriptors that freed: none if the file is being sent. */
    private int closeEldest() {
        CachedFile eldest = files.pollFirstEntry().getValue();
        int freed = eldest.isInUse() ? 0 : 1;
        eldest.release();
        return freed;
    }

    /** How often a path was looked for on the disk so far. */
    int looks() {
        return looks;
    }

    /** How many bytes of files are in memory, whole blocks. */
    long bytesInMemory() {
        return store.memory.usedBytes();
    }

    /** How many files are kept open. */
    int size() {
        return files.size();
    }

    /** Closes the directory and all files, those that are being sent when they have been. Idempotent. */
    @Override
    public void close() {
        files.values().forEach(CachedFile::release);
        files.clear();
        store.close();
        directory.close();
    }
}
