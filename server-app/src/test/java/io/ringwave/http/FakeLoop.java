package io.ringwave.http;

import io.ringwave.CloseReason;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.LoopContext;
import io.ringwave.LoopSignal;
import io.ringwave.OwnedBuffer;
import io.ringwave.ReceivedBytes;
import io.ringwave.SendableFile;
import io.ringwave.SendableMemory;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * An event loop without a kernel, for tests: a handler, connections to it, and a clock that the test moves. Received
 * bytes and sends lie in one slab; a buffer that is not given back, or given back twice, shows.
 */
final class FakeLoop implements LoopContext {

    final int bufferBytes;
    final MemorySegment slab;
    final Deque<Buffer> free = new ArrayDeque<>();
    final Deque<Runnable> tasks = new ArrayDeque<>();
    final Queue<Runnable> signals = new ConcurrentLinkedQueue<>();
    final int buffers;
    long now = -1_000_000_000L; // a monotonic clock may be negative
    boolean mailboxFull;
    /** A signal has the loop run at once, in place of who raised it: as on a core that both share. */
    boolean signalsPreempt;
    int signalsRaised;

    FakeLoop(int bufferBytes, int buffers) {
        this.bufferBytes = bufferBytes;
        this.buffers = buffers;
        this.slab = Arena.ofAuto().allocate((long) bufferBytes * buffers, 64);
        for (int i = 0; i < buffers; i++) {
            free.push(new Buffer((long) i * bufferBytes));
        }
    }

    @Override
    public int index() {
        return 0;
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public long batchNanoTime() {
        return nanoTime();
    }

    @Override
    public int maxConnections() {
        return 5;
    }

    @Override
    public int bufferBytes() {
        return bufferBytes;
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
    public @Nullable Connection connection(long id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean execute(Runnable task) {
        return !mailboxFull && tasks.add(task);
    }

    @Override
    public LoopSignal signal(Runnable task) {
        return () -> {
            signalsRaised++;
            if (signalsPreempt) {
                task.run();
            } else {
                signals.add(task);
            }
        };
    }

    void runTasks() {
        for (Runnable task = signals.poll(); task != null; task = signals.poll()) {
            task.run();
        }
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** One of the slab's buffers, owned by whoever has it. */
    final class Buffer implements OwnedBuffer {
        private final long start;
        private int from;
        private int length;
        private boolean owned;

        Buffer(long start) {
            this.start = start;
        }

        Buffer take(int newLength) {
            from = 0;
            length = newLength;
            owned = true;
            return this;
        }

        @Override
        public MemorySegment memory() {
            return slab;
        }

        @Override
        public long offset() {
            return start + from;
        }

        @Override
        public int capacity() {
            return bufferBytes - from;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public void length(int newLength) {
            if (newLength < 0 || newLength > capacity()) {
                throw new IndexOutOfBoundsException(newLength);
            }
            length = newLength;
        }

        @Override
        public void skip(int count) {
            from += count;
            length -= count;
        }

        @Override
        public void release() {
            if (!owned) {
                throw new IllegalStateException("released twice");
            }
            owned = false;
            slab.asSlice(start, bufferBytes).fill((byte) 0xDB);
            free.push(this);
        }

        byte[] toArray() {
            return slab.asSlice(offset(), length).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** A connection; records what is sent. */
    final class FakeConnection implements Connection, ReceivedBytes {
        private final HttpConnectionHandler handler;
        private final int slot;
        private @Nullable Object attachment;
        private @Nullable Buffer received;
        private int receivedFrom;
        private int receivedLength;

        /** Each send, as text; a part of a file as {@code file(position,length)}. */
        final List<String> sends = new ArrayList<>();
        final List<Boolean> more = new ArrayList<>();
        final ByteArrayOutputStream output = new ByteArrayOutputStream();
        private final Deque<SendableFile> filesInFlight = new ArrayDeque<>();
        final Deque<SendableMemory> memoryInFlight = new ArrayDeque<>();
        private final Deque<MemorySegment> partsInFlight = new ArrayDeque<>(); // of the memory, and
        private final Deque<byte[]> bytesInFlight = new ArrayDeque<>(); // what they had when they were sent
        boolean writable = true;
        boolean noBuffers;
        boolean paused;
        boolean open = true;
        boolean finished;
        long deadline = NO_DEADLINE;
        int deadlineCalls;
        /** How many sends make it unwritable. */
        int sendsUntilFull = Integer.MAX_VALUE;

        FakeConnection(HttpConnectionHandler handler, int slot) {
            this.handler = handler;
            this.slot = slot;
            handler.onOpen(this);
        }

        /** Delivers bytes, as many as fit into a buffer at a time. */
        void receive(String latin1) {
            byte[] bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
            for (int at = 0; at < bytes.length && open && !finished; at += bufferBytes) {
                Buffer buffer = free.pop().take(Math.min(bufferBytes, bytes.length - at));
                MemorySegment.copy(bytes, at, slab, ValueLayout.JAVA_BYTE, buffer.start, buffer.length);
                received = buffer;
                receivedLength = buffer.length;
                receivedFrom = 0;
                handler.onReceive(this, this);
                if (received != null) {
                    received.release();
                    received = null;
                }
            }
        }

        /** What the peer is said not to have acknowledged. */
        long outstanding;

        void becomeWritable() {
            writable = true;
            noBuffers = false;
            handler.onWritable(this);
        }

        /** Moves the clock, and reports the deadline if it has passed. */
        void pass(long nanos) {
            now += nanos;
            if (deadline != NO_DEADLINE && deadline - now <= 0) {
                deadline = NO_DEADLINE;
                handler.onTimeout(this);
            }
        }

        /** The file part in flight was sent. */
        void fileSent() {
            filesInFlight.remove().sendFinished();
            runTasks();
        }

        /** The connection ends, whoever ended it. */
        void end() {
            open = false;
            memorySent();
            while (!filesInFlight.isEmpty()) {
                filesInFlight.remove().sendFinished();
            }
            handler.onClosed(this, CloseReason.PEER_RESET);
            runTasks();
        }

        String sent() {
            return output.toString(StandardCharsets.ISO_8859_1);
        }

        @Override
        public LoopContext loop() {
            return FakeLoop.this;
        }

        @Override
        public int slot() {
            return slot;
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
            return open && !finished;
        }

        @Override
        public boolean isWritable() {
            return isOpen() && writable;
        }

        @Override
        public @Nullable OwnedBuffer acquireBuffer() {
            return noBuffers || free.isEmpty() ? null : free.pop().take(0);
        }

        @Override
        public void send(OwnedBuffer buffer) {
            send(buffer, false);
        }

        @Override
        public void send(OwnedBuffer buffer, boolean moreFollows) {
            if (isOpen()) {
                byte[] bytes = ((Buffer) buffer).toArray();
                output.writeBytes(bytes);
                sends.add(new String(bytes, StandardCharsets.ISO_8859_1));
                more.add(moreFollows);
                if (--sendsUntilFull == 0) {
                    writable = false;
                }
            }
            buffer.release();
        }

        /** Like a buffer; the memory is given back by {@link #memorySent}. */
        @Override
        public void send(SendableMemory memory, long offset, int length, boolean moreFollows) {
            if (isOpen()) {
                MemorySegment part = memory.memory().asSlice(offset, length);
                byte[] bytes = part.toArray(ValueLayout.JAVA_BYTE);
                partsInFlight.add(part);
                bytesInFlight.add(bytes);
                output.writeBytes(bytes);
                sends.add(new String(bytes, StandardCharsets.ISO_8859_1));
                more.add(moreFollows);
                memoryInFlight.add(memory);
                if (--sendsUntilFull == 0) {
                    writable = false;
                }
            } else {
                memory.sendFinished();
            }
        }

        /** All memory in flight was sent. @throws IllegalStateException if it was changed meanwhile */
        void memorySent() {
            while (!memoryInFlight.isEmpty()) {
                boolean unchanged = partsInFlight.remove().mismatch(MemorySegment.ofArray(bytesInFlight.remove())) < 0;
                memoryInFlight.remove().sendFinished();
                if (!unchanged) {
                    throw new IllegalStateException("memory was changed while it was sent");
                }
            }
        }

        @Override
        public void sendFile(SendableFile file, long position, long length) {
            if (isOpen()) {
                sends.add("file(" + position + "," + length + ")");
                filesInFlight.add(file);
            } else {
                file.sendFinished();
            }
        }

        /** What is said to be queued: nothing, since sends are made at once. */
        int queuedSends;

        @Override
        public int queuedSends() {
            return queuedSends;
        }

        @Override
        public long outstanding() {
            return outstanding;
        }

        @Override
        public void pause() {
            paused = true;
        }

        @Override
        public void resume() {
            paused = false;
        }

        @Override
        public void deadline(long nanoTime) {
            deadline = nanoTime;
            deadlineCalls++;
        }

        @Override
        public void close() {
            open = false;
        }

        @Override
        public void closeAfterSend() {
            finished = true;
        }

        @Override
        public MemorySegment memory() {
            return slab;
        }

        @Override
        public long offset() {
            return lent().start + receivedFrom;
        }

        @Override
        public int length() {
            return receivedLength;
        }

        @Override
        public OwnedBuffer retain() {
            Buffer retained = lent();
            received = null;
            return retained;
        }

        private Buffer lent() {
            if (received == null) {
                throw new IllegalStateException("no bytes are lent");
            }
            return received;
        }
    }
}
