package io.ringwave.http;

import io.ringwave.Connection;
import io.ringwave.OwnedBuffer;
import io.ringwave.SendableFile;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What HTTP knows about one connection; {@link HttpConnectionHandler} decides. Made once per slot, reused for every
 * connection in it, small because there are many. Confined to its loop's thread.
 *
 * <pre>
 *   IDLE ---------------- a head, and its body, in one piece: answered at once ---------------------> IDLE
 *   IDLE --part of a head--> HEAD --the rest--> (as from IDLE)
 *   IDLE, HEAD --a head, part of its body--> BODY --the rest: answered--> IDLE
 *   any --refused, Connection: close, drained, peer finished--> closing: what was answered is sent, input is ignored
 * </pre>
 *
 * Beside that, the connection is <em>blocked</em> while output that was begun, or a buffer for output, has to wait, or
 * a handler has left its answer open: no request is looked at meanwhile, and what is received is kept. IDLE is the
 * state without {@link #carry} or body.
 */
final class HttpConnection implements SendableFile, Runnable {

    static final int NO_CARRY = -1;

    private final HttpConnectionHandler handler;
    private @Nullable Connection connection;

    /** The block of the carry pool that holds the head, or the part of it that has arrived; or {@link #NO_CARRY}. */
    int carry = NO_CARRY;
    int carryLength;

    /** The body that is arriving; null if none is. */
    @Nullable
    RequestBody body;
    /** How much of a body with Content-Length is still to come. */
    long bodyRemaining;
    /** Whether the body's receiver takes no more for now. */
    boolean bodyPaused;
    /** Decodes a chunked body; null if the body is not chunked. */
    @Nullable
    ChunkedDecoder chunks;

    /** Received, but not looked at yet, because output had to wait. */
    @Nullable
    OwnedBuffer input;
    /** Received behind {@link #input}: the one chunk that may still come after a pause. */
    @Nullable
    OwnedBuffer lateInput;
    boolean paused;

    // Output that waits: bytes, then a file.
    private @Nullable MemorySegment pending;
    private long pendingFrom;
    private int pendingLength;
    private @Nullable SendableFile file;
    private long filePosition;
    private long fileRemaining;
    private boolean pieceInFlight;
    /** A piece has ended, and what follows it was not done yet. */
    boolean mustProceed;
    /** No buffer was to be had, or the queue was full, before a request could be looked at. */
    boolean waitsForBuffer;

    /** The answer that a handler left open, deferred or streamed; null if none is. */
    @Nullable
    OpenAnswer openAnswer;

    /** Nothing more is read: what was answered is sent, then the connection is closed. */
    boolean closing;
    /** The engine was told to close. */
    boolean closed;
    boolean draining;
    boolean peerFinished;

    /** When the head or the body that is arriving must be complete. */
    long inputDeadline;
    /**
     * What is to happen next in time; the timer may be set earlier, so that it need not be moved with every request.
     */
    long deadline = Connection.NO_DEADLINE;
    private long timer = Connection.NO_DEADLINE;

    HttpConnection(HttpConnectionHandler handler) {
        this.handler = handler;
    }

    /** Begins the life of a new connection. */
    void open(Connection newConnection) {
        connection = newConnection;
        paused = false;
        waitsForBuffer = false;
        mustProceed = false;
        closing = false;
        closed = false;
        draining = false;
        peerFinished = false;
        pieceInFlight = false;
        deadline = Connection.NO_DEADLINE;
        timer = Connection.NO_DEADLINE;
    }

    /** The connection is gone: gives back what it holds. */
    void end(CarryPool carries) {
        endInput(carries);
        abandonAnswer();
        pending = null;
        pendingLength = 0; // nothing of this connection's may count as the next one's
        if (file != null && !pieceInFlight) {
            endFile();
        }
        connection = null;
    }

    /** Nobody waits any more for the answer that is open, if one is. */
    void abandonAnswer() {
        OpenAnswer abandoned = openAnswer;
        if (abandoned != null) {
            openAnswer = null;
            abandoned.abandon();
        }
    }

    /** Gives back everything that was received. */
    void endInput(CarryPool carries) {
        endRequest(carries);
        if (input != null) {
            input.release();
            input = null;
        }
        if (lateInput != null) {
            lateInput.release();
            lateInput = null;
        }
    }

    /** Gives back what a request held while it arrived. */
    void endRequest(CarryPool carries) {
        if (carry != NO_CARRY) {
            carries.release(carry);
            carry = NO_CARRY;
        }
        RequestBody ended = body;
        body = null;
        chunks = null;
        bodyPaused = false;
        if (ended != null) {
            ended.end();
        }
    }

    /** Whether no part of a request has arrived. */
    boolean isIdle() {
        return carry == NO_CARRY && input == null;
    }

    /** Whether output has to wait, and with it all input. */
    boolean isBlocked() {
        return pending != null || file != null || waitsForBuffer || openAnswer != null || bodyPaused;
    }

    /** Whether the connection waits for a handler, and for nothing else. */
    boolean waitsForHandler() {
        return openAnswer != null && pending == null && file == null && !waitsForBuffer;
    }

    // ---- What comes back from other threads, on the loop. The connection may be another one by now.

    /** A deferred response is complete. */
    void answer(DeferredResponse deferred, RecordedResponse answer) {
        Connection current = connection;
        if (openAnswer == deferred && current != null) {
            handler.answer(current, this, deferred, answer);
        } else {
            answer.drop();
        }
    }

    /** The receiver of a body can take more. */
    void resumeBody(BodyFlow flow) {
        Connection current = connection;
        if (bodyPaused && body != null && body.isHeldBackBy(flow) && current != null) {
            bodyPaused = false;
            handler.bodyResumed(current, this);
        }
    }

    /** A stream has something to send, or has ended. */
    void streamReady(ResponseStream stream) {
        Connection current = connection;
        if (openAnswer == stream && current != null) {
            handler.streamReady(current, this, stream);
        }
    }

    // ---- Time

    /** Sets what is to happen next in time. A later deadline than the timer's costs nothing until the timer expires. */
    void expireAt(long nanoTime) {
        deadline = nanoTime;
        if (timer == Connection.NO_DEADLINE || nanoTime - timer < 0) {
            setTimer();
        }
    }

    /** Whether the deadline has passed, when the timer expires; if not, the timer is set again. */
    boolean isExpired(long nowNanos) {
        timer = Connection.NO_DEADLINE;
        if (deadline - nowNanos > 0) {
            setTimer();
            return false;
        }
        return true;
    }

    private void setTimer() {
        assert connection != null;
        timer = deadline;
        connection.deadline(deadline);
    }

    // ---- Pending bytes

    boolean hasPendingBytes() {
        return pending != null;
    }

    /** Keeps output that cannot be written yet, behind what is pending already. */
    void keepPending(MemorySegment source, long from, int length, boolean stable) {
        if (pending == null && stable) {
            pending = source;
            pendingFrom = from;
            pendingLength = length;
            return;
        }
        byte[] bytes = new byte[Math.addExact(pendingLength, length)];
        if (pending != null) {
            MemorySegment.copy(pending, Words.BYTE, pendingFrom, bytes, 0, pendingLength);
        }
        MemorySegment.copy(source, Words.BYTE, from, bytes, pendingLength, length);
        pending = MemorySegment.ofArray(bytes);
        pendingFrom = 0;
        pendingLength = bytes.length;
    }

    /** Copies pending bytes, at most {@code room}; returns how many. */
    int takePending(MemorySegment target, long offset, int room) {
        assert pending != null;
        int count = Math.min(room, pendingLength);
        MemorySegment.copy(pending, pendingFrom, target, offset, count);
        pendingFrom += count;
        pendingLength -= count;
        if (pendingLength == 0) {
            pending = null;
        }
        return count;
    }

    // ---- A file is sent in pieces, so that each can have a deadline

    /** Keeps a file that follows the output so far. */
    void keepFile(SendableFile newFile, long position, long length) {
        assert file == null;
        file = newFile;
        filePosition = position;
        fileRemaining = length;
    }

    /** Whether the next piece of a file can be sent. */
    boolean hasFilePiece() {
        return file != null && pending == null && !pieceInFlight;
    }

    /** Sends the next piece of the file. */
    void sendFilePiece(long maxPieceBytes) {
        assert hasFilePiece() && connection != null;
        long position = filePosition;
        long length = Math.min(fileRemaining, maxPieceBytes);
        filePosition += length;
        fileRemaining -= length;
        pieceInFlight = true;
        connection.sendFile(this, position, length);
    }

    @Override
    public int descriptor() {
        assert file != null;
        return file.descriptor();
    }

    /**
     * A piece was sent, or dropped. The engine is in the middle of its work then, so what follows is left to a task of
     * the loop.
     */
    @Override
    public void sendFinished() {
        pieceInFlight = false;
        mustProceed = true;
        Connection current = connection;
        if (fileRemaining == 0 || current == null || !current.isOpen()) {
            endFile();
        }
        if (current != null && !current.loop().execute(this)) {
            expireAt(current.loop().nanoTime()); // the mailbox is full: the timer serves as well
        }
    }

    /** Goes on after a piece. The slot may belong to another connection by now, for which that is harmless. */
    @Override
    public void run() {
        if (connection != null) {
            handler.onWritable(connection);
        }
    }

    private void endFile() {
        SendableFile ended = file;
        if (ended != null) {
            file = null;
            ended.sendFinished();
        }
    }

    @Override
    public String toString() {
        return "HttpConnection[carry " + carryLength + ", pending " + pendingLength + ", file " + fileRemaining + ", "
                + Arrays.asList(isBlocked() ? "blocked" : "", closing ? "closing" : "", draining ? "draining" : "")
                + "]";
    }
}
