package io.ringwave.http;

import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The body of a response that is sent while it is made, from the loop or from any other thread; chunked for HTTP/1.1,
 * up to the end of the connection for HTTP/1.0. Made by {@link HttpResponse#stream}; ends with {@link #close}.
 *
 * <p>What was written and not sent yet is bounded: after {@link #BUFFER_BYTES} of it {@link #write} refuses, and
 * {@link #onWritable} follows when half was sent. A client that reads slowly so holds back whoever writes.
 *
 * <p>Writing is for one thread at a time: several may, but then the bound is theirs together only nearly.
 *
 * <pre>
 *   OPEN --close--> ENDING --(loop: all was written to the connection)--> SENT
 *     +------+---------client left, abort, handler failed---------------> CANCELLED
 * </pre>
 */
public final class ResponseStream extends OpenAnswer implements AutoCloseable {

    /** How much may wait to be sent; as much again is in the connection's send queue at most, by default. */
    public static final int BUFFER_BYTES = 64 * 1024;
    /** The most that one call can write. */
    public static final int MAX_WRITE_BYTES = BUFFER_BYTES;

    private static final byte[] LAST_CHUNK = {'0', '\r', '\n', '\r', '\n'};
    /** A chunk's size, up to {@link #MAX_WRITE_BYTES}, with its line end, and the line end after the data. */
    private static final int CHUNK_OVERHEAD = 5 + 2 + 2;
    /** Less room than this is left unused: a chunk would be mostly overhead. */
    private static final int MIN_ROOM = 64;

    private final HttpConnection http; // the loop's
    private final LoopReturns returns;
    private final ConcurrentLinkedQueue<byte[]> pieces = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waitingBytes = new AtomicInteger();
    private final AtomicBoolean announced = new AtomicBoolean();
    private volatile boolean ended;
    private volatile boolean aborted;
    private volatile boolean wanted; // somebody was refused, and is to be told
    private volatile @Nullable Runnable writableAction;
    private volatile @Nullable Thread waiter;

    // The loop's.
    private byte[] piece = {};
    private int pieceFrom;
    private boolean chunked;
    private boolean draining;
    private long sentBytes;

    /** @param dead whether nobody waits for it to begin with */
    ResponseStream(HttpConnection http, LoopReturns returns, boolean dead) {
        this.http = http;
        this.returns = returns;
        if (dead) {
            cancelled();
        }
    }

    // ---- Whoever writes

    /** Whether {@link #write} would take something. If not, {@link #onWritable} follows, unless this is cancelled. */
    public boolean isWritable() {
        if (ended || isCancelled()) {
            return false;
        }
        if (waitingBytes.get() < BUFFER_BYTES) {
            return true;
        }
        wanted = true; // first, then the look: the loop sends first, and then looks whether it is wanted
        return waitingBytes.get() < BUFFER_BYTES;
    }

    /** Writes an array; see {@link #write(byte[], int, int)}. */
    public boolean write(byte[] bytes) {
        return write(bytes, 0, bytes.length);
    }

    /**
     * Writes a part of an array, all of it or nothing; it is copied. Does not block. Any thread.
     *
     * @return false if so much waits already that nothing was taken (see {@link #onWritable}), or this is cancelled
     * @throws IllegalArgumentException if it is longer than {@link #MAX_WRITE_BYTES}
     * @throws IllegalStateException if this was closed
     */
    public boolean write(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length > MAX_WRITE_BYTES) {
            throw new IllegalArgumentException("at most " + MAX_WRITE_BYTES + " bytes at a time: " + length);
        }
        if (ended && !isCancelled()) {
            throw new IllegalStateException("the stream was closed");
        }
        if (!isWritable()) {
            return false;
        }
        if (length > 0) {
            byte[] copy = new byte[length];
            System.arraycopy(bytes, offset, copy, 0, length);
            waitingBytes.addAndGet(length);
            pieces.add(copy);
            announce();
        }
        return true;
    }

    /**
     * Has an action run each time that this has become writable again after it was not. It runs on the loop's thread
     * and must not block; it may write. What it throws ends the stream as {@link #abort} does. Any thread.
     */
    public void onWritable(Runnable action) {
        writableAction = action;
        announce(); // it may have become writable before anybody was there to be told
    }

    /**
     * Waits until this is writable: for a thread that may block, such as a worker's or a virtual one. One thread at a
     * time.
     *
     * @return false if this is cancelled or closed
     */
    public boolean awaitWritable() throws InterruptedException {
        waiter = Thread.currentThread();
        try {
            while (!isWritable()) {
                if (ended || isCancelled()) {
                    return false;
                }
                LockSupport.park(this);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
            return true;
        } finally {
            waiter = null;
        }
    }

    /**
     * Says that this was all. What waits is sent, and then the connection serves its next request. Idempotent. Any
     * thread.
     */
    @Override
    public void close() {
        if (!ended) {
            ended = true;
            announce();
        }
    }

    /** Gives up: the connection is closed, for that is how a client learns that something is missing. Any thread. */
    public void abort() {
        aborted = true;
        announce();
    }

    /** How many bytes were written and are not on their way yet. */
    public int waitingBytes() {
        return waitingBytes.get();
    }

    /** Has the loop look at this; once for all that is written until it does. */
    private void announce() {
        if (announced.compareAndSet(false, true)) {
            returns.push(this::arrive);
        }
    }

    // ---- The loop

    private void arrive() {
        announced.set(false); // first: what is written from now on is announced again
        http.streamReady(this);
    }

    boolean isAborted() {
        return aborted;
    }

    /** Whether there is output that the connection did not take yet. */
    boolean isHeldBack() {
        return pieceFrom < piece.length || !pieces.isEmpty() || ended;
    }

    /** How much of the body was written to the connection; the loop only. */
    long sentBytes() {
        return sentBytes;
    }

    /** The head was written. */
    void begin(boolean newChunked) {
        chunked = newChunked;
    }

    /**
     * Writes what waits, as far as the connection takes it, and tells whoever was refused that there is room again:
     * what that one writes at once goes the same way.
     *
     * @return whether that was all of the body
     */
    boolean drain(Output output, HttpConnection connection) {
        if (draining) {
            return false; // the action that wrote is called from here
        }
        draining = true;
        try {
            do {
                boolean last = ended; // before the look at the pieces: what was written before the end is among them
                drainPieces(output, connection);
                if (last && isEmpty() && !connection.hasPendingBytes() && output.ensure(LAST_CHUNK.length)) {
                    if (chunked) {
                        output.write(LAST_CHUNK, 0, LAST_CHUNK.length);
                    }
                    return true;
                }
            } while (tellWritable() && !isEmpty() && !connection.hasPendingBytes() && output.isReady());
            return false;
        } finally {
            draining = false;
        }
    }

    private boolean isEmpty() {
        return pieceFrom == piece.length && pieces.isEmpty();
    }

    private void drainPieces(Output output, HttpConnection connection) {
        while (!connection.hasPendingBytes()) {
            if (pieceFrom == piece.length) {
                byte[] next = pieces.poll();
                if (next == null) {
                    return;
                }
                piece = next;
                pieceFrom = 0;
            }
            if (!output.isReady() || output.room() < MIN_ROOM && !output.ensure(MIN_ROOM)) {
                return; // onWritable follows
            }
            int count = Math.min(piece.length - pieceFrom, output.room() - CHUNK_OVERHEAD);
            writePiece(output, count);
            pieceFrom += count;
            sentBytes += count;
            waitingBytes.addAndGet(-count);
        }
    }

    private void writePiece(Output output, int count) {
        if (chunked) {
            output.writeHexLine(count);
        }
        output.write(piece, pieceFrom, count);
        if (chunked) {
            output.writeLineEnd();
        }
    }

    /** Tells whoever was refused, if half of the room is free again. Whether it was told. */
    private boolean tellWritable() {
        if (!wanted || waitingBytes.get() > BUFFER_BYTES / 2) {
            return false;
        }
        wanted = false; // first: whoever is told may be refused again at once
        Thread waiting = waiter;
        Runnable action = writableAction;
        if (waiting == null && action == null) {
            wanted = true; // nobody to tell yet
            return false;
        }
        LockSupport.unpark(waiting);
        if (action == null) {
            return false;
        }
        try {
            action.run();
        } catch (Throwable failure) {
            aborted = true;
            throw failure;
        }
        return true;
    }

    @Override
    void abandon() {
        cancelled();
        pieces.clear();
        piece = new byte[0];
        pieceFrom = 0;
        waitingBytes.set(0);
        LockSupport.unpark(waiter);
    }
}
