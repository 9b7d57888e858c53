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

    private static final byte[] NONE = {};
    /** Room is made for so many times what has come, if so much was announced: to announce alone costs nothing. */
    private static final int TRUST = 8;

    private final long maxBytes;
    private final long announced;
    private @Nullable BodyPool pool;
    private final @Nullable BodyReceiver receiver;
    private final @Nullable BodyFlow flow;
    private byte[] bytes = NONE;
    private long length;
    private @Nullable Exception failure;
    private boolean ended;

    /**
     * To be collected.
     *
     * @param maxBytes how long it may become
     * @param announced how long it will be; not positive if that is not known
     * @param pool where its memory comes from, and returns to with {@link #end}
     */
    RequestBody(int maxBytes, long announced, BodyPool pool) {
        this.maxBytes = maxBytes;
        this.announced = announced;
        this.pool = pool;
        this.receiver = null;
        this.flow = null;
    }

    /** For a receiver. @param maxBytes how long it may become */
    RequestBody(long maxBytes, BodyReceiver receiver, BodyFlow flow) {
        this.maxBytes = maxBytes;
        this.announced = 0;
        this.pool = null;
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

    /** What has arrived is somebody's who has it for longer than its request. */
    void keep() {
        pool = null;
    }

    /** It is not needed any more, or nothing more comes: a receiver that does not have all is told. */
    void end() {
        if (pool != null) {
            pool.release(bytes);
            bytes = NONE;
            length = 0;
            pool = null;
        }
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
            grow(before + count);
        }
        MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, bytes, before, count);
        length += count;
    }

    private void grow(int needed) {
        assert pool != null;
        long foreseen = Math.min(announced, (long) needed * TRUST);
        byte[] larger = pool.acquire((int) Math.max(needed, foreseen));
        System.arraycopy(bytes, 0, larger, 0, (int) length);
        pool.release(bytes);
        bytes = larger;
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

    /** What has arrived, without a copy. */
    MemorySegment toSegment() {
        return MemorySegment.ofArray(bytes).asSlice(0, length);
    }

    /** A copy of what has arrived. */
    byte[] toArray() {
        return Arrays.copyOf(bytes, (int) length);
    }
}
