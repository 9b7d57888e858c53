package io.ringwave.http;

import io.ringwave.Connection;
import io.ringwave.OwnedBuffer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Where a loop writes responses: into one send buffer, as long as they fit, so that the responses of a batch leave in
 * one send; then into the next. What cannot be written because the connection takes no more, or the loop has no buffer
 * left, is kept as the connection's {@link WaitingOutput}, and everything after it too. What is longer than a
 * buffer may be written into a block instead ({@link #takeBlock}), and a response that lies in memory whole is sent from there
 * ({@link #send(FileImage)}). Owns a buffer only between {@link #attach} and
 * {@link #flush}. Confined to its loop's thread.
 */
final class Output {

    private final int bufferBytes;
    private final SendBlocks blocks = new SendBlocks();
    private @Nullable Connection connection;
    private @Nullable HttpConnection http;
    private @Nullable OwnedBuffer buffer;
    private MemorySegment memory = MemorySegment.NULL;
    private long base;
    private int position;
    private int capacity;

    /** @param bufferBytes the size of the loop's buffers */
    Output(int bufferBytes) {
        this.bufferBytes = bufferBytes;
    }

    int bufferBytes() {
        return bufferBytes;
    }

    /** From now on, output is for this connection. */
    void attach(Connection newConnection, HttpConnection newHttp) {
        if (buffer != null) {
            position = 0; // an exception left it behind: nothing of what it holds may reach this connection
            flush(false);
        }
        connection = newConnection;
        http = newHttp;
    }

    /** Whether there is a buffer to write to; nothing may be pending. If not, onWritable follows. */
    boolean isReady() {
        return buffer != null || acquire();
    }

    /**
     * Makes room for {@code count} bytes in one piece, at {@link #memory} and {@link #at}. If this returns false, the
     * bytes must go through {@code write}.
     */
    boolean ensure(int count) {
        assert http != null;
        if (buffer != null) {
            if (capacity - position >= count) {
                return true;
            }
            flush(false);
        }
        return !http.hasPendingBytes() && acquire() && capacity >= count;
    }

    /**
     * Memory for something longer than a buffer, of at least {@code bytes}; null if it must go through buffers. It is given
     * to {@link #send}, or put back.
     */
    @Nullable
    SendBlock takeBlock(long bytes) {
        assert connection != null && http != null;
        return http.hasPendingBytes() || !connection.isWritable() ? null : blocks.take(bytes);
    }

    /** Sends the beginning of a block behind what was written so far. @param more whether other output follows at once */
    void send(SendBlock block, int length, boolean more) {
        assert connection != null;
        flush(true);
        connection.send(block, 0, length, more);
    }

    /**
     * Whether nothing is written, or queued, or waits before what is sent now: the answers of a batch leave together, and of
     * a connection that does not read not more than one answer is queued that is no buffer.
     */
    boolean isIdle() {
        assert connection != null && http != null;
        return (buffer == null || position == 0) && !http.hasPendingBytes() && connection.queuedSends() == 0;
    }

    /** Sends a whole response from where it lies; only if this is {@link #isIdle}. */
    void send(FileImage image) {
        assert connection != null && isIdle();
        flush(false);
        image.begin();
        connection.send(image, image.start(), image.length(), false);
    }

    /** The memory that holds the buffer. */
    MemorySegment memory() {
        return memory;
    }

    /** Where the next byte goes within {@link #memory}. */
    long at() {
        return base + position;
    }

    /** How many more bytes the buffer takes; after {@link #isReady} or {@link #ensure}. */
    int room() {
        return capacity - position;
    }

    /** Says that everything below {@code end} was written. */
    void advanceTo(long end) {
        position = (int) (end - base);
        assert position <= capacity;
    }

    /**
     * Writes copies of the last {@code length} bytes that were written, as many as go into the buffer.
     *
     * @param times at most so many
     * @return how many
     */
    int repeat(int length, int times) {
        if (buffer == null || position < length) {
            return 0;
        }
        int count = Math.min(times, (capacity - position) / length);
        long source = base + position - length;
        int known = length;
        for (int left = count * length; left > 0;) {
            int bytes = Math.min(known, left); // twice as many with each copy
            MemorySegment.copy(memory, source, memory, base + position, bytes);
            position += bytes;
            known += bytes;
            left -= bytes;
        }
        return count;
    }

    /** Writes a number as a line of hexadecimal digits; there must be room. */
    void writeHexLine(int number) {
        int digits = Math.max(1, (Integer.SIZE - Integer.numberOfLeadingZeros(number) + 3) / 4);
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            memory.set(Words.BYTE, base + position++, (byte) Character.forDigit(number >>> shift & 15, 16));
        }
        writeLineEnd();
    }

    /** Ends a line; there must be room. */
    void writeLineEnd() {
        memory.set(Words.BYTE, base + position, (byte) '\r');
        memory.set(Words.BYTE, base + position + 1, (byte) '\n');
        advance(2, false);
    }

    /** Writes a part of an array, over as many buffers as it takes. It may be changed afterwards. */
    void write(byte[] source, int from, int length) {
        assert http != null;
        int next = from;
        int end = from + length;
        while (next < end) {
            if (http.hasPendingBytes() || buffer == null && !acquire()) {
                http.waiting().keep(MemorySegment.ofArray(source), next, end - next, false);
                return;
            }
            int count = Math.min(end - next, capacity - position);
            MemorySegment.copy(source, next, memory, Words.BYTE, base + position, count);
            next += count;
            advance(count, next < end);
        }
    }

    /**
     * Writes a part of a segment, over as many buffers as it takes.
     *
     * @param stable whether it will never change, so that it need not be copied if it has to wait
     */
    void write(MemorySegment source, long from, int length, boolean stable) {
        assert http != null;
        int done = 0;
        while (done < length) {
            if (http.hasPendingBytes() || buffer == null && !acquire()) {
                http.waiting().keep(source, from + done, length - done, stable);
                return;
            }
            int count = Math.min(length - done, capacity - position);
            MemorySegment.copy(source, from + done, memory, base + position, count);
            done += count;
            advance(count, done < length);
        }
    }

    /** Writes what is pending, as far as the connection takes it. */
    void writePending() {
        assert http != null;
        WaitingOutput waiting = http.waiting;
        while (waiting != null && waiting.hasBytes() && (buffer != null || acquire())) {
            int count = waiting.take(memory, base + position, capacity - position);
            advance(count, waiting.hasBytes());
        }
    }

    /** Sends what was written, and gives up the buffer. @param more whether other output follows at once */
    void flush(boolean more) {
        OwnedBuffer full = buffer;
        if (full != null) {
            assert connection != null;
            buffer = null;
            if (position == 0) {
                full.release();
            } else {
                full.length(position);
                connection.send(full, more);
            }
        }
    }

    /** Nothing is written any more. */
    void close() {
        blocks.close();
    }

    /** @param more whether the rest of something long follows: then the kernel makes fewer and larger packets of it */
    private void advance(int count, boolean more) {
        position += count;
        if (position == capacity) {
            flush(more);
        }
    }

    private boolean acquire() {
        assert connection != null;
        if (!connection.isWritable()) {
            return false;
        }
        OwnedBuffer fresh = connection.acquireBuffer();
        if (fresh == null) {
            return false;
        }
        buffer = fresh;
        memory = fresh.memory();
        base = fresh.offset();
        capacity = fresh.capacity();
        position = 0;
        return true;
    }
}
