package io.ringwave;

import org.slf4j.LoggerFactory;

/**
 * What a program does with its connections. One handler serves all connections of one event loop, so its fields are
 * confined to that loop and need no synchronisation; state of a single connection belongs in
 * {@link Connection#attach}.
 *
 * <p>Every method runs on the loop's thread and must not block. An exception thrown from a method closes the connection
 * it was called for, with {@link CloseReason#HANDLER_FAILED}, and no other. Buffers that the handler has retained stay its
 * own then too: it releases them in {@link #onClosed}.
 *
 * <pre>
 *   (onConnectFailed)
 *   onOpen  (onReceive* onPeerFinished? with onWritable, onTimeout, onDrain in between)  onClosed
 * </pre>
 */
public interface ConnectionHandler {

    /**
     * A peer has connected, or this side to it ({@link LoopContext#connect}). Receiving begins after this call; a handler
     * that calls {@link Connection#pause} here hears nothing before it resumes.
     */
    default void onOpen(Connection connection) {}

    /**
     * A connection that was asked for with this handler was not made: the only call for it. The default logs it.
     */
    default void onConnectFailed(ConnectFailure failure) {
        LoggerFactory.getLogger(ConnectionHandler.class).warn("{}", failure.message());
    }

    /**
     * Bytes have arrived. They are lent for the duration of the call; {@link ReceivedBytes#retain} keeps them longer.
     */
    void onReceive(Connection connection, ReceivedBytes bytes);

    /**
     * The connection can take output again, after {@link Connection#isWritable} was false or
     * {@link Connection#acquireBuffer} returned null. May be called without need.
     */
    default void onWritable(Connection connection) {}

    /**
     * The kernel has taken all of a send, in the order of the calls to {@link Connection#send} and
     * {@link Connection#sendFile}. For who counts or measures; who has more to send listens to {@link #onWritable}.
     */
    default void onSent(Connection connection) {}

    /**
     * Some reports have ended, {@link #onSent} among them; comes at least once a turn, and with system calls of the
     * loop's own once for every group of them. {@link LoopContext#batchNanoTime} tells when that was. Only for the
     * handler that the {@link HandlerFactory} has made.
     */
    default void onBatchEnd() {}

    /** The deadline set by {@link Connection#deadline} has passed. */
    default void onTimeout(Connection connection) {
        connection.close();
    }

    /**
     * The peer has finished sending (it may still be receiving). The default sends what is queued, and closes. A handler
     * that goes on sending ends with {@link Connection#finishSending} or one of the ways to close.
     */
    default void onPeerFinished(Connection connection) {
        connection.closeAfterSend();
    }

    /**
     * The engine is shutting down: finish what is in flight, then close. The default sends what is queued, and closes.
     */
    default void onDrain(Connection connection) {
        connection.closeAfterSend();
    }

    /**
     * The connection is gone: the last call for it. Queued output was released, sent or not. It comes before the
     * {@link Connection} is used again, on the same thread: a handler that here forgets every reference to it never
     * takes another connection for this one.
     */
    default void onClosed(Connection connection, CloseReason reason) {}

    /** The loop has ended, and every connection with it: release what the handler holds. */
    default void onLoopEnd() {}
}
