package io.ringwave.loop;

import io.ringwave.ConnectFailure;
import io.ringwave.ConnectFailure.Reason;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Sockets;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Makes {@link ConnectFailure}s: the one place where their lines are written. */
final class ConnectFailures {

    private ConnectFailures() {}

    /** The operating system's refusal. */
    static ConnectFailure of(SocketAddress address, int errno) {
        Reason reason = switch (errno) {
            case Errno.ECONNREFUSED, Errno.ENOENT -> Reason.REFUSED;
            case Errno.ETIMEDOUT -> Reason.TIMED_OUT;
            case Errno.ENETUNREACH, Errno.EHOSTUNREACH, Errno.ENETDOWN, Errno.EHOSTDOWN, Errno.EADDRNOTAVAIL ->
                Reason.UNREACHABLE;
            case Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM -> Reason.OUT_OF_RESOURCES;
            default -> Reason.OTHER;
        };
        String remedy = switch (errno) {
            case Errno.EMFILE -> "; raise the limit of open files (ulimit -n)";
            case Errno.ENAMETOOLONG ->
                "; the path of a Unix-domain socket has at most " + Sockets.MAX_PATH_BYTES + " bytes";
            default -> "";
        };
        return failure(address, reason, Errno.describe(errno) + remedy);
    }

    /** The time limit has passed. */
    static ConnectFailure timedOut(SocketAddress address) {
        return failure(address, Reason.TIMED_OUT, Errno.name(Errno.ETIMEDOUT) + " (no answer within the time limit)");
    }

    static ConnectFailure loopFull(SocketAddress address, int loop, int maxConnections) {
        return failure(address, Reason.LOOP_FULL,
                "loop " + loop + " has " + maxConnections + " connections, as many as maxConnections allows");
    }

    static ConnectFailure unresolved(SocketAddress address) {
        return failure(address, Reason.UNREACHABLE, "the host is unknown, or its name was not resolved");
    }

    static ConnectFailure shutDown(SocketAddress address) {
        return failure(address, Reason.SHUT_DOWN, "the engine is shutting down");
    }

    static ConnectFailure loopFailed(SocketAddress address, int loop) {
        return failure(address, Reason.SHUT_DOWN, "loop " + loop + " has failed");
    }

    private static ConnectFailure failure(SocketAddress address, Reason reason, String why) {
        return new ConnectFailure(address, reason, "Cannot connect to " + name(address) + ": " + why);
    }

    private static String name(SocketAddress address) {
        if (!(address instanceof InetSocketAddress internet)) {
            return address.toString(); // a Unix-domain address is its path
        }
        String host = internet.isUnresolved() ? internet.getHostString() : internet.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + internet.getPort();
    }
}
