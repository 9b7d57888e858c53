package io.ringwave;

/** Why a connection was closed. */
public enum CloseReason {
    /** The handler closed it. */
    CLOSED_LOCALLY,
    /** The peer finished sending, and everything for it was sent. */
    PEER_FINISHED,
    /** The peer reset the connection, or stopped answering (ECONNRESET, EPIPE, ETIMEDOUT). */
    PEER_RESET,
    /** A deadline passed. */
    TIMED_OUT,
    /** A handler threw an exception. */
    HANDLER_FAILED,
    /** A file ended before the promised length, or could not be read. */
    SOURCE_FAILED,
    /** The operating system reported another error for this connection. */
    IO_ERROR,
    /** The engine shut down. */
    SHUT_DOWN
}
