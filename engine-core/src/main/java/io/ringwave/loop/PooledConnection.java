package io.ringwave.loop;

import io.ringwave.CloseReason;
import io.ringwave.Connection;
import io.ringwave.LoopContext;
import io.ringwave.OwnedBuffer;
import io.ringwave.SendableFile;
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
 * </pre>
 *
 * OPEN and FINISHING still send; only OPEN hands received bytes to the handler.
 */
final class PooledConnection implements Connection {

    enum State {
        /** No connection has this slot. */
        FREE,
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
    int generation;
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
    boolean peerFinished;
    boolean starving; // waits for a free send buffer
    @Nullable
    PooledConnection nextStarving;
    long lingered; // bytes discarded while LINGERING

    PooledConnection(EventLoop loop, int slot) {
        this.loop = loop;
        this.slot = slot;
    }

    /** Begins the life of a new connection in this slot. */
    void claim() {
        assert state == State.FREE && sendHead == SendQueue.NONE && !starving;
        state = State.OPEN;
        closeReason = CloseReason.CLOSED_LOCALLY;
        attachment = null;
        pausedByHandler = false;
        pausedByQueue = false;
        peerFinished = false;
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
    public @Nullable Object attachment() {
        return attachment;
    }

    @Override
    public void attach(@Nullable Object newAttachment) {
        attachment = newAttachment;
    }

    @Override
    public @Nullable SocketAddress remoteAddress() {
        return state == State.OPEN || state == State.FINISHING ? loop.remoteAddress(this) : null;
    }

    @Override
    public boolean isOpen() {
        return state == State.OPEN;
    }

    @Override
    public boolean isWritable() {
        return state == State.OPEN && !pausedByQueue;
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
    public void sendFile(SendableFile file, long position, long length) {
        loop.sendFile(this, file, position, length);
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
    public void close() {
        loop.closeByHandler(this);
    }

    @Override
    public void closeAfterSend() {
        loop.closeAfterSend(this);
    }

    @Override
    public String toString() {
        return "connection " + slot + "." + generation + " of loop " + loop.index() + " (" + state + ")";
    }
}
