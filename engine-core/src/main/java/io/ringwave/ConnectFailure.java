package io.ringwave;

import java.net.SocketAddress;

/**
 * Why an outbound connection was not made.
 *
 * @param address where it should have led
 * @param reason the kind of failure, for a program to decide by
 * @param message one line for a person: the address, and the operating system's word where it was the one to refuse
 */
public record ConnectFailure(SocketAddress address, Reason reason, String message) {

    /** The kinds of failures. */
    public enum Reason {
        /** Nobody listens there (ECONNREFUSED, ENOENT), or the accept queue of a Unix-domain server is full. */
        REFUSED,
        /** No answer within the time limit, or within the operating system's (ETIMEDOUT). */
        TIMED_OUT,
        /** No way leads there (ENETUNREACH, EHOSTUNREACH), or there is no such host. */
        UNREACHABLE,
        /** The process or the system has no descriptor or memory left (EMFILE, ENFILE, ENOBUFS, ENOMEM). */
        OUT_OF_RESOURCES,
        /** The loop holds as many connections as {@link EngineConfig#maxConnections} allows. */
        LOOP_FULL,
        /** The engine is shutting down, or the loop has failed. */
        SHUT_DOWN,
        /** The operating system reported something else; the message has its name. */
        OTHER
    }
}
