package io.ringwave.uring;

import io.ringwave.linux.Errno;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Mapping;
import io.ringwave.linux.Ring;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BufferSlab;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The ring of provided buffers: the slab's receive buffers, from which the kernel picks one when bytes arrive. Owns the
 * memory of the ring, not of the buffers. Confined to the loop's thread (io_uring_register_buf_ring(3)).
 */
final class BufferRing implements ReceiveBuffers {

    /** The only buffer group of a ring. */
    static final int GROUP = 1;

    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();
    private static final int ENTRY_SHIFT = 4; // struct io_uring_buf: u64 addr, u32 len, u16 bid, u16 resv
    private static final long TAIL = 14; // the tail lies in the reserved field of the first entry

    private final Mapping mapping;
    private final MemorySegment entries;
    private final BufferSlab slab;
    private final int mask;
    private int tail;
    private int published;
    private int free; // given to the kernel, and not reported taken yet

    private BufferRing(Mapping mapping, BufferSlab slab) {
        this.mapping = mapping;
        this.entries = mapping.memory();
        this.slab = slab;
        this.mask = slab.receiveBuffers() - 1;
    }

    /** Registers the receive buffers of a slab with a ring. */
    static BufferRing register(Ring ring, BufferSlab slab) throws BackendException, ErrnoException {
        Mapping mapping = Mapping.anonymous((long) slab.receiveBuffers() << ENTRY_SHIFT);
        BufferRing buffers = new BufferRing(mapping, slab);
        int result = ring.registerBufferRing(mapping.memory(), slab.receiveBuffers(), GROUP);
        if (result < 0) {
            mapping.close();
            throw new BackendException("io_uring refuses a ring of provided buffers: " + Errno.describe(-result),
                    result == -Errno.ENOMEM ? LockedMemory.REMEDY : "Linux 5.19 or newer has them.");
        }
        for (int buffer = 0; buffer < slab.receiveBuffers(); buffer++) {
            buffers.add(buffer);
        }
        buffers.publish();
        return buffers;
    }

    /** Gives a buffer to the kernel, from the next {@link #publish} on. */
    @Override
    public void add(int buffer) {
        assert slab.isReceiveBuffer(buffer);
        long at = (long) (tail & mask) << ENTRY_SHIFT;
        // SAFETY: the slab outlives the ring, and a buffer in here belongs to the kernel until it is reported.
        entries.set(ValueLayout.JAVA_LONG, at, slab.address(slab.offset(buffer), slab.bufferBytes()));
        entries.set(ValueLayout.JAVA_INT, at + 8, slab.bufferBytes());
        entries.set(ValueLayout.JAVA_SHORT, at + 12, (short) buffer);
        tail++;
        free++;
    }

    /** Notes that the kernel has reported a buffer. */
    void taken() {
        free--;
    }

    @Override
    public int publish() {
        if (tail != published) {
            SHORT.setRelease(entries, TAIL, (short) tail); // release: the entries are written before the tail
            published = tail;
        }
        return free;
    }

    /** The ring that it was registered with must be closed. */
    @Override
    public void close() {
        mapping.close();
    }
}
