package io.ringwave.linux;

import io.ringwave.bindings.linux.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The owner of memory that mmap(2) handed out. Any thread may use the memory and close the mapping; use after close is
 * an {@link IllegalStateException}, not a crash. But raw addresses that were given to the kernel know nothing of this:
 * close only when every operation on them has completed.
 *
 * <p>The segment belongs to a shared arena, which makes it dear as an argument of a downcall: pass its address.
 */
public final class Mapping implements AutoCloseable {

    private static final long PAGE_BYTES = 4096; // or a multiple of it, which only makes less be forgotten
    private static final int FORGET = Linux.MADV_DONTNEED();

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    private Mapping(long address, long bytes, boolean writable) {
        // SAFETY: mmap has just mapped [address, address + bytes), and only the arena's cleanup unmaps it.
        MemorySegment whole = MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, ignored -> Libc.munmap(address, bytes));
        memory = writable ? whole : whole.asReadOnly();
    }

    /**
     * Maps private memory: aligned to a page, zeroed, and backed by physical pages only where it is touched; they
     * come from the NUMA node of the thread that touches them first.
     *
     * @param bytes the size, which is also the bound of the segment
     */
    public static Mapping anonymous(long bytes) throws ErrnoException {
        long address = Libc.mmap(bytes, Linux.PROT_READ() | Linux.PROT_WRITE(),
                Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS() | Linux.MAP_NORESERVE(), -1, 0);
        if (address < 0) {
            throw failure(-(int) address, "mapping " + bytes + " bytes of memory",
                    "Raise the address space limit (ulimit -v) or vm.max_map_count, or ask for less.");
        }
        return new Mapping(address, bytes, true);
    }

    /**
     * Maps a part of a file, read-only and shared. The file may be closed afterwards. If somebody cuts it shorter,
     * reading behind its new end is an {@link InternalError}, and a system call given such an address gets
     * {@code -EFAULT}.
     *
     * @param fd open for reading
     * @param position the offset in the file: a multiple of the page size
     * @param bytes the size, which is also the bound of the segment
     */
    public static Mapping file(int fd, long position, long bytes) throws ErrnoException {
        long address = Libc.mmap(bytes, Linux.PROT_READ(), Linux.MAP_SHARED(), fd, position);
        if (address < 0) {
            throw failure(-(int) address, "mapping " + bytes + " bytes at " + position + " of descriptor " + fd, "");
        }
        return new Mapping(address, bytes, false);
    }

    private static ErrnoException failure(int errno, String what, String remedyForMemory) {
        return switch (errno) {
            case Errno.EINVAL -> new ErrnoException("mmap", errno,
                    what + ": the size must be positive and the position a multiple of the page size", "");
            case Errno.ENOMEM -> new ErrnoException("mmap", errno, what, remedyForMemory);
            default -> new ErrnoException("mmap", errno, what, "");
        };
    }

    /** The memory, bounded to the size asked for. */
    public MemorySegment memory() {
        return memory;
    }

    /**
     * Of a mapped file: its pages no longer count as the process's, until they are used again; they stay in the page
     * cache, and operations under way go on (MADV_DONTNEED, madvise(2)). Never of anonymous memory, which it would zero.
     */
    public void forget(long offset, long bytes) {
        java.util.Objects.checkFromIndexSize(offset, bytes, memory.byteSize());
        if (!memory.isReadOnly()) {
            throw new IllegalStateException("not a mapped file");
        }
        long start = memory.address() + offset & -PAGE_BYTES;
        long end = memory.address() + offset + bytes;
        Libc.madvise(start, end - start, FORGET); // an advice: nothing depends on it
    }

    /** Unmaps the memory. Does nothing the second time. */
    @Override
    public synchronized void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
