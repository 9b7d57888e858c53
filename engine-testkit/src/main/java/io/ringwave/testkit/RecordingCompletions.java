package io.ringwave.testkit;

import io.ringwave.spi.Backend;
import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.Completions;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Records what a backend reports. Received bytes are copied, and their buffers released at once, unless
 * {@link #keepBuffers} says otherwise. A test may react from within a completion. Confined to the backend's thread.
 */
public final class RecordingCompletions implements Completions {

    /** What was reported about one connection. */
    public static final class Channel {

        /** {@link #end} while the stream has not ended. */
        public static final int NOT_ENDED = Integer.MAX_VALUE;

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final List<Long> sent = new ArrayList<>();
        private int chunks;
        private int end = NOT_ENDED;
        private int connected = NOT_ENDED;
        private boolean closed;

        private Channel() {}

        /** What {@code connected} reported; {@link #NOT_ENDED} if it has not. */
        public int connected() {
            return connected;
        }

        /** All bytes received so far; a copy. */
        public byte[] bytes() {
            return bytes.toByteArray();
        }

        /** How many bytes were received so far. */
        public int byteCount() {
            return bytes.size();
        }

        /** In how many chunks they came. */
        public int chunks() {
            return chunks;
        }

        /** The result that ended the stream: 0 or {@code -errno}; {@link #NOT_ENDED} if it has not. */
        public int end() {
            return end;
        }

        /** The results of the sends, in order. */
        public List<Long> sent() {
            return sent;
        }

        /** Whether {@code closed} was reported. */
        public boolean closed() {
            return closed;
        }
    }

    private final Backend backend;
    private final BufferSlab slab;
    private final Map<Integer, Channel> channels = new HashMap<>();
    private final ArrayDeque<Integer> sockets = new ArrayDeque<>();
    private final List<Integer> acceptErrors = new ArrayList<>();
    private final ArrayDeque<Integer> keptBuffers = new ArrayDeque<>();
    private boolean keepBuffers;
    private IntConsumer onConnected = slot -> {
    };
    private IntConsumer onReceived = slot -> {
    };
    private IntConsumer onSent = slot -> {
    };
    private IntConsumer onClosed = slot -> {
    };

    /** Records what this backend reports; the slab is the one it was made with. */
    public RecordingCompletions(Backend backend, BufferSlab slab) {
        this.backend = backend;
        this.slab = slab;
    }

    /** Begins a new record for a slot that is being opened. */
    public Channel opened(int slot) {
        Channel channel = new Channel();
        channels.put(slot, channel);
        return channel;
    }

    /** Accepted sockets that nobody has taken from here. */
    public ArrayDeque<Integer> sockets() {
        return sockets;
    }

    /** The negative results of accepting. */
    public List<Integer> acceptErrors() {
        return acceptErrors;
    }

    /** Whether to keep receive buffers in {@link #keptBuffers} rather than to release them. */
    public void keepBuffers(boolean keep) {
        keepBuffers = keep;
    }

    /** Buffers that were kept and wait to be released. */
    public ArrayDeque<Integer> keptBuffers() {
        return keptBuffers;
    }

    /** What to do, within the completion, after {@code connected} was recorded; is given the slot. */
    public void onConnected(IntConsumer reaction) {
        onConnected = reaction;
    }

    /** What to do, within the completion, after {@code received} was recorded; is given the slot. */
    public void onReceived(IntConsumer reaction) {
        onReceived = reaction;
    }

    /** What to do, within the completion, after {@code sent} was recorded; is given the slot. */
    public void onSent(IntConsumer reaction) {
        onSent = reaction;
    }

    /** What to do, within the completion, after {@code closed} was recorded; is given the slot. */
    public void onClosed(IntConsumer reaction) {
        onClosed = reaction;
    }

    @Override
    public void accepted(int result) {
        if (result >= 0) {
            sockets.add(result);
        } else {
            acceptErrors.add(result);
        }
    }

    @Override
    public void connected(int slot, int result) {
        channels.get(slot).connected = result;
        onConnected.accept(slot);
    }

    @Override
    public void received(int slot, int buffer, int offset, int result) {
        Channel channel = channels.get(slot);
        if (result > 0) {
            channel.bytes.writeBytes(slab.memory().asSlice(slab.offset(buffer) + offset, result)
                    .toArray(ValueLayout.JAVA_BYTE));
            channel.chunks++;
            if (keepBuffers) {
                keptBuffers.add(buffer);
            } else {
                release(buffer);
            }
        } else {
            channel.end = result;
        }
        onReceived.accept(slot);
    }

    /** Gives a buffer back to the backend, overwritten, so that a backend which still reads it is found out. */
    public void release(int buffer) {
        slab.memory().asSlice(slab.offset(buffer), slab.bufferBytes()).fill((byte) 0xEE);
        backend.release(buffer);
    }

    @Override
    public void sent(int slot, long result) {
        channels.get(slot).sent.add(result);
        onSent.accept(slot);
    }

    @Override
    public void closed(int slot) {
        channels.get(slot).closed = true;
        onClosed.accept(slot);
    }
}
