package io.ringwave.loop;

import io.ringwave.SendableFile;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the send queues of a loop's connections are made of: singly linked lists of entries, in flat arrays. An entry
 * is named by an int: below {@link #buffers} it is that buffer of the slab, which is why queueing a buffer costs
 * nothing; from there on it is a part of a file. Each connection keeps its own head, tail and count. Confined to the
 * loop's thread.
 */
final class SendQueue {

    static final int NONE = -1;

    private final int buffers;
    private final int maxFiles;
    private int[] next;
    private long[] positions = new long[0];
    private long[] lengths = new long[0];
    private @Nullable SendableFile[] files = new SendableFile[0];
    private int freeFile = NONE;

    /** @param maxFiles the most file parts that may be queued on this loop */
    SendQueue(int buffers, int maxFiles) {
        this.buffers = buffers;
        this.maxFiles = maxFiles;
        this.next = new int[buffers];
    }

    boolean isBuffer(int entry) {
        return entry < buffers;
    }

    int next(int entry) {
        return next[entry];
    }

    /** Adds an entry behind {@code tail}, or begins a list if that is {@link #NONE}. */
    void append(int tail, int entry) {
        next[entry] = NONE;
        if (tail != NONE) {
            next[tail] = entry;
        }
    }

    /** Makes an entry for a part of a file, or returns {@link #NONE} if too many are queued. */
    int addFile(SendableFile file, long position, long length) {
        if (freeFile == NONE && !grow()) {
            return NONE;
        }
        int entry = freeFile;
        freeFile = next[entry];
        int index = entry - buffers;
        files[index] = file;
        positions[index] = position;
        lengths[index] = length;
        return entry;
    }

    SendableFile file(int entry) {
        SendableFile file = files[entry - buffers];
        assert file != null : "entry " + entry + " is not in use";
        return file;
    }

    long position(int entry) {
        return positions[entry - buffers];
    }

    long length(int entry) {
        return lengths[entry - buffers];
    }

    /** Frees the entry of a file part; the caller tells the file. */
    SendableFile removeFile(int entry) {
        SendableFile file = file(entry);
        files[entry - buffers] = null;
        next[entry] = freeFile;
        freeFile = entry;
        return file;
    }

    private boolean grow() {
        int old = files.length;
        if (old >= maxFiles) {
            return false;
        }
        int size = Math.min(maxFiles, Math.max(64, old * 2));
        files = Arrays.copyOf(files, size);
        positions = Arrays.copyOf(positions, size);
        lengths = Arrays.copyOf(lengths, size);
        next = Arrays.copyOf(next, buffers + size);
        for (int entry = buffers + size - 1; entry >= buffers + old; entry--) {
            next[entry] = freeFile;
            freeFile = entry;
        }
        return true;
    }
}
