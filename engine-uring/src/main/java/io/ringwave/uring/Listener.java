package io.ringwave.uring;

import static io.ringwave.uring.Operation.ACCEPT;
import static io.ringwave.uring.Operation.CANCEL;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Sockets;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.Completions;
import io.ringwave.spi.Token;
import java.net.InetSocketAddress;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The listening socket, the one operation that accepts from it, and how many of the slots' number are in use. Confined to
 * the loop's thread.
 *
 * <pre>
 *   IDLE --accept()--> ARMED (multishot, or one by one when few places are left) --pause()--> ended --> IDLE
 *                        |  the kernel may end it at any time: armed again while it is wanted and a place is left
 * </pre>
 */
final class Listener {

    private static final int NONE = -1;
    private static final int F_MORE = Uring.IORING_CQE_F_MORE();
    /** How many can wait for a listener that was handed over, unless net.core.somaxconn was raised (listen(2)). */
    private static final int MOST_WAITING = 4096;

    private final SubmissionQueue submissions;
    private final Features features;
    private final @Nullable FileTable fileTable;
    private final Descriptors descriptors;
    private final BackendCounters counters;
    private final BackendFailure failure;
    private final int slots;

    private int listener = NONE;
    private int scarce = MOST_WAITING; // with so few places left, connections are accepted one by one
    private boolean acceptWanted;
    private boolean acceptArmed;
    private boolean acceptIsMultishot; // the one that is armed
    private final BitSet unclaimed = new BitSet(); // numbers that were reported, and neither opened nor refused yet
    private int taken; // how many of the slots' number are in use: opened, unclaimed, or being refused

    /** @param fileTable where accepted connections go to; null if they become descriptors */
    Listener(SubmissionQueue submissions, Features features, @Nullable FileTable fileTable, Descriptors descriptors,
            BackendCounters counters, BackendFailure failure, int slots) {
        this.submissions = submissions;
        this.features = features;
        this.fileTable = fileTable;
        this.descriptors = descriptors;
        this.counters = counters;
        this.failure = failure;
        this.slots = slots;
    }

    /** As the backend's methods of the same names. */
    int listen(InetSocketAddress address, int backlog, boolean sharedPort) {
        assert listener == NONE;
        int result = Sockets.listen(address, backlog, sharedPort, false); // O_NONBLOCK would end the accept at once
        if (result < 0) {
            return result;
        }
        listener = result;
        scarce = backlog;
        return Sockets.port(listener);
    }

    int listenOn(int socket) {
        assert listener == NONE;
        listener = socket;
        return Sockets.nonBlocking(socket, false);
    }

    int steer(int[] cpus) {
        assert listener != NONE;
        return Sockets.steer(listener, cpus);
    }

    /**
     * A multishot accept takes everyone who waits, also those for whom there is no place: with direct descriptors the kernel
     * closes the first of these. Unless there are more places than can wait, they are therefore accepted one at a time, and
     * the rest stays in the accept queue.
     */
    void accept() {
        acceptWanted = true;
        int left = slots - taken;
        if (acceptArmed || listener == NONE || left <= 0) { // none is left: goes on when one closes
            return;
        }
        acceptArmed = true;
        acceptIsMultishot = features.multishotAccept() && left > scarce;
        long token = Token.of(ACCEPT, 0, 0);
        if (fileTable == null) {
            if (acceptIsMultishot) {
                submissions.acceptMultishot(listener, token);
            } else {
                submissions.accept(listener, token);
            }
        } else if (acceptIsMultishot) {
            submissions.acceptMultishotDirect(listener, token);
        } else {
            submissions.acceptDirect(listener, token);
        }
    }

    /** Ends the operation; a connection that has come already is still reported. */
    void pause() {
        acceptWanted = false;
        if (acceptArmed) {
            submissions.cancel(Token.of(ACCEPT, 0, 0), Token.of(CANCEL, 0, 0));
        }
    }

    /** Closes the socket. */
    void stop() {
        pause();
        if (listener != NONE) {
            descriptors.closeUnreported(listener, 0); // behind an accept that is not submitted yet
            listener = NONE;
        }
    }

    /** A connection came, or an accept has ended. */
    int accepted(int result, int cqeFlags, Completions completions) {
        if ((cqeFlags & F_MORE) == 0) {
            acceptArmed = false;
        }
        if (result >= 0) {
            unclaimed.set(result);
            taken++;
            if (acceptArmed && acceptIsMultishot && slots - taken <= scarce) {
                acceptIsMultishot = false;
                submissions.cancel(Token.of(ACCEPT, 0, 0), Token.of(CANCEL, 0, 0)); // and then one by one
            }
            completions.accepted(result);
        } else if (result == -Errno.ENFILE && taken == slots) {
            acceptWanted = false; // more came at once than were left, and the core knows
        } else if (result != -Errno.ECANCELED && result != -Errno.EINTR && result != -Errno.EAGAIN
                && isPressureOrBug(-result)) {
            failure.ifOurBug(result);
            acceptWanted = false;
            completions.accepted(result);
            return 1;
        }
        acceptIfWanted();
        return result >= 0 ? 1 : 0;
    }

    /** Arms the operation again if it is wanted and has ended. */
    void acceptIfWanted() {
        if (acceptWanted && !acceptArmed) {
            counters.rearms.increment();
            accept();
        }
    }

    /** Whether accepting again at once is pointless; other errors are the one connection's (accept(2)). */
    private static boolean isPressureOrBug(int errno) {
        return Errno.kind(errno) != Errno.Kind.EXPECTED; // no switch: its table is a class, for whose file no descriptor is left
    }

    /** Refuses a connection that was reported. */
    void refuse(int number) {
        unclaimed.clear(number);
        descriptors.closeUnreported(socket(number), 1);
    }

    /** A connection that was reported is opened: returns its socket. */
    int claim(int number) {
        unclaimed.clear(number);
        return socket(number);
    }

    /** The socket that was reported with a number: reports are not negative. */
    private int socket(int number) {
        return fileTable != null ? FileTable.socket(number) : number;
    }

    /** A slot is used for a socket that was not accepted here. */
    void slotTaken() {
        taken++;
    }

    /** So many slots are free again: {@link #acceptIfWanted} goes on if none was. */
    void slotsFree(int count) {
        taken -= count;
    }

    /** Whether accepted connections are descriptors of the process. */
    boolean acceptsDescriptors() {
        return fileTable == null;
    }

    /** The ring has not ended yet, but nothing is in flight any more: closes what nobody has opened, and the listener. */
    void close() {
        if (fileTable != null) {
            fileTable.close();
        } else {
            unclaimed.stream().forEach(Libc::close);
        }
        if (listener != NONE) {
            Libc.close(listener);
        }
    }
}
