package io.ringwave.http;

import io.ringwave.Connection;
import io.ringwave.LoopContext;
import io.ringwave.OwnedBuffer;
import io.ringwave.ReceivedBytes;
import io.ringwave.SendableFile;
import io.ringwave.SendableMemory;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A connection that throws away what is sent, and allocates nothing: its first buffer receives, its second sends. */
final class QuietConnection implements Connection, OwnedBuffer {

    private final FakeLoop loop;
    private @Nullable Object attachment;
    private long receivedAt;
    private int receivedLength;
    private int length;
    long sentBytes;

    QuietConnection(FakeLoop loop) {
        this.loop = loop;
    }

    void receive(HttpConnectionHandler handler, int offset, int bytes) {
        receivedAt = offset;
        receivedLength = bytes;
        handler.onReceive(this, received);
    }

    private final ReceivedBytes received = new ReceivedBytes() {
        @Override
        public MemorySegment memory() {
            return loop.slab;
        }

        @Override
        public long offset() {
            return receivedAt;
        }

        @Override
        public int length() {
            return receivedLength;
        }

        @Override
        public OwnedBuffer retain() {
            throw new IllegalStateException("nothing should have to wait");
        }
    };

    @Override
    public MemorySegment memory() {
        return loop.slab;
    }

    @Override
    public long offset() {
        return loop.bufferBytes;
    }

    @Override
    public int capacity() {
        return loop.bufferBytes;
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

    @Override
    public LoopContext loop() {
        return loop;
    }

    @Override
    public int slot() {
        return 0;
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
    public long id() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void pausesWhenFull(boolean pauses) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void finishSending() {
        throw new UnsupportedOperationException();
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
        return this;
    }

    @Override
    public void send(OwnedBuffer buffer) {
        send(buffer, false);
    }

    @Override
    public void send(OwnedBuffer buffer, boolean more) {
        sentBytes += buffer.length();
    }

    @Override
    public void send(SendableMemory memory, long at, int bytes, boolean more) {
        sentBytes += bytes;
        memory.sendFinished();
    }

    @Override
    public void sendFile(SendableFile file, long position, long bytes) {
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
    public void close() {}

    @Override
    public void closeAfterSend() {}
}
