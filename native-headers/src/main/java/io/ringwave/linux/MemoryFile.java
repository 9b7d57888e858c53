package io.ringwave.linux;

import io.ringwave.bindings.linux.Linux;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Memory that is also a file, which has no name and lives as long as it is open (memfd_create(2)). What is sent from it with
 * sendfile(2) is not copied: the socket refers to its pages until the peer has acknowledged them, or, on this machine,
 * read them. Nobody can ask when that is; so bytes that were sent must never be changed, until the pages that hold them
 * were {@linkplain #discard discarded}: then the socket has the old pages, and the file new ones.
 *
 * <p>Memory must be {@linkplain #reserve reserved} before it is touched. Any thread, as for {@link Mapping}.
 */
public final class MemoryFile implements AutoCloseable {

    private static final int DISCARD = Linux.FALLOC_FL_PUNCH_HOLE() | Linux.FALLOC_FL_KEEP_SIZE();
    private static final int NOT_EXECUTABLE = 8; // MFD_NOEXEC_SEAL, which is newer than the headers of the bindings
    private static final int RESERVE = Linux.FALLOC_FL_KEEP_SIZE();
    private static final int PAGE_BYTES = Libc.pageBytes();

    private final int descriptor;
    private final Mapping mapping;

    private MemoryFile(int descriptor, Mapping mapping) {
        this.descriptor = descriptor;
        this.mapping = mapping;
    }

    /**
     * Makes one. It takes address space only, until memory is reserved.
     *
     * @param name for /proc/self/maps
     * @param bytes the size, which is also the bound of the segment
     */
    public static MemoryFile create(String name, long bytes) throws ErrnoException {
        int descriptor = Libc.memfdCreate(name, Linux.MFD_CLOEXEC() | NOT_EXECUTABLE);
        if (descriptor == -Errno.EINVAL) { // older than Linux 6.3, where nothing can forbid the others
            descriptor = Libc.memfdCreate(name, Linux.MFD_CLOEXEC());
        }
        if (descriptor < 0) {
            throw new ErrnoException("memfd_create", -descriptor, "no memory that can be sent without a copy",
                    descriptor == -Errno.EMFILE ? "Raise the limit of open files (ulimit -n)." : "");
        }
        int result = Libc.ftruncate(descriptor, bytes);
        try {
            if (result < 0) {
                throw new ErrnoException("ftruncate", -result, bytes + " bytes of memory", "");
            }
            return new MemoryFile(descriptor, Mapping.shared(descriptor, bytes));
        } catch (ErrnoException e) {
            Libc.close(descriptor);
            throw e;
        }
    }

    /** The size of a page: what {@link #discard} takes multiples of. A power of two. */
    public static int pageBytes() {
        return PAGE_BYTES;
    }

    /** The memory: all of the file, from its beginning. */
    public MemorySegment memory() {
        return mapping.memory();
    }

    /** The descriptor of the file: positions in it are offsets in {@link #memory}. Valid until {@link #close}. */
    public int descriptor() {
        return descriptor;
    }

    /**
     * Makes sure that there are pages: touching memory of a file that has none, and can have none, kills the process.
     * What was reserved before keeps its bytes; the rest is zero.
     *
     * @return 0, or {@code -errno}: {@code -ENOSPC}, {@code -ENOMEM}
     */
    public int reserve(long offset, long bytes) {
        Objects.checkFromIndexSize(offset, bytes, mapping.memory().byteSize());
        return Libc.fallocate(descriptor, RESERVE, offset, bytes);
    }

    /**
     * Gives up pages, and their bytes: here, not for sockets that still refer to them. They must be reserved again before
     * they are used.
     *
     * @param offset a multiple of {@link #pageBytes}
     * @param bytes the same
     */
    public void discard(long offset, long bytes) {
        Objects.checkFromIndexSize(offset, bytes, mapping.memory().byteSize());
        if ((offset | bytes) % PAGE_BYTES != 0) {
            throw new IllegalArgumentException("not whole pages: " + bytes + " bytes at " + offset);
        }
        int result = Libc.fallocate(descriptor, DISCARD, offset, bytes);
        if (result < 0) { // it must not go on: whoever writes there next would change what others are being sent
            throw new IllegalStateException("fallocate: " + Errno.describe(-result) + ", of " + bytes + " bytes at "
                    + offset);
        }
    }

    /** Unmaps the memory and closes the file. Does nothing the second time. */
    @Override
    public synchronized void close() {
        if (mapping.memory().scope().isAlive()) {
            mapping.close();
            Libc.close(descriptor);
        }
    }
}
