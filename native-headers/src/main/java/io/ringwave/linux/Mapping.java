package io.ringwave.linux;

import io.ringwave.bindings.linux.Linux;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The owner of memory that mmap(2) handed out. Any thread may use the memory and close the mapping; use after close is
 * an {@link IllegalStateException}, not a crash. But raw addresses that were given to the kernel know nothing of this:
 * close only when every operation on them has completed.
 *
 * <p>The segment belongs to a shared arena, which makes it dear as an argument of a downcall: pass its address.
 */
public final class Mapping implements AutoCloseable {

    /** What stands behind anonymous memory. */
    public enum Pages {
        /** Pages of the usual size. */
        PLAIN,
        /** Huge pages wherever the kernel finds some, plain ones elsewhere (madvise(2), MADV_HUGEPAGE). */
        TRANSPARENT_HUGE,
        /** Huge pages of those that the system has reserved (mmap(2), MAP_HUGETLB). */
        RESERVED_HUGE
    }

    /** {@link #huge}: wherever the thread that touches the memory first runs. */
    public static final int ANY_NODE = -1;

    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final Path TRANSPARENT = Path.of("/sys/kernel/mm/transparent_hugepage");
    private static final int READ_WRITE = Linux.PROT_READ() | Linux.PROT_WRITE();
    private static final int PRIVATE = Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS();
    private static final long KILOBYTE = 1024;
    private static final int MAX_NODES = Long.SIZE;
    private static final long PAGE_BYTES = 4096; // or a multiple of it, which only makes less be forgotten
    private static final String LESS_MEMORY = "Raise the address space limit (ulimit -v) or vm.max_map_count, or ask for"
            + " less.";
    private static final int FORGET = Linux.MADV_DONTNEED();

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final Pages pages;
    private final long wholePages; // the bytes of the pages that hold the memory

    private Mapping(long address, long bytes, boolean writable) {
        this(address, bytes, address, bytes, bytes, writable, Pages.PLAIN);
    }

    /** The memory, and the mapping around it. */
    private Mapping(long address, long bytes, long mapped, long mappedBytes, long wholePages, boolean writable,
            Pages pages) {
        // SAFETY: mmap has just mapped [mapped, mapped + mappedBytes), which holds the memory, and only the arena's
        // cleanup unmaps it.
        MemorySegment whole = MemorySegment.ofAddress(address)
                .reinterpret(bytes, arena, ignored -> Libc.munmap(mapped, mappedBytes));
        this.memory = writable ? whole : whole.asReadOnly();
        this.pages = pages;
        this.wholePages = wholePages;
    }

    /**
     * Maps private memory: aligned to a page, zeroed, and backed by physical pages only where it is touched; they
     * come from the NUMA node of the thread that touches them first, unless {@link #prefer} says otherwise.
     *
     * @param bytes the size, which is also the bound of the segment
     */
    public static Mapping anonymous(long bytes) throws ErrnoException {
        return new Mapping(map(bytes, bytes, Linux.MAP_NORESERVE()), bytes, true);
    }

    /**
     * As {@link #anonymous}, in huge pages if it can be: of those that are reserved, which are then taken at once; else
     * transparent ones; else plain pages. {@link #pages} says which it became.
     *
     * @param node where to take the pages from, or {@link #ANY_NODE}
     */
    public static Mapping huge(long bytes, int node) throws ErrnoException {
        Mapping reserved = reserved(bytes, node);
        return reserved != null ? reserved : transparent(bytes, node);
    }

    /** Null if there are too few, or none of that size. */
    private static @Nullable Mapping reserved(long bytes, int node) {
        long pageBytes = reservedPageBytes();
        if (pageBytes <= 0) {
            return null;
        }
        long rounded = roundUp(bytes, pageBytes);
        // Not MAP_NORESERVE: with it, running out of pages later would be a SIGBUS.
        long address = Libc.mmap(rounded, READ_WRITE, PRIVATE | Linux.MAP_HUGETLB(), -1, 0);
        if (address < 0) {
            return null;
        }
        Mapping mapping = new Mapping(address, bytes, address, rounded, rounded, true, Pages.RESERVED_HUGE);
        if (node != ANY_NODE) {
            mapping.prefer(node);
        }
        // What a cgroup does not grant shows when a page is touched, as a SIGBUS; asked for in this way, it is an error.
        int result = Libc.madvise(address, rounded, Linux.MADV_POPULATE_WRITE());
        if (result < 0 && result != -Errno.EINVAL) { // EINVAL: older than Linux 5.14
            mapping.close();
            return null;
        }
        return mapping;
    }

    private static Mapping transparent(long bytes, int node) throws ErrnoException {
        long pageBytes = transparentPageBytes();
        if (pageBytes <= 0) {
            Mapping plain = anonymous(bytes);
            if (node != ANY_NODE) {
                plain.prefer(node);
            }
            return plain;
        }
        long rounded = roundUp(bytes, pageBytes);
        long mappedBytes = rounded + pageBytes; // room to align: address space, not memory
        long mapped = map(mappedBytes, bytes, Linux.MAP_NORESERVE());
        long address = roundUp(mapped, pageBytes);
        Pages pages = Libc.madvise(address, rounded, Linux.MADV_HUGEPAGE()) == 0
                ? Pages.TRANSPARENT_HUGE
                : Pages.PLAIN;
        Mapping mapping = new Mapping(address, bytes, mapped, mappedBytes, rounded, true, pages);
        if (node != ANY_NODE) {
            mapping.prefer(node);
        }
        return mapping;
    }

    private static long map(long mappedBytes, long bytes, int flags) throws ErrnoException {
        long address = bytes <= 0 ? -Errno.EINVAL : Libc.mmap(mappedBytes, READ_WRITE, PRIVATE | flags, -1, 0);
        if (address < 0) {
            throw failure(-(int) address, "mapping " + bytes + " bytes of memory", LESS_MEMORY);
        }
        return address;
    }

    /** The size of the pages that MAP_HUGETLB takes by default; 0 if the kernel has none. */
    private static long reservedPageBytes() {
        try (Stream<String> lines = Files.lines(MEMORY)) {
            return lines.filter(line -> line.startsWith("Hugepagesize:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * KILOBYTE).findFirst().orElse(0);
        } catch (IOException | UncheckedIOException | NumberFormatException e) {
            return 0;
        }
    }

    /** The size of transparent huge pages; 0 if they are switched off, which madvise(2) would not tell. */
    private static long transparentPageBytes() {
        try {
            return Files.readString(TRANSPARENT.resolve("enabled")).contains("[never]")
                    ? 0
                    : Long.parseLong(Files.readString(TRANSPARENT.resolve("hpage_pmd_size")).strip());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    private static long roundUp(long value, long powerOfTwo) {
        return (value + powerOfTwo - 1) & -powerOfTwo;
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

    /** Maps all of a file of {@link MemoryFile}, for reading and writing. */
    static Mapping shared(int fd, long bytes) throws ErrnoException {
        long address = Libc.mmap(bytes, READ_WRITE, Linux.MAP_SHARED(), fd, 0);
        if (address < 0) {
            throw failure(-(int) address, "mapping " + bytes + " bytes of memory", LESS_MEMORY);
        }
        return new Mapping(address, bytes, true);
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

    /** What stands behind it. */
    public Pages pages() {
        return pages;
    }

    /**
     * Takes the pages that are still to be touched from a NUMA node, or from others if it has none left (mbind(2),
     * MPOL_PREFERRED), whatever thread touches them.
     *
     * @return 0, or {@code -errno}; {@code -EINVAL} for a node that the process may not use, or above 63
     */
    public int prefer(int node) {
        if (node < 0 || node >= MAX_NODES) {
            return -Errno.EINVAL;
        }
        return Libc.mbind(memory.address(), wholePages, Linux.MPOL_PREFERRED(), 1L << node);
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
