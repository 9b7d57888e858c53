package io.ringwave.http;

import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Mapping;
import org.jspecify.annotations.Nullable;

/**
 * An open file mapped in windows, each when it is first needed. Only addresses come out of it, for the kernel: Java must
 * not touch memory that vanishes when somebody cuts the file, whereas the kernel then answers EFAULT. Confined to the
 * loop's thread.
 */
final class FileMapping {

    /** How much of a file is mapped at a time: nearly every file at once, and no more than fits between other things. */
    static final long WINDOW_BYTES = 1 << 28;

    private final long size;
    private final @Nullable Mapping[] windows;
    private final Room room;

    /** How much address space a loop's mappings may still take. */
    static final class Room {
        /** A million windows' worth of addresses are left to the process; this bounds the page tables of one loop. */
        static final long BYTES = 1L << 36;
        long left = BYTES;
    }

    FileMapping(long size, Room room) {
        this.size = size;
        this.windows = new Mapping[(int) ((size + WINDOW_BYTES - 1) / WINDOW_BYTES)];
        this.room = room;
    }

    /** How many bytes from a position on lie in one window. */
    long contiguous(long position) {
        return Math.min(size, (position / WINDOW_BYTES + 1) * WINDOW_BYTES) - position;
    }

    /** Where a position is mapped; 0 if it cannot be. */
    long address(int descriptor, long position) {
        int index = (int) (position / WINDOW_BYTES);
        long start = index * WINDOW_BYTES;
        Mapping window = windows[index];
        if (window == null) {
            window = map(descriptor, start, Math.min(WINDOW_BYTES, size - start));
            windows[index] = window;
        }
        return window == null ? 0 : window.memory().address() + (position - start);
    }

    /** The part was sent: it need not count as the process's memory. */
    void forget(long position, long length) {
        Mapping window = windows[(int) (position / WINDOW_BYTES)];
        if (window != null) {
            window.forget(position % WINDOW_BYTES, length);
        }
    }

    private @Nullable Mapping map(int descriptor, long start, long bytes) {
        if (bytes > room.left) {
            return null;
        }
        try {
            Mapping mapped = Mapping.file(descriptor, start, bytes);
            room.left -= bytes;
            return mapped;
        } catch (ErrnoException e) {
            return null; // ENODEV: this file system has no mappings; ENOMEM: too many
        }
    }

    /** Unmaps everything: no send from it may be in flight. */
    void close() {
        for (int i = 0; i < windows.length; i++) {
            Mapping window = windows[i];
            if (window != null) {
                room.left += window.memory().byteSize();
                window.close();
                windows[i] = null;
            }
        }
    }
}
