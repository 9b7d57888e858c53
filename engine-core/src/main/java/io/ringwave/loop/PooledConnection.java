package io.ringwave.loop;

import io.ringwave.CloseReason;
import io.ringwave.ConnectFailure;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.LoopContext;
import io.ringwave.OwnedBuffer;
import io.ringwave.SendableFile;
import io.ringwave.SendableMemory;
import io.ringwave.spi.Token;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection: made once per slot, reused for every connection that has the slot. Holds the state; {@link EventLoop}
 * makes the decisions. Confined to the loop's thread.
 *
 * <pre>
 *   FREE --accepted--> OPEN --closeAfterSend--> FINISHING --all sent--> LINGERING --peer finished, or too long--> CLOSING
 *                       |                           |                                                               |
 *                       +---------- close, peer reset, handler failed, error, deadline --------------------------> CLOSING
 *   CLOSING --closed()--> FREE
 *   FREE --connect--> CONNECTING --connected--> OPEN
 *                          +-------- refused, timed out, shut down --> CLOSING
 * </pre>
 *
 * OPEN and FINISHING still send; only OPEN hands received bytes to the handler.
 */
final class PooledConnection implements Connection {

    enum State {
        /** No connection has this slot. */
        FREE,
        /** The backend is connecting it; no handler knows of it. */
        CONNECTING,
        /** In use. */
        OPEN,
        /** No more output is taken; what is queued is being sent. */
        FINISHING,
        /** Everything was sent and the end announced; input is discarded until the peer ends too. */
        LINGERING,
        /** The backend is closing the channel. */
        CLOSING
    }

    final EventLoop loop;
    final int slot;
    /** How often the slot was used: the generation, and more, so that ids do not repeat where generations do. */
    int uses;
    ConnectionHandler handler;
    /** What only an outbound connection has; null for one that was accepted. */
    @Nullable
    Outbound outbound;
    State state = State.FREE;
    CloseReason closeReason = CloseReason.CLOSED_LOCALLY;
    @Nullable
    Object attachment;

    // The send queue: entries of the loop's SendQueue. The head is in flight.
    int sendHead = SendQueue.NONE;
    int sendTail = SendQueue.NONE;
    int sendCount;

    boolean pausedByHandler;
    boolean pausedByQueue;
    boolean pausesWhenFull;
    boolean peerFinished;
    boolean sendingFinished; // no output is taken any more, though this is OPEN
    boolean endSent; // the backend was asked to tell the peer
    boolean starving; // waits for a free send buffer
    @Nullable
    PooledConnection nextStarving;
    int lingered; // bytes discarded while LINGERING, or about to

    /** Where a connection leads that this side makes. */
    static final class Outbound {
        final SocketAddress target;
        /** Why it is not made; null while nothing speaks against it. */
        @Nullable
        ConnectFailure failure;

        Outbound(SocketAddress target) {
            this.target = target;
        }
    }

    PooledConnection(EventLoop loop, int slot) {
        this.loop = loop;
        this.slot = slot;
        this.handler = loop.handler();
    }

    int generation() {
        return uses & Token.GENERATIONS - 1;
    }

    /** Whether a full send queue keeps this connection from receiving. */
    boolean isPausedByQueue() {
        return pausedByQueue && pausesWhenFull;
    }

    /** Begins the life of a new connection in this slot. */
    void claim(ConnectionHandler newHandler) {
        assert state == State.FREE && sendHead == SendQueue.NONE && !starving;
        handler = newHandler;
        outbound = null;
        closeReason = CloseReason.CLOSED_LOCALLY;
        attachment = null;
        pausedByHandler = false;
        pausedByQueue = false;
        pausesWhenFull = true;
        peerFinished = false;
        sendingFinished = false;
        endSent = false;
        lingered = 0;
    }

    @Override
    public LoopContext loop() {
        return loop;
    }

    @Override
    public int slot() {
        return slot;
    }

    @Override
    public long id() {
        return ConnectionTable.id(loop.index(), slot, uses);
    }

    @Override
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(@Nullable Object newAttachment) {
        attachment = newAttachment;
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        if (state != State.OPEN && state != State.FINISHING) {
            return null;
        }
        return outbound != null ? outbound.target : loop.remoteAddress(this);
    }

    /** Why an outbound connection is not made; null while nothing speaks against it, or if this was accepted. */
    @Nullable
    ConnectFailure connectFailure() {
        return outbound == null ? null : outbound.failure;
    }

    @Override
    public boolean isOpen() {
        return state == State.OPEN;
    }

    @Override
    public boolean isWritable() {
        return state == State.OPEN && !pausedByQueue && !sendingFinished;
    }

    @Override
    public @Nullable OwnedBuffer acquireBuffer() {
        return loop.acquireBuffer(this);
    }

    @Override
    public void send(OwnedBuffer buffer) {
        loop.send(this, (SlabBuffer) buffer, false);
    }

    @Override
    public void send(OwnedBuffer buffer, boolean more) {
        loop.send(this, (SlabBuffer) buffer, more);
    }

    @Override
    public void send(SendableMemory memory, long offset, int length, boolean more) {
        loop.send(this, memory, offset, length, more);
    }

    @Override
    public void sendFile(SendableFile file, long position, long length) {
        loop.sendFile(this, file, position, length);
    }

    @Override
    public int queuedSends() {
        return sendCount;
    }

    @Override
    public long outstanding() {
        return state == State.OPEN || state == State.FINISHING ? loop.outstanding(this) : 0;
    }

    @Override
    public void pause() {
        loop.pause(this);
    }

    @Override
    public void resume() {
        loop.resume(this);
    }

    @Override
    public void deadline(long nanoTime) {
        loop.deadline(this, nanoTime);
    }

    @Override
    public void pausesWhenFull(boolean pauses) {
        loop.pausesWhenFull(this, pauses);
    }

    @Override
    public void finishSending() {
        loop.finishSending(this);
    }

    @Override
    public void close() {
        loop.closeByHandler(this);
    }

    @Override
    public void closeAfterSend() {
        loop.closeAfterSend(this);
    }

    @Override
    public String toString() {
        return "connection " + slot + "." + uses + " of loop " + loop.index() + " (" + state + ")";
    }
}
