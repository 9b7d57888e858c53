package io.ringwave.uring;

import static io.ringwave.uring.Channels.SET_ASIDE;

import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.SlotQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Copies of chunks that were held back in buffers which others needed: per slot a first-in first-out list, on the heap,
 * bounded in bytes. A chunk is reported in a buffer again, so while there are copies some buffers that come back are kept
 * for them. Rare: without copies it is asked nothing but {@link #isEmpty}. Confined to the loop's thread.
 */
final class SetAside {

    /** At least so many bytes may be set aside, however few buffers there are. */
    private static final int MIN_LIMIT_BYTES = 1 << 20;
    /** Else this many times what the receive buffers hold. */
    private static final int LIMIT_SHARE = 4;
    private static final int MAX_KEPT = 8;
    private static final int NONE = -1;

    private final Channels channels;
    private final BufferSlab slab;
    private final Map<Integer, ArrayDeque<byte[]>> copies = new HashMap<>();
    private final long limitBytes;
    private long bytes;
    private final int[] kept;
    private int keptCount;
    private final SlotQueue waiting; // had a chunk to report, and no buffer for it

    SetAside(Channels channels, BufferSlab slab, int slots) {
        this.channels = channels;
        this.slab = slab;
        this.limitBytes = Math.max(MIN_LIMIT_BYTES,
                (long) LIMIT_SHARE * slab.receiveBuffers() * slab.bufferBytes());
        this.kept = new int[Math.clamp(slab.receiveBuffers() / MAX_KEPT, 1, MAX_KEPT)];
        this.waiting = new SlotQueue(slots);
    }

    /** Whether there are no copies, and no buffers are kept for them. */
    boolean isEmpty() {
        return keptCount == 0 && copies.isEmpty();
    }

    /** Whether there are copies for a slot. */
    boolean isEmpty(int slot) {
        return !channels.is(slot, SET_ASIDE);
    }

    /** Appends a copy of a chunk, and returns true; false if there is no room for it. */
    boolean add(int slot, int buffer, int length) {
        if (bytes + length > limitBytes) {
            return false;
        }
        byte[] copy = new byte[length];
        MemorySegment.copy(slab.memory(), ValueLayout.JAVA_BYTE, slab.offset(buffer), copy, 0, length);
        copies.computeIfAbsent(slot, key -> new ArrayDeque<>()).add(copy);
        bytes += length;
        channels.set(slot, SET_ASIDE);
        return true;
    }

    /** How long the oldest chunk is of a slot that has one. */
    int length(int slot) {
        return of(slot).element().length;
    }

    /** Takes the oldest chunk of a slot that has one. Returns the buffer that it is in; -1 if it must wait for one. */
    int remove(int slot) {
        if (keptCount == 0) {
            waiting.add(slot);
            return NONE;
        }
        ArrayDeque<byte[]> chunks = of(slot);
        byte[] chunk = chunks.remove();
        int buffer = kept[--keptCount];
        MemorySegment.copy(chunk, 0, slab.memory(), ValueLayout.JAVA_BYTE, slab.offset(buffer), chunk.length);
        bytes -= chunk.length;
        if (chunks.isEmpty()) {
            forget(slot);
        }
        return buffer;
    }

    /** Drops what there is for a slot. */
    void forget(int slot) {
        ArrayDeque<byte[]> chunks = copies.remove(slot);
        if (chunks != null) {
            channels.clear(slot, SET_ASIDE);
            for (byte[] chunk : chunks) {
                bytes -= chunk.length;
            }
        }
    }

    /** Keeps a buffer for chunks to come, and returns true; false if enough are kept. */
    boolean keep(int buffer) {
        if (copies.isEmpty() || keptCount == kept.length) {
            return false;
        }
        kept[keptCount++] = buffer;
        return true;
    }

    /** Puts slots into a queue that had no buffer for a chunk, as many as there are buffers now. */
    void serve(SlotQueue ready) {
        for (int tries = keptCount; tries > 0 && !waiting.isEmpty(); tries--) {
            ready.add(waiting.remove());
        }
    }

    /** Gives up a buffer that is kept for nobody; -1 if there is none. */
    int spare() {
        return copies.isEmpty() && keptCount > 0 ? kept[--keptCount] : NONE;
    }

    private ArrayDeque<byte[]> of(int slot) {
        ArrayDeque<byte[]> chunks = copies.get(slot);
        assert chunks != null : "nothing is set aside for slot " + slot;
        return chunks;
    }
}
