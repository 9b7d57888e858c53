package io.ringwave.epoll;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Sockets;
import io.ringwave.spi.Completions;
import java.net.InetSocketAddress;
import java.util.BitSet;

/**
 * The listening socket, and the sockets accepted from it until somebody claims them. Registered level-triggered, so that connections left in the accept queue are announced again;
 * registered once, for nothing, so that beginning to accept cannot fail. Confined to the loop's thread.
 *
 * <pre>
 *   absent -> (listen) PAUSED -> (accept) ACCEPTING -> (pause, or an error) PAUSED
 * </pre>
 */
final class Listener {

    /** The most connections accepted in one turn, so that a flood of them leaves time for the others. */
    static final int BATCH = 64;

    private static final int SOCKET_FLAGS = Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC();
    private static final int ABSENT = -1;

    private final EpollSet epoll;
    private final long token;
    private final BitSet unclaimed = new BitSet(); // reported, neither opened nor refused; grows to the highest socket
    private int socket = ABSENT;
    private boolean accepting;

    Listener(EpollSet epoll, long token) {
        this.epoll = epoll;
        this.token = token;
    }

    /** Binds and listens. @return the port, or {@code -errno} */
    int listen(InetSocketAddress address, int backlog, boolean sharedPort) {
        assert socket == ABSENT : "listening already";
        int listener = Sockets.listen(address, backlog, sharedPort, true);
        if (listener < 0) {
            return listener;
        }
        int result = listenOn(listener);
        return result < 0 ? result : Sockets.port(listener);
    }

    /** Takes over a socket that listens. @return 0, or {@code -errno}: then it is closed */
    int listenOn(int listener) {
        assert socket == ABSENT : "listening already";
        int result = Sockets.nonBlocking(listener, true);
        if (result == 0) {
            result = epoll.add(listener, 0, token);
        }
        if (result < 0) {
            Libc.close(listener);
            return result;
        }
        socket = listener;
        return 0;
    }

    /** @see io.ringwave.spi.Backend#steer */
    int steer(int[] cpus) {
        assert socket != ABSENT : "not listening";
        return Sockets.steer(socket, cpus);
    }

    void accept() {
        assert socket != ABSENT : "not listening";
        if (!accepting) {
            accepting = true;
            epoll.modify(socket, EpollSet.IN, token);
        }
    }

    void pause() {
        if (accepting) {
            accepting = false;
            epoll.modify(socket, 0, token);
        }
    }

    /**
     * Accepts what waits in the queue, at most {@link #BATCH} connections, and reports it.
     *
     * @return how many completions were reported
     */
    int acceptBatch(Completions completions) {
        int reported = 0;
        for (int i = 0; i < BATCH && accepting; i++) {
            int result = Libc.accept4(socket, SOCKET_FLAGS);
            if (result >= 0) {
                unclaimed.set(result);
                completions.accepted(result);
                reported++;
                continue;
            }
            switch (-result) {
                case Errno.EAGAIN -> {
                    return reported;
                }
                // The connection failed before we got it, or a firewall forbids it: the next may be well. accept(2)
                // lists these; they say nothing about the listener.
                case Errno.ECONNABORTED, Errno.EPROTO, Errno.EPERM, Errno.ENETDOWN, Errno.ENOPROTOOPT, Errno.EHOSTDOWN,
                        Errno.ENONET, Errno.EHOSTUNREACH, Errno.EOPNOTSUPP, Errno.ENETUNREACH, Errno.EINTR ->
                    {
                    }
                // EMFILE, ENFILE, ENOBUFS, ENOMEM: the queue would announce itself at once again, so stop.
                default -> {
                    pause();
                    completions.accepted(result);
                    return reported + 1;
                }
            }
        }
        return reported;
    }

    /** Closes the listener, which takes it out of the epoll set. */
    void stop() {
        if (socket != ABSENT) {
            Libc.close(socket);
            socket = ABSENT;
            accepting = false;
        }
    }

    /** An accepted socket has another owner now. */
    void claim(int accepted) {
        unclaimed.clear(accepted);
    }

    void close() {
        for (int accepted = unclaimed.nextSetBit(0); accepted >= 0; accepted = unclaimed.nextSetBit(accepted + 1)) {
            Libc.close(accepted);
        }
        unclaimed.clear();
        stop();
    }
}
