package io.ringwave.http;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A request body that arrives in pieces. It is collected, and grows as they come, not by what was announced; or handed
 * to a receiver piece by piece. Confined to a thread.
 */
final class RequestBody {

    private static final int FIRST_BYTES = 4096;

    private final long maxBytes;
    private final @Nullable BodyReceiver receiver;
    private final @Nullable BodyFlow flow;
    private byte[] bytes = new byte[0];
    private long length;
    private @Nullable Exception failure;
    private boolean ended;

    /** To be collected. @param maxBytes how long it may become */
    RequestBody(int maxBytes) {
        this.maxBytes = maxBytes;
        this.receiver = null;
        this.flow = null;
    }

    /** For a receiver. @param maxBytes how long it may become */
    RequestBody(long maxBytes, BodyReceiver receiver, BodyFlow flow) {
        this.maxBytes = maxBytes;
        this.receiver = receiver;
        this.flow = flow;
    }

    /** How many bytes have arrived, of a body that is collected. */
    int length() {
        return (int) length;
    }

    /** Who takes it; null if it is collected. */
    @Nullable
    BodyReceiver receiver() {
        return receiver;
    }

    /** Whether this flow is the one that holds it back. */
    boolean isHeldBackBy(BodyFlow other) {
        return flow == other;
    }

    boolean isPaused() {
        return flow != null && flow.isPaused();
    }

    /** What the receiver has thrown; null if it takes what comes. */
    @Nullable
    Exception failure() {
        return failure;
    }

    /** It is complete. */
    void complete() {
        ended = true;
    }

    /** Nothing more comes: a receiver that does not have all is told. */
    void end() {
        if (receiver != null && !ended) {
            ended = true;
            OpenAnswer.runSafely(receiver::aborted);
        }
    }

    /** Whether {@code count} more bytes are allowed. */
    boolean hasRoom(long count) {
        return count <= maxBytes - length;
    }

    /** Adds bytes; there must be room. */
    void append(MemorySegment memory, long offset, int count) {
        assert hasRoom(count);
        if (receiver != null) {
            hand(receiver, memory, offset, count);
            return;
        }
        int before = (int) length;
        if (bytes.length - before < count) {
            long doubled = Math.max(FIRST_BYTES, 2L * bytes.length);
            bytes = Arrays.copyOf(bytes, (int) Math.min(maxBytes, Math.max(doubled, length + count)));
        }
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, bytes, before, count);
        length += count;
    }

    private void hand(BodyReceiver to, MemorySegment memory, long offset, int count) {
        length += count;
        if (failure == null && count > 0) {
            try {
                to.received(memory, offset, count);
            } catch (Exception | AssertionError | LinkageError | StackOverflowError thrown) {
                failure = thrown instanceof Exception exception ? exception : new IllegalStateException(thrown);
            }
        }
    }

    /** What has arrived, without a copy. */
    InputStream toStream() {
        return new ByteArrayInputStream(bytes, 0, (int) length);
    }

    /** A copy of what has arrived. */
    byte[] toArray() {
        return Arrays.copyOf(bytes, (int) length);
    }
}
