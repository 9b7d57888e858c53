package io.ringwave.linux;

import static io.ringwave.linux.Downcalls.plain;
import static io.ringwave.linux.Downcalls.unexpected;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.bindings.uring.io_uring;
import io.ringwave.bindings.uring.io_uring_buf;
import io.ringwave.bindings.uring.io_uring_buf_reg;
import io.ringwave.bindings.uring.io_uring_cq;
import io.ringwave.bindings.uring.io_uring_cqe;
import io.ringwave.bindings.uring.io_uring_params;
import io.ringwave.bindings.uring.io_uring_probe;
import io.ringwave.bindings.uring.io_uring_probe_op;
import io.ringwave.bindings.uring.io_uring_sq;
import io.ringwave.bindings.uring.io_uring_sqe;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The owner of an io_uring instance. liburing makes it and maps its queues; this class hands out the mapped memory as
 * segments bounded to their true size, to be worked directly, and enters the kernel. Confined to the thread that made
 * it, as IORING_SETUP_SINGLE_ISSUER demands. Needs {@link Liburing#isInstalled}.
 *
 * <p>Sources: io_uring_setup(2), io_uring_enter(2), io_uring_register(2).
 */
public final class Ring implements AutoCloseable {

    // liburing returns -errno itself. Pointers are longs: no liveness check of an argument segment per call.
    private static final MethodHandle ENTER2 = plain(Uring.io_uring_enter2$address(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));

    private final Arena arena;
    private final MemorySegment ring;
    private final int setupFlags;
    private final int features;
    private int enterDescriptor;
    private int enterFlags;
    private boolean open = true;

    private Ring(Arena arena, MemorySegment ring, int setupFlags, int features) {
        this.arena = arena;
        this.ring = ring;
        this.setupFlags = setupFlags;
        this.features = features;
        this.enterDescriptor = io_uring.ring_fd(ring);
    }

    /**
     * Makes an instance.
     *
     * @param entries the size of the submission queue: a power of two
     * @param completionEntries the size of the completion queue: a power of two, used with IORING_SETUP_CQSIZE
     * @param flags IORING_SETUP_* flags
     * @return the ring, or an exception that holds the errno of io_uring_setup(2)
     */
    public static Ring create(int entries, int completionEntries, int flags) throws ErrnoException {
        return create(entries, completionEntries, flags, 0);
    }

    /**
     * Makes an instance.
     *
     * @param idleMillis with IORING_SETUP_SQPOLL, for how long the kernel's thread looks for submissions before it sleeps
     */
    public static Ring create(int entries, int completionEntries, int flags, int idleMillis) throws ErrnoException {
        Arena arena = Arena.ofConfined();
        MemorySegment params = arena.allocate(io_uring_params.layout());
        io_uring_params.flags(params, flags);
        io_uring_params.cq_entries(params, completionEntries);
        io_uring_params.sq_thread_idle(params, idleMillis);
        MemorySegment ring = arena.allocate(io_uring.layout());
        // In two steps, because io_uring_queue_init_params of liburing 2.3 also fills the index array, which it believes
        // to be at offset 0 of the ring where IORING_SETUP_NO_SQARRAY left it out: that overwrites heads and tails.
        int descriptor = Uring.io_uring_setup(entries, params);
        if (descriptor < 0) {
            arena.close();
            throw new ErrnoException("io_uring_setup", -descriptor, "", "");
        }
        int result = Uring.io_uring_queue_mmap(descriptor, params, ring);
        if (result < 0) {
            Libc.close(descriptor);
            arena.close();
            throw new ErrnoException("mmap", -result, "no memory for the queues of a ring", "");
        }
        Ring made = new Ring(arena, ring, io_uring_params.flags(params), io_uring_params.features(params));
        if ((made.setupFlags & UringNewer.IORING_SETUP_NO_SQARRAY()) == 0) {
            made.fillSubmissionArray();
        }
        return made;
    }

    /** The flags that the ring was made with. */
    public int setupFlags() {
        return setupFlags;
    }

    /** IORING_FEAT_* bits. */
    public int features() {
        return features;
    }

    /** The descriptor of the ring. */
    public int descriptor() {
        return io_uring.ring_fd(ring);
    }

    /** Registers the ring's own descriptor, which spares its look-up at every enter. False where not supported. */
    public boolean registerDescriptor() {
        if (Uring.io_uring_register_ring_fd(ring) != 1) {
            return false;
        }
        enterDescriptor = io_uring.enter_ring_fd(ring);
        enterFlags |= Uring.IORING_ENTER_REGISTERED_RING();
        return true;
    }

    /** Passes IORING_ENTER_* flags to every {@link #enter} from now on. */
    public void alwaysEnterWith(int flags) {
        enterFlags |= flags;
    }

    /**
     * io_uring_register(2).
     *
     * @param operation IORING_REGISTER_*
     * @return {@code >= 0} or {@code -errno}
     */
    public int register(int operation, MemorySegment argument, int count) {
        return Uring.io_uring_register(descriptor(), operation, argument, count);
    }

    // SAFETY of the views below: liburing has mapped the queues with the sizes that the kernel reported, and they stay
    // mapped until close(); after that nothing may touch them, which the confinement to one thread makes checkable.

    /** The submission queue entries, 64 bytes each. */
    public MemorySegment submissionEntries() {
        MemorySegment sq = io_uring.sq(ring);
        return view(io_uring_sq.sqes(sq), io_uring_sq.ring_entries(sq) * io_uring_sqe.sizeof());
    }

    /** Where the kernel will read the next submission: an int that it writes. */
    public MemorySegment submissionHead() {
        return view(io_uring_sq.khead(io_uring.sq(ring)), Integer.BYTES);
    }

    /** Where the application will write the next submission: an int that the application writes. */
    public MemorySegment submissionTail() {
        return view(io_uring_sq.ktail(io_uring.sq(ring)), Integer.BYTES);
    }

    /** IORING_SQ_* flags: an int that the kernel writes. */
    public MemorySegment submissionFlags() {
        return view(io_uring_sq.kflags(io_uring.sq(ring)), Integer.BYTES);
    }

    /** The completion queue entries, 16 bytes each. */
    public MemorySegment completionEntries() {
        MemorySegment cq = io_uring.cq(ring);
        return view(io_uring_cq.cqes(cq), io_uring_cq.ring_entries(cq) * io_uring_cqe.sizeof());
    }

    /** Where the application will read the next completion: an int that the application writes. */
    public MemorySegment completionHead() {
        return view(io_uring_cq.khead(io_uring.cq(ring)), Integer.BYTES);
    }

    /** Where the kernel will write the next completion: an int that it writes. */
    public MemorySegment completionTail() {
        return view(io_uring_cq.ktail(io_uring.cq(ring)), Integer.BYTES);
    }

    /**
     * io_uring_enter(2).
     *
     * @param argument the address of a {@code io_uring_getevents_arg} with IORING_ENTER_EXT_ARG, else 0
     * @return how many submissions were consumed, or {@code -errno}
     */
    public int enter(int toSubmit, int minComplete, int flags, long argument, long argumentBytes) {
        try {
            return (int) ENTER2.invokeExact(enterDescriptor, toSubmit, minComplete, flags | enterFlags, argument,
                    argumentBytes);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /**
     * Registers a ring of provided buffers.
     *
     * @param memory {@code entries * 16} page-aligned bytes, valid until close
     * @param entries a power of two, at most 32,768
     * @return 0 or {@code -errno}
     */
    public int registerBufferRing(MemorySegment memory, int entries, int group) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment registration = scratch.allocate(io_uring_buf_reg.layout());
            java.util.Objects.checkFromIndexSize(0, entries * io_uring_buf.sizeof(), memory.byteSize());
            io_uring_buf_reg.ring_addr(registration, memory.address());
            io_uring_buf_reg.ring_entries(registration, entries);
            io_uring_buf_reg.bgid(registration, (short) group);
            return Uring.io_uring_register_buf_ring(ring, registration, 0);
        }
    }

    /**
     * Registers an empty table of files, which operations with IORING_FILE_INDEX_ALLOC fill (5.19).
     *
     * @param places how many files it holds: at most RLIMIT_NOFILE
     * @return 0 or {@code -errno}
     */
    public int registerFileTable(int places) {
        return Uring.io_uring_register_files_sparse(ring, places);
    }

    /** Takes the table of files away, and closes those that nothing in flight uses. Returns 0 or {@code -errno}. */
    public int unregisterFileTable() {
        return Uring.io_uring_unregister_files(ring);
    }

    /** Whether the kernel knows an operation (IORING_OP_*; IORING_REGISTER_PROBE). */
    public boolean supports(int operation) {
        try (Arena scratch = Arena.ofConfined()) {
            int operations = 256;
            long bytes = io_uring_probe.sizeof() + operations * io_uring_probe_op.sizeof();
            MemorySegment probe = scratch.allocate(bytes, Long.BYTES);
            if (Uring.io_uring_register_probe(ring, probe, operations) < 0) {
                return false;
            }
            if (operation > (io_uring_probe.last_op(probe) & 0xff)) {
                return false;
            }
            MemorySegment entry = probe.asSlice(io_uring_probe.sizeof() + operation * io_uring_probe_op.sizeof(),
                    io_uring_probe_op.sizeof());
            return (io_uring_probe_op.flags(entry) & Uring.IO_URING_OP_SUPPORTED()) != 0;
        }
    }

    /** Unmaps the queues and closes the ring. The caller has awaited what was in flight. Idempotent. */
    @Override
    public void close() {
        if (open) {
            open = false;
            Uring.io_uring_queue_exit(ring);
            arena.close();
        }
    }

    /** Without IORING_SETUP_NO_SQARRAY submissions go through an index array; entry i is always submission i. */
    private void fillSubmissionArray() {
        MemorySegment sq = io_uring.sq(ring);
        int entries = io_uring_sq.ring_entries(sq);
        MemorySegment array = view(io_uring_sq.array(sq), (long) entries * Integer.BYTES);
        for (int i = 0; i < entries; i++) {
            array.setAtIndex(JAVA_INT, i, i);
        }
    }

    private MemorySegment view(MemorySegment pointer, long bytes) {
        return pointer.reinterpret(bytes, arena, null);
    }
}
