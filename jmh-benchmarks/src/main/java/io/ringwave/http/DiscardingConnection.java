package io.ringwave.http;

import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.LoopContext;
import io.ringwave.LoopSignal;
import io.ringwave.OwnedBuffer;
import io.ringwave.ReceivedBytes;
import io.ringwave.SendableFile;
import io.ringwave.SendableMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.time.Duration;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A connection of a loop without a kernel: its received bytes are always the same, what is sent is thrown away, and no
 * time passes. What is left is the work of HTTP alone. Allocates nothing after it was made.
 */
final class DiscardingConnection implements Connection, LoopContext {

    private static final int BUFFER_BYTES = 16 * 1024; // an engine's default

    private final MemorySegment slab = Arena.global().allocate(2L * BUFFER_BYTES, 64);
    private final int receivedBytes;
    private final ReceivedBytes received = new Received();
    private final OwnedBuffer sendBuffer = new SendBuffer();
    private @Nullable Object attachment;

    /** @param input what it receives each time; at most a buffer full */
    DiscardingConnection(String input) {
        byte[] bytes = input.getBytes(StandardCharsets.ISO_8859_1);
        receivedBytes = bytes.length;
        MemorySegment.copy(bytes, 0, slab, Words.BYTE, 0, receivedBytes);
    }

    /** The bytes that it receives. */
    ReceivedBytes received() {
        return received;
    }

    private final class Received implements ReceivedBytes {
        @Override
        public MemorySegment memory() {
            return slab;
        }

        @Override
        public long offset() {
            return 0;
        }

        @Override
        public int length() {
            return receivedBytes;
        }

        @Override
        public OwnedBuffer retain() {
            throw new IllegalStateException("nothing should have to wait");
        }
    }

    /** The second half of the slab. */
    private final class SendBuffer implements OwnedBuffer {
        private int length;

        @Override
        public MemorySegment memory() {
            return slab;
        }

        @Override
        public long offset() {
            return BUFFER_BYTES;
        }

        @Override
        public int capacity() {
            return BUFFER_BYTES;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public void length(int newLength) {
            length = newLength;
        }

        @Override
        public void skip(int count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void release() {}
    }

    // ---- Connection

    @Override
    public LoopContext loop() {
        return this;
    }

    @Override
    public int slot() {
        return 0;
    }

    @Override
    public long id() {
        return 0;
    }

    @Override
    public void pausesWhenFull(boolean pauses) {}

    @Override
    public void finishSending() {}

    @Override
    public Connection connection(long id) {
        return this;
    }

    @Override
    public void connect(SocketAddress address, ConnectionHandler handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void connect(SocketAddress address, Duration timeout, ConnectionHandler handler) {
        throw new UnsupportedOperationException();
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(@Nullable Object state) {
        attachment = state;
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return null;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isWritable() {
        return true;
    }

    @Override
    public OwnedBuffer acquireBuffer() {
        return sendBuffer;
    }

    @Override
    public void send(OwnedBuffer buffer) {}

    @Override
    public void send(OwnedBuffer buffer, boolean more) {}

    @Override
    public void send(SendableMemory memory, long at, int bytes, boolean more) {
        memory.sendFinished();
    }

    @Override
    public void sendFile(SendableFile file, long position, long length) {
        file.sendFinished();
    }

    @Override
    public int queuedSends() {
        return 0;
    }

    @Override
    public long outstanding() {
        return 0;
    }

    @Override
    public void pause() {}

    @Override
    public void resume() {}

    @Override
    public void deadline(long nanoTime) {}

    @Override
    public void close() {
        throw new IllegalStateException("a request was refused");
    }

    @Override
    public void closeAfterSend() {
        throw new IllegalStateException("a request was refused");
    }

    // ---- LoopContext

    @Override
    public int index() {
        return 0;
    }

    @Override
    public long nanoTime() {
        return 0;
    }

    @Override
    public long batchNanoTime() {
        return nanoTime();
    }

    @Override
    public int maxConnections() {
        return 1;
    }

    @Override
    public int bufferBytes() {
        return BUFFER_BYTES;
    }

    @Override
    public boolean execute(Runnable task) {
        return false;
    }

    @Override
    public LoopSignal signal(Runnable task) {
        return task::run;
    }
}
