package io.ringwave.http;

import io.ringwave.Connection;
import io.ringwave.OwnedBuffer;
import io.ringwave.SendableFile;
import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;
import io.ringwave.spi.FileTransfer;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
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

    /** Which part of a file is held back, up to what fits into a buffer: it is copied, so not more than matters. */
    private static final int TAIL_SHARE = 16;
    private static final int WILL_NEED = Linux.POSIX_FADV_WILLNEED();
    /** Nobody has asked yet what is outstanding. */
    private static final long UNKNOWN = -1;

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

    // Output that waits: bytes, then a file, or the present one of several parts of it.
    private @Nullable MemorySegment pending;
    private long pendingFrom;
    private int pendingLength;
    private @Nullable SendableFile file;
    private long filePosition;
    private long fileRemaining;
    private @Nullable FileParts parts;
    /** The last bytes of what remains, which are sent once the file was found unchanged. */
    private int fileTail;
    private boolean pieceInFlight;
    private FileStrategy pieceWay = FileStrategy.URING;
    private long pieceBytes;
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

    /** When the head or the body that is arriving must be complete. */
    long inputDeadline;
    /**
     * What is to happen next in time; the timer may be set earlier, so that it need not be moved with every request.
     */
    long deadline = Connection.NO_DEADLINE;
    private long timer = Connection.NO_DEADLINE;
    // What is known of a peer that output waits for.
    private long outstandingBefore = UNKNOWN;
    private long takenNanos;

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
        peer = null;
        outstandingBefore = UNKNOWN;
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
        return carry == NO_CARRY && input == null;
    }

    /** Whether output has to wait, and with it all input. */
    boolean isBlocked() {
        return pending != null || file != null || waitsForBuffer || openAnswer != null || bodyPaused;
    }

    /** Whether a request was handled that is not answered, or whose answer was not handed to the engine whole. */
    boolean isAnswering() {
        return pending != null || file != null || openAnswer != null;
    }

    /** Whether the connection waits for a handler, and for nothing else. */
    boolean waitsForHandler() {
        return openAnswer != null && !waitsForPeer();
    }

    /** Whether there is output that the connection has not taken yet. */
    boolean waitsForPeer() {
        return pending != null || file != null || waitsForBuffer
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
        outstandingBefore = UNKNOWN;
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
        long before = outstandingBefore;
        outstandingBefore = connection.outstanding();
        if (outstandingBefore != before) {
            takenNanos = nowNanos;
        }
        return nowNanos - takenNanos < patienceNanos;
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

    // ---- A file is sent in pieces, so that each goes in the way that suits it, and the last ones when all went well

    /** Keeps a file that follows the output so far. */
    void keepFile(SendableFile newFile, long position, long length) {
        assert file == null;
        file = newFile;
        beginPart(position, length);
    }

    private void beginPart(long position, long length) {
        filePosition = position;
        fileRemaining = length;
        boolean guarded = file instanceof CachedFile cached && !cached.isInMemory();
        fileTail = guarded ? Math.clamp(length / TAIL_SHARE, 1, handler.maxTailBytes()) : 0;
    }

    /** Whether nothing is left of a file but the bytes that were held back. */
    boolean hasFileTail() {
        return file != null && fileTail > 0 && fileRemaining == fileTail && pending == null && !pieceInFlight;
    }

    int fileTail() {
        return fileTail;
    }

    /**
     * Reads the bytes that were held back, and then finds out whether the file is as it was.
     *
     * @param address of {@link #fileTail} bytes
     * @return false if the response must not be completed
     */
    boolean readFileTail(long address) {
        assert hasFileTail();
        CachedFile cached = (CachedFile) file;
        int done = 0;
        while (done < fileTail) {
            int count = Libc.pread(cached.descriptor(), address + done, fileTail - done, filePosition + done);
            if (count <= 0) {
                return false;
            }
            done += count;
        }
        return cached.isUnchanged();
    }

    /** The bytes that were held back are on their way. */
    void fileTailSent() {
        handler.counters().fileSent(pieceWay, fileTail);
        fileTail = 0;
        fileRemaining = 0;
        if (parts == null) {
            endFile();
        }
    }

    /** Keeps several parts of a file, which follow the output so far, and writes what stands before the first. */
    void keepParts(FileParts newParts, Output output) {
        assert file == null;
        file = newParts.file();
        fileRemaining = 0;
        parts = newParts;
        beginPart(output);
    }

    /** Whether a part of a file was sent, and what follows it must be written. */
    boolean mustBeginPart() {
        return parts != null && fileRemaining == 0 && !pieceInFlight;
    }

    /** Writes the bytes before the next part, which then is what is sent of the file; or the last bytes of all. */
    void beginPart(Output output) {
        FileParts body = parts;
        assert body != null && mustBeginPart();
        byte[] bytes = body.bytes();
        output.write(bytes, 0, bytes.length);
        if (body.hasPart()) {
            beginPart(body.position(), body.length());
            body.advance();
        } else {
            endFile();
        }
    }

    /** Whether the next piece of a file can be sent. */
    boolean hasFilePiece() {
        return file != null && fileRemaining > fileTail && pending == null && !pieceInFlight;
    }

    /** Sends the next piece of the file. */
    void sendFilePiece() {
        assert hasFilePiece() && connection != null;
        long position = filePosition;
        long length = Math.min(fileRemaining - fileTail, FileStore.PART_BYTES);
        if (file instanceof CachedFile cached) {
            length = Math.min(length, cached.partBytes(position));
            pieceWay = cached.way(position, length);
        }
        pieceBytes = length;
        filePosition += length;
        fileRemaining -= length;
        if (fileTail > 0 && fileRemaining == fileTail) { // is read by the loop, when the piece was sent
            Libc.fadvise(file.descriptor(), filePosition, fileTail, WILL_NEED); // an advice cannot fail
        }
        pieceInFlight = true;
        connection.sendFile(this, position, length);
    }

    @Override
    public int descriptor() {
        assert file != null;
        return file.descriptor();
    }

    @Override
    public long address(long position, int length) {
        assert file != null;
        if (file instanceof CachedFile cached) {
            return cached.address(pieceWay, position);
        }
        pieceWay = FileStrategy.MEMORY;
        return file.address(position, length);
    }

    @Override
    public FileTransfer transfer(long position, long length) {
        assert file != null;
        FileTransfer transfer = file instanceof CachedFile ? transfer(pieceWay) : file.transfer(position, length);
        pieceWay = switch (transfer) {
            case SENDFILE -> FileStrategy.SENDFILE;
            case SPLICE -> FileStrategy.SPLICE;
            case READ -> FileStrategy.URING;
        };
        return transfer;
    }

    private static FileTransfer transfer(FileStrategy way) {
        return switch (way) {
            case SENDFILE -> FileTransfer.SENDFILE;
            case SPLICE -> FileTransfer.SPLICE;
            case AUTO, MEMORY, MMAP, URING -> FileTransfer.READ; // MMAP: it cannot be mapped
        };
    }

    /**
     * A piece was sent, or dropped. The engine is in the middle of its work then, so what follows is left to a task of
     * the loop.
     */
    @Override
    public void sendFinished() {
        pieceInFlight = false;
        Connection current = connection;
        if (current != null && current.isOpen()) {
            handler.counters().fileSent(pieceWay, pieceBytes);
        }
        if (file instanceof CachedFile cached) {
            cached.partSent(pieceWay, filePosition - pieceBytes, pieceBytes);
        }
        if (fileRemaining == 0 && parts == null || current == null || !current.isOpen()) {
            endFile();
        }
        proceedSoon();
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

    private void endFile() {
        SendableFile ended = file;
        if (ended != null) {
            file = null;
            parts = null;
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
