package io.ringwave.loop;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.spi.Counter;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that accepts for all loops, and deals each connection to the loop that has the fewest. Owns the listening
 * socket. It waits in accept4(2) and not on a loop, so that a handler that computes keeps nobody waiting who connects.
 *
 * <pre>
 *   RUNNING --stop(), or every loop has ended--> ENDED
 *      |  the loops are full, or descriptors have run out: looks again after a while; who comes waits in the accept queue
 * </pre>
 *
 * <p>How many connections a loop has is what was dealt to it, and what it connected itself, less what it has closed or
 * refused: what waits in its mailbox is counted, so that a burst is spread evenly.
 */
public final class Acceptor {

    private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);

    /** How long accepting rests when every loop is full. */
    private static final long FULL_RETRY_NANOS = 5_000_000;
    /** How long it rests when the process or the system is out of descriptors or memory. */
    private static final long PRESSURE_RETRY_NANOS = 50_000_000;
    /** How often a rest is worth a line in the log. */
    private static final long LOG_NANOS = 10_000_000_000L;
    private static final int NO_LOOP = -1;
    private static final int SOCKET_FLAGS = Linux.SOCK_CLOEXEC();

    private final int listener;
    private final List<EventLoop> loops;
    private final int maxConnections;
    private final long[] dealt;
    private final Counter pauses = new Counter();
    private final Thread thread;
    private int last; // who was dealt a connection last: among equals it is another's turn
    private boolean paused;
    private boolean logged;
    private long lastLog;
    private volatile boolean stopping;

    /**
     * Takes over a listening socket in blocking mode.
     *
     * @param maxConnections the most connections of each loop
     */
    public Acceptor(int listener, List<EventLoop> loops, int maxConnections) {
        this.listener = listener;
        this.loops = List.copyOf(loops);
        this.maxConnections = maxConnections;
        this.dealt = new long[loops.size()];
        this.last = loops.size() - 1;
        this.thread = Thread.ofPlatform().name("ringwave-acceptor").daemon().unstarted(this::run);
    }

    /** Begins to accept. Once. */
    public void start() {
        thread.start();
    }

    /**
     * Closes the listener, and returns when the last connection was dealt. Idempotent; one thread at a time. The loops must
     * still run, or at least take tasks.
     */
    public void stop() {
        if (stopping) {
            return;
        }
        stopping = true;
        Libc.shutdown(listener, Linux.SHUT_RDWR()); // ends the wait in accept4 with EINVAL, the next one too
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        Libc.close(listener);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** How often accepting has rested; any thread. */
    public long pauses() {
        return pauses.get();
    }

    private void run() {
        while (awaitRoom()) {
            int result = Libc.accept4(listener, SOCKET_FLAGS);
            if (result >= 0) {
                deal(result);
            } else if (stopping) {
                return;
            } else {
                switch (-result) {
                    // The connection failed before we got it, or a firewall forbids it (accept(2)): the next may be well.
                    case Errno.ECONNABORTED, Errno.EPROTO, Errno.EPERM, Errno.ENETDOWN, Errno.ENOPROTOOPT,
                            Errno.EHOSTDOWN, Errno.ENONET, Errno.EHOSTUNREACH, Errno.EOPNOTSUPP, Errno.ENETUNREACH,
                            Errno.EINTR ->
                        {
                        }
                    case Errno.EBADF, Errno.EFAULT, Errno.EINVAL, Errno.ENOTSOCK -> {
                        LOG.error("Accepting ends: {}", Errno.describe(-result));
                        return;
                    }
                    default -> rest(PRESSURE_RETRY_NANOS, Errno.describe(-result)); // EMFILE, ENFILE, ENOBUFS, ENOMEM
                }
            }
        }
    }

    /** Waits until some loop may take a connection. False if that will not be. */
    private boolean awaitRoom() {
        while (!stopping) {
            if (leastLoaded() != NO_LOOP) {
                paused = false;
                return true;
            }
            if (loops.stream().allMatch(EventLoop::hasEnded)) {
                return false;
            }
            rest(FULL_RETRY_NANOS, "every loop has its limit of " + maxConnections + " connections");
        }
        return false;
    }

    /** Hands over a connection; closes it if nobody takes it any more. */
    private void deal(int socket) {
        do {
            int loop = leastLoaded();
            if (loop != NO_LOOP && loops.get(loop).adopt(socket)) {
                dealt[loop]++;
                last = loop;
                return;
            }
        } while (awaitTaker());
        Libc.close(socket);
    }

    /** Somebody connected outward meanwhile, or a mailbox is full: both pass. */
    private boolean awaitTaker() {
        rest(FULL_RETRY_NANOS, "no loop takes a connection");
        return !stopping && !loops.stream().allMatch(EventLoop::hasEnded);
    }

    /** The loop with the fewest connections, among equals the next in turn; {@link #NO_LOOP} if all are full or gone. */
    private int leastLoaded() {
        int least = NO_LOOP;
        long fewest = maxConnections;
        for (int i = 1; i <= dealt.length; i++) {
            int loop = (last + i) % dealt.length;
            if (!loops.get(loop).hasEnded()) {
                long connections = dealt[loop] + loops.get(loop).connectionsBesideAccepted();
                if (connections < fewest) {
                    fewest = connections;
                    least = loop;
                }
            }
        }
        return least;
    }

    private void rest(long nanos, String why) {
        if (!paused) {
            paused = true;
            pauses.increment();
        }
        long now = System.nanoTime();
        if (!logged || now - lastLog > LOG_NANOS) {
            logged = true;
            lastLog = now;
            LOG.warn("Accepting stops: {}; it resumes when some have left", why);
        }
        if (!stopping) {
            LockSupport.parkNanos(nanos);
        }
    }
}
