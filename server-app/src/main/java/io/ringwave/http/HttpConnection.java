package io.ringwave.http;

import io.ringwave.Connection;
import io.ringwave.OwnedBuffer;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What HTTP knows about one connection; {@link HttpConnectionHandler} decides. Made once per slot, reused for every
 * connection in it, small because there are many: what only some need for a while ({@link ArrivingRequest}, {@link
 * WaitingOutput}), it borrows. Confined to its loop's thread.
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
 * state without {@link #arriving}.
 */
final class HttpConnection implements Runnable {

    private final HttpConnectionHandler handler;
    private @Nullable Connection connection;

    /** The request that arrives in pieces; null if none does. */
    @Nullable
    ArrivingRequest arriving;
    /** Whether the receiver of its body takes no more for now. */
    boolean bodyPaused;

    /** Received, but not looked at yet, because output had to wait. */
    @Nullable
    OwnedBuffer input;
    /** Received behind {@link #input}: the one chunk that may still come after a pause. */
    @Nullable
    OwnedBuffer lateInput;
    boolean paused;

    /** Output that was begun and waits; null if there is none. */
    @Nullable
    WaitingOutput waiting;
    /** A piece has ended, and what follows it was not done yet. */
    boolean mustProceed;
    /** No buffer was to be had, or the queue was full, before a request could be looked at. */
    boolean waitsForBuffer;

    /** The answer that a handler left open, deferred or streamed; null if none is. */
    @Nullable
    OpenAnswer openAnswer;
    /** The request that {@link #openAnswer} is for, if the access log wants to know of it; else null. */
    @Nullable
    KeptRequest keptRequest;
    private @Nullable MemorySegment peer;

    /** Requests whose answers are not sent yet; null if there are none, or nobody wants to know. */
    @Nullable
    UnsentRequests unsent;

    /** Nothing more is read: what was answered is sent, then the connection is closed. */
    boolean closing;
    /** The engine was told to close. */
    boolean closed;
    boolean draining;
    boolean peerFinished;

    /**
     * What is to happen next in time; the timer may be set earlier, so that it need not be moved with every request.
     */
    long deadline = Connection.NO_DEADLINE;
    private long timer = Connection.NO_DEADLINE;
    private @Nullable PeerProgress progress; // null: output has not waited for long

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
        peer = null;
        progress = null;
        deadline = Connection.NO_DEADLINE;
        timer = Connection.NO_DEADLINE;
    }

    /** The connection is gone: gives back what it holds. */
    void end(CarryPool carries) {
        endInput(carries);
        abandonAnswer();
        WaitingOutput left = waiting;
        if (left != null) {
            waiting = null; // nothing of this connection's may count as the next one's
            left.abandon();
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
        ArrivingRequest request = arriving;
        if (request == null) {
            return;
        }
        RequestBody body = request.body;
        arriving = null;
        bodyPaused = false;
        carries.release(request);
        if (body != null) {
            body.end();
        }
    }

    /** The client's address as text, for the access log; empty if it has none. Asked of the kernel once. */
    MemorySegment peer() {
        MemorySegment known = peer;
        if (known == null) {
            assert connection != null;
            String text = connection.remoteAddress() instanceof InetSocketAddress internet
                    ? internet.getAddress().getHostAddress()
                    : "";
            known = MemorySegment.ofArray(text.getBytes(StandardCharsets.US_ASCII));
            peer = known;
        }
        return known;
    }

    /** Whether no part of a request has arrived. */
    boolean isIdle() {
        return arriving == null && input == null;
    }

    /** Whether output has to wait, and with it all input. */
    boolean isBlocked() {
        return waiting != null || waitsForBuffer || openAnswer != null || bodyPaused;
    }

    /** Whether a request was handled that is not answered, or whose answer was not handed to the engine whole. */
    boolean isAnswering() {
        return waiting != null || openAnswer != null;
    }

    /** Whether the connection waits for a handler, and for nothing else. */
    boolean waitsForHandler() {
        return openAnswer != null && !waitsForPeer();
    }

    /** Whether there is output that the connection has not taken yet. */
    boolean waitsForPeer() {
        return waiting != null || waitsForBuffer
                || openAnswer instanceof ResponseStream stream && stream.isHeldBack();
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
        RequestBody body = arriving == null ? null : arriving.body;
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

    /** Output may wait from now on: nothing is known yet of how the peer takes it. */
    void outputWaits() {
        if (progress != null) {
            progress = null;
        }
    }

    /** Whether the peer has not acknowledged all that was sent, or is not sent yet. */
    boolean hasOutstanding() {
        return connection != null && connection.outstanding() > 0;
    }

    /**
     * Whether to wait longer for the peer to take output: not if it has taken none for {@code patienceNanos}. To be asked
     * now and then while output waits, since what it has taken shows from one time to the next only. The first time is
     * no more than a beginning, so nobody is given up early.
     */
    boolean isPeerAwaited(long nowNanos, long patienceNanos) {
        assert connection != null;
        PeerProgress known = progress;
        if (known == null) {
            known = new PeerProgress();
            progress = known;
        }
        long outstanding = connection.outstanding();
        if (outstanding != known.outstanding) {
            known.outstanding = outstanding;
            known.takenNanos = nowNanos;
        }
        return nowNanos - known.takenNanos < patienceNanos;
    }

    /** How a peer takes output, as far as is known since the first look. */
    private static final class PeerProgress {
        private long outstanding = -1; // nobody has asked yet
        private long takenNanos;
    }

    private void setTimer() {
        assert connection != null;
        timer = deadline;
        connection.deadline(deadline);
    }

    // ---- Output that waits

    boolean hasPendingBytes() {
        return waiting != null && waiting.hasBytes();
    }

    /** What holds the output that waits; one is taken if there is none. */
    WaitingOutput waiting() {
        WaitingOutput present = waiting;
        if (present == null) {
            present = handler.waitingOutputs().take(this);
            waiting = present;
        }
        return present;
    }

    boolean isOpen() {
        return connection != null && connection.isOpen();
    }

    /** Leaves what follows to a task of the loop. */
    void proceedSoon() {
        mustProceed = true;
        Connection current = connection;
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

    @Override
    public String toString() {
        return "HttpConnection[" + (arriving == null ? "" : arriving.headLength + " bytes of a head, ")
                + (waiting == null ? "" : waiting + ", ")
                + Arrays.asList(isBlocked() ? "blocked" : "", closing ? "closing" : "", draining ? "draining" : "")
                + "]";
    }
}
