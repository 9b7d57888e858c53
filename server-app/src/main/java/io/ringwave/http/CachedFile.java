package io.ringwave.http;

import io.ringwave.SendableFile;
import io.ringwave.linux.Errno;
import io.ringwave.linux.FileStatus;
import io.ringwave.linux.Libc;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An open file with what makes it known to clients: size, entity tag and date; and, if it is small and was asked for more
 * than once, its bytes. The {@link FileCache} holds one reference, each transfer another; with the last the descriptor
 * is closed, the memory given back, and what was mapped unmapped. So a file that was replaced or evicted in the meantime
 * is still sent to its end. Confined to the loop's thread.
 *
 * <p>What is sent is the file as it was when it was opened: {@link #isUnchanged} tells whether that still holds.
 *
 * <pre>
 *   open, references 1 -> (retain) + 1 ... (release) - 1 -> 0: closed
 * </pre>
 */
final class CachedFile implements FileLookup, SendableFile {

    /** Who is asked for again within this time is worth a place in the page cache, however long it is. */
    private static final long AGAIN_NANOS = 10_000_000_000L;
    private static final long LAST_DATE = 253_402_300_799L; // 9999-12-31T23:59:59Z: HTTP dates have four-digit years

    private final int descriptor;
    private final long device;
    private final long inode;
    private final long size;
    private final long modifiedSeconds;
    private final int modifiedNanos;
    private final long changedSeconds;
    private final int changedNanos;
    private final long links;
    private final FileStore store;
    private final String entityTag;
    private final long lastModified;
    private int references = 1;
    private long checkedAt;
    private @Nullable FileRepresentations representations;
    private int requests;
    private long requestedAt;
    private boolean askedAgain; // within AGAIN_NANOS of the request before
    private long body = FileMemory.NONE;
    private @Nullable FileImages images; // null: it never was in memory, or has none
    private @Nullable FileMapping mapping;

    /**
     * Takes over an open file.
     *
     * @param nowSeconds the time of day in seconds since 1970: a file from the future counts as modified now (RFC 9110
     *     section 8.8.2.1)
     * @param checkedAt when the status was read, by the loop's clock
     */
    CachedFile(int descriptor, FileStatus status, long nowSeconds, long checkedAt, FileStore store) {
        this.store = store;
        this.descriptor = descriptor;
        this.device = status.device();
        this.inode = status.inode();
        this.size = status.size();
        this.modifiedSeconds = status.modifiedSeconds();
        this.modifiedNanos = status.modifiedNanos();
        this.changedSeconds = status.changedSeconds();
        this.changedNanos = status.changedNanos();
        this.links = status.links();
        this.entityTag = '"' + Long.toHexString(inode) + '-' + Long.toHexString(size) + '-'
                + Long.toHexString(modifiedSeconds * 1_000_000_000L + modifiedNanos) + '"';
        this.lastModified = Math.clamp(Math.min(modifiedSeconds, nowSeconds), 0, LAST_DATE);
        this.checkedAt = checkedAt;
    }

    /**
     * Whether this is still the file that a fresh status tells of. A changed status (ctime) counts as changed contents,
     * for whoever writes can set the modification time back; but not if the file has lost or got a name since, which
     * changes it as well: a file that was deleted is sent to its end.
     */
    boolean isSame(FileStatus fresh) {
        return inode == fresh.inode() && device == fresh.device() && size == fresh.size()
                && modifiedSeconds == fresh.modifiedSeconds() && modifiedNanos == fresh.modifiedNanos()
                && (changedSeconds == fresh.changedSeconds() && changedNanos == fresh.changedNanos()
                        || links != fresh.links());
    }

    /** Whether nobody has written to the file since it was opened. A system call. */
    boolean isUnchanged() {
        return Libc.fstat(descriptor, store.status) == 0 && isSame(store.status);
    }

    /** When the file was last known to be the one at its path, by the loop's clock. */
    long checkedAt() {
        return checkedAt;
    }

    void checkedAt(long nanoTime) {
        checkedAt = nanoTime;
    }

    /** The size in bytes when it was opened. */
    long size() {
        return size;
    }

    /** A strong entity tag from inode, size and modification time, with its quotes (RFC 9110 section 8.8.3). */
    String entityTag() {
        return entityTag;
    }

    /** In seconds since 1970. */
    long lastModified() {
        return lastModified;
    }

    /** What {@link StaticFiles} has attached: how the file is represented; null if it has not been asked for yet. */
    @Nullable
    FileRepresentations representations() {
        return representations;
    }

    void representations(FileRepresentations attached) {
        representations = attached;
    }

    // ---- The bytes

    /** Notes a request, by the loop's clock. */
    void requested(long nanoTime) {
        askedAgain = requests > 0 && nanoTime - requestedAt < AGAIN_NANOS;
        requestedAt = nanoTime;
    }

    /** Whether what is read of it had better come into the page cache: where AUTO decides, if it is asked for often. */
    boolean isWorthCaching() {
        return store.strategy != FileStrategy.AUTO || askedAgain || size < FileStore.MIN_DIRECT_BYTES;
    }

    /** Counts a request; returns whether the file is worth keeping in memory and is not there yet. */
    boolean isWantedInMemory() {
        requests = Math.min(requests + 1, 2);
        return body == FileMemory.NONE && store.keeps(size, requests);
    }

    /** Asks for the memory that it needs: with room for a head, in whole pages, if whole responses are made of it there. */
    long allocate() {
        return headRoom() > 0 ? FileImages.allocate(store.memory, size) : store.memory.allocate(size);
    }

    /** Gives back what {@link #allocate} got. */
    void free(long offset) {
        if (headRoom() > 0) {
            FileImages.free(store.memory, offset, size);
        } else {
            store.memory.free(offset, size);
        }
    }

    private int headRoom() {
        return store.hasImages(size) ? FileImages.HEAD_ROOM_BYTES : 0;
    }

    /**
     * Reads the file into memory that {@link #allocate} got. Where AUTO decides, only if the page cache has all of it: a
     * loop does not wait for a disk.
     *
     * @return false if it could not be read as it was when it was opened; the memory is then still the caller's
     */
    boolean load(long memoryOffset) {
        long start = memoryOffset + headRoom();
        // SAFETY: allocate() got that much there: size bytes from start on
        long address = store.memory.address(start);
        int done = 0;
        while (done < size) {
            int count = store.strategy == FileStrategy.AUTO
                    ? readCached(address + done, (int) size - done, done)
                    : Libc.pread(descriptor, address + done, (int) size - done, done);
            if (count <= 0) {
                return false;
            }
            done += count;
        }
        if (!isUnchanged()) {
            return false;
        }
        body = start;
        if (headRoom() > 0) {
            if (images == null) {
                images = new FileImages(this, store.memory);
            }
            images.load(start);
        }
        return true;
    }

    /** Gives back the memory. Nobody may be sending from it. */
    void unload() {
        assert isInMemory() && !isInUse();
        freeMemory();
        body = FileMemory.NONE;
    }

    private void freeMemory() {
        if (images != null) {
            images.unload();
        }
        free(body - headRoom());
    }

    boolean isInMemory() {
        return body != FileMemory.NONE;
    }

    /** Whole responses, while it is in memory and has them; else null. */
    @Nullable
    FileImages images() {
        return isInMemory() ? images : null;
    }

    /** Copies from the file's memory. */
    void copyTo(MemorySegment target, long offset, long position, int length) {
        assert isInMemory();
        Objects.checkFromIndexSize(position, length, size);
        MemorySegment.copy(store.memory.memory(), body + position, target, offset, length);
    }

    /**
     * Reads what the page cache has, without waiting for a disk.
     *
     * @return the number of bytes, 0 at the end of the file, {@code -EAGAIN} if the first must come from a disk, or
     *     {@code -errno}
     */
    int readCached(long address, int length, long position) {
        int count = Libc.preadCached(descriptor, address, length, position);
        return count == -Errno.EOPNOTSUPP ? Libc.pread(descriptor, address, length, position) : count;
    }

    /** How a part is sent. Where AUTO decides, that takes a look at the page cache: ask once for each part. */
    FileStrategy way(long position, long length) {
        if (isInMemory()) {
            return FileStrategy.MEMORY;
        }
        return switch (store.strategy) {
            case AUTO -> size > FileStore.MAX_BODY_BYTES && isResident(position, length)
                    ? FileStrategy.MMAP
                    : FileStrategy.URING;
            case MEMORY, URING -> FileStrategy.URING;
            case MMAP, SENDFILE, SPLICE -> store.strategy;
        };
    }

    /**
     * Whether a part is in the page cache: looks at a byte of each stretch, since the kernel reads ahead and evicts in
     * longer ones. (mincore(2) and cachestat(2) would tell of every page, but only the file's owner.)
     */
    private boolean isResident(long position, long length) {
        long probe = store.probe();
        for (long at = position; at < position + length; at += FileStore.PROBE_DISTANCE) {
            if (Libc.preadCached(descriptor, probe, 1, at) != 1) {
                return false;
            }
        }
        return Libc.preadCached(descriptor, probe, 1, position + length - 1) == 1;
    }

    /** Whether a short body is read into the same buffer as its head. */
    boolean isCopied() {
        return switch (store.strategy) {
            case AUTO, MEMORY, URING -> true;
            case MMAP, SENDFILE, SPLICE -> false;
        };
    }

    /** How many bytes from a position on one part may have. */
    long partBytes(long position) {
        long most = isInMemory() || store.strategy != FileStrategy.AUTO && store.strategy != FileStrategy.MMAP
                ? FileStore.PART_BYTES
                : Math.min(FileStore.MAPPED_PART_BYTES, mapping().contiguous(position));
        return Math.min(most, size - position);
    }

    private FileMapping mapping() {
        FileMapping known = mapping;
        if (known == null) {
            known = new FileMapping(size, store.mappingRoom);
            mapping = known;
        }
        return known;
    }

    /** Where a part is in memory, if it is sent in a way that takes it from there and that can be done; else 0. */
    long address(FileStrategy way, long position) {
        assert references > 0;
        return switch (way) {
            case MEMORY -> store.memory.address(body + position);
            case MMAP -> mapping().address(descriptor, position);
            case AUTO, SENDFILE, SPLICE, URING -> 0;
        };
    }

    /** A part was sent. */
    void partSent(FileStrategy way, long position, long length) {
        if (way == FileStrategy.MMAP && store.strategy == FileStrategy.AUTO) {
            mapping().forget(position, length);
        }
    }

    @Override
    public int descriptor() {
        assert references > 0;
        return descriptor;
    }

    /** Keeps the file open for a transfer, until {@link #sendFinished}. */
    void retain() {
        assert references > 0;
        references++;
    }

    @Override
    public void sendFinished() {
        release();
    }

    /** Gives up one reference. */
    void release() {
        assert references > 0;
        if (--references == 0) {
            if (isInMemory()) {
                freeMemory();
            }
            if (mapping != null) {
                mapping.close();
            }
            Libc.close(descriptor);
        }
    }

    /** Whether a transfer is under way. Only for files that the cache still holds. */
    boolean isInUse() {
        return references > 1;
    }
}
