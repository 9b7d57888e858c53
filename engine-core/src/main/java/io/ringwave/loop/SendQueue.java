package io.ringwave.loop;

import io.ringwave.SendableFile;
import io.ringwave.SendableMemory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the send queues of a loop's connections are made of: singly linked lists of entries, in flat arrays. An entry
 * is named by an int: below {@link #buffers} it is that buffer of the slab, which is why queueing a buffer costs
 * nothing; from there on it is a part of a file, or of memory that is not the slab's. Each connection keeps its own
 * head, tail and count. Confined to the loop's thread.
 */
final class SendQueue {

    static final int NONE = -1;

    private final int buffers;
    private final int maxParts;
    private int[] next;
    private long[] positions = new long[0];
    private long[] lengths = new long[0];
    private @Nullable SendableFile[] files = new SendableFile[0];
    private @Nullable SendableMemory[] memories = new SendableMemory[0];
    private boolean[] more = new boolean[0];
    private int freePart = NONE;

    /** @param maxParts the most parts of files and memory that may be queued on this loop */
    SendQueue(int buffers, int maxParts) {
        this.buffers = buffers;
        this.maxParts = maxParts;
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
        int entry = addPart(position, length);
        if (entry != NONE) {
            files[entry - buffers] = file;
        }
        return entry;
    }

    /** Makes an entry for a part of memory, or returns {@link #NONE} if too many are queued. */
    int addMemory(SendableMemory memory, long offset, int length, boolean moreFollows) {
        int entry = addPart(offset, length);
        if (entry != NONE) {
            memories[entry - buffers] = memory;
            more[entry - buffers] = moreFollows;
        }
        return entry;
    }

    private int addPart(long position, long length) {
        if (freePart == NONE && !grow()) {
            return NONE;
        }
        int entry = freePart;
        freePart = next[entry];
        positions[entry - buffers] = position;
        lengths[entry - buffers] = length;
        return entry;
    }

    /** Whether an entry, which is no buffer, is a part of memory; else it is one of a file. */
    boolean isMemory(int entry) {
        return memories[entry - buffers] != null;
    }

    SendableMemory memory(int entry) {
        SendableMemory memory = memories[entry - buffers];
        assert memory != null : "entry " + entry + " is not in use";
        return memory;
    }

    /** Whether other output follows a part of memory at once. */
    boolean isMore(int entry) {
        return more[entry - buffers];
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
        freePart(entry);
        return file;
    }

    /** Frees the entry of a part of memory; the caller tells it. */
    SendableMemory removeMemory(int entry) {
        SendableMemory memory = memory(entry);
        memories[entry - buffers] = null;
        freePart(entry);
        return memory;
    }

    private void freePart(int entry) {
        next[entry] = freePart;
        freePart = entry;
    }

    private boolean grow() {
        int old = files.length;
        if (old >= maxParts) {
            return false;
        }
        int size = Math.min(maxParts, Math.max(64, old * 2));
        files = Arrays.copyOf(files, size);
        memories = Arrays.copyOf(memories, size);
        more = Arrays.copyOf(more, size);
        positions = Arrays.copyOf(positions, size);
        lengths = Arrays.copyOf(lengths, size);
        next = Arrays.copyOf(next, buffers + size);
        for (int entry = buffers + size - 1; entry >= buffers + old; entry--) {
            freePart(entry);
        }
        return true;
    }
}
