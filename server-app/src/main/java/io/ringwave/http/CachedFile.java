package io.ringwave.http;

import io.ringwave.SendableFile;
import io.ringwave.linux.FileStatus;
import io.ringwave.linux.Libc;
import org.jspecify.annotations.Nullable;

/**
 * An open file with what makes it known to clients: size, entity tag and date. The {@link FileCache} holds one reference,
 * each transfer another; the descriptor is closed with the last. So a file that was replaced or evicted in the meantime
 * is still sent to its end. Confined to the loop's thread.
 *
 * <pre>
 *   open, references 1 -> (retain) + 1 ... (release) - 1 -> 0: closed
 * </pre>
 */
final class CachedFile implements FileLookup, SendableFile {

    private static final long LAST_DATE = 253_402_300_799L; // 9999-12-31T23:59:59Z: HTTP dates have four-digit years

    private final int descriptor;
    private final long device;
    private final long inode;
    private final long size;
    private final long modifiedSeconds;
    private final int modifiedNanos;
    private final String entityTag;
    private final long lastModified;
    private int references = 1;
    private long checkedAt;
    private @Nullable FileRepresentations representations;

    /**
     * Takes over an open file.
     *
     * @param nowSeconds the time of day in seconds since 1970: a file from the future counts as modified now (RFC 9110
     *     section 8.8.2.1)
     * @param checkedAt when the status was read, by the loop's clock
     */
    CachedFile(int descriptor, FileStatus status, long nowSeconds, long checkedAt) {
        this.descriptor = descriptor;
        this.device = status.device();
        this.inode = status.inode();
        this.size = status.size();
        this.modifiedSeconds = status.modifiedSeconds();
        this.modifiedNanos = status.modifiedNanos();
        this.entityTag = '"' + Long.toHexString(inode) + '-' + Long.toHexString(size) + '-'
                + Long.toHexString(modifiedSeconds * 1_000_000_000L + modifiedNanos) + '"';
        this.lastModified = Math.clamp(Math.min(modifiedSeconds, nowSeconds), 0, LAST_DATE);
        this.checkedAt = checkedAt;
    }

    /** Whether this is still the file that a fresh status tells of. */
    boolean isSame(FileStatus fresh) {
        return inode == fresh.inode() && device == fresh.device() && size == fresh.size()
                && modifiedSeconds == fresh.modifiedSeconds() && modifiedNanos == fresh.modifiedNanos();
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
            Libc.close(descriptor);
        }
    }

    /** Whether a transfer is under way. Only for files that the cache still holds. */
    boolean isInUse() {
        return references > 1;
    }
}
