package io.ringwave.uring;

import static io.ringwave.uring.Channels.CLOSING;
import static io.ringwave.uring.Channels.CONNECTING;
import static io.ringwave.uring.Channels.DECIDED;
import static io.ringwave.uring.Channels.FILE;
import static io.ringwave.uring.Channels.FINISHING;
import static io.ringwave.uring.Channels.KEEPING;
import static io.ringwave.uring.Channels.PAGES_SENT;
import static io.ringwave.uring.Channels.POLLING;
import static io.ringwave.uring.Channels.READING;
import static io.ringwave.uring.Channels.SENDING;
import static io.ringwave.uring.Channels.ZERO_COPY;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Ring;
import io.ringwave.linux.Sockets;
import io.ringwave.spi.Token;
import java.util.Arrays;

/**
 * What is done to a socket as a whole: closing it, ending a direction, and lending it a descriptor. A socket that is a place
 * in the {@link FileTable} has none; where one is needed, it is installed, and closed when it has served, or, if pages are
 * sent, with the socket. Confined to the loop's thread.
 */
final class Descriptors {

    private static final int NONE = -1;
    private static final int F_SETFL = Linux.F_SETFL();
    private static final int NON_BLOCKING = Linux.O_RDWR() | Linux.O_NONBLOCK();

    private final Ring ring;
    private final Channels channels;
    private final SubmissionQueue submissions;
    private final CompletionQueue completed;
    /** By slot: the descriptor that stands in for a place, while a file is sent. As long as was needed so far. */
    private int[] installed = {};
    /** By slot: the descriptor that it keeps, to hand over pages. As long as was needed so far. */
    private int[] kept = {};
    private final long mostKept = Libc.getrlimit(Linux.RLIMIT_NOFILE()) / 2;
    private int requestsAtOnce; // how many there were, to tell them apart

    Descriptors(Ring ring, Channels channels, SubmissionQueue submissions, CompletionQueue completed) {
        this.ring = ring;
        this.channels = channels;
        this.submissions = submissions;
        this.completed = completed;
    }

    // ---- Closing

    /** Closes the socket, once nothing is in flight that still needs the slot; the end of each such thing asks again. */
    void closeUnlessBusy(int slot) {
        if (!channels.is(slot, SENDING | FILE | POLLING | READING | FINISHING)
                && channels.masked(slot, CONNECTING | DECIDED) != CONNECTING) {
            closeKept(slot);
            submissions.close(channels.sockets[slot], channels.token(Operation.CLOSE, slot)); // completes as well if there is no socket (EBADF)
        }
    }

    /**
     * Closes what the core does not wait for.
     *
     * @param takenUntilThen how many places among the connections are free when that is done
     */
    void closeUnreported(int socket, int takenUntilThen) {
        submissions.close(socket, Token.of(Operation.CLOSE_UNREPORTED, 0, takenUntilThen));
    }

    /** Both directions, as far as that takes no descriptor, and what a zero-copy send waits for. */
    void endConnection(int slot) {
        boolean isPlace = FileTable.isPlace(channels.sockets[slot]);
        if (!isPlace) {
            // Ends a send that waits for the peer on a worker thread.
            Libc.shutdown(channels.sockets[slot], Linux.SHUT_RDWR());
        }
        if (channels.is(slot, ZERO_COPY)) { // cancelling has no effect once everything was taken
            if (isPlace) {
                submissions.install(channels.sockets[slot], channels.token(Operation.INSTALL_FOR_END, slot));
            } else {
                disconnect(channels.sockets[slot]);
            }
        }
    }

    /** Drops what the peer has not acknowledged, and with it the kernel's references to our memory. */
    static void disconnect(int descriptor) {
        Sockets.disconnect(descriptor); // fails only where the peer is gone
    }

    /** Without a descriptor, the memory comes back when the peer acknowledges it, or the kernel has lost patience. */
    int installedForEnd(int result) {
        if (result >= 0) {
            disconnect(result);
            closeUnreported(result, 0);
        }
        return 0;
    }

    // ---- The end of our direction

    /** Sends FIN, once a descriptor for that is there. */
    void finishSending(int slot) {
        assert channels.isOpen(slot) && !channels.is(slot, SENDING | FILE | FINISHING);
        if (FileTable.isPlace(channels.sockets[slot])) {
            channels.set(slot, FINISHING);
            submissions.install(channels.sockets[slot], channels.token(Operation.INSTALL_FOR_FIN, slot));
        } else {
            // Fails only where the peer is gone, which receiving reports.
            Libc.shutdown(channels.sockets[slot], Linux.SHUT_WR());
        }
    }

    /** A descriptor to send FIN with is there, or there is none to be had. */
    int installedForFin(int slot, int result) {
        if (result < 0) { // no descriptor is left
            submissions.shutdown(channels.sockets[slot], Linux.SHUT_WR(), channels.token(Operation.SHUTDOWN, slot));
            return 0;
        }
        Libc.shutdown(result, Linux.SHUT_WR()); // fails only where the peer is gone, which receiving reports
        closeUnreported(result, 0);
        return finished(slot);
    }

    /** FIN was sent. */
    int finished(int slot) {
        channels.clear(slot, FINISHING);
        if (channels.is(slot, CLOSING)) {
            closeUnlessBusy(slot);
        }
        return 0;
    }

    // ---- A descriptor for a while

    /** Whether a file can only be sent once a descriptor was installed; if so, asks for it. */
    boolean installForFile(int slot) {
        if (!FileTable.isPlace(channels.sockets[slot]) || kept(slot) != NONE) {
            return false;
        }
        submissions.install(channels.sockets[slot], channels.token(Operation.INSTALL_FOR_FILE, slot));
        return true;
    }

    /** It was installed, and serves until {@link #uninstall}. */
    void installedForFile(int slot, int descriptor) {
        int before = installed.length;
        if (slot >= before) {
            installed = Arrays.copyOf(installed, channels.length());
            Arrays.fill(installed, before, installed.length, NONE);
        }
        installed[slot] = descriptor;
    }

    // ---- A descriptor until the end

    /** Whether the slot's socket has one. If pages were to be sent before, asks for it. */
    boolean keeps(int slot) {
        if (kept(slot) != NONE) {
            return true;
        }
        if (!channels.is(slot, PAGES_SENT)) {
            channels.set(slot, PAGES_SENT); // who asks for one file only does not need it
        } else if (!channels.is(slot, KEEPING) && FileTable.isPlace(channels.sockets[slot])) {
            channels.set(slot, KEEPING); // not again, if there is none to be had
            submissions.install(channels.sockets[slot], channels.token(Operation.INSTALL_TO_KEEP, slot));
        }
        return false;
    }

    /** It was installed, unless there is none to be had. Half of them are left for others: the kernel gives the lowest. */
    int installedToKeep(long token, int slot, int result) {
        if (result < 0) {
            return 0;
        }
        if (result > mostKept || !channels.isCurrent(slot, token) || channels.is(slot, CLOSING)) {
            closeUnreported(result, 0);
            return 0;
        }
        Libc.fcntl(result, F_SETFL, NON_BLOCKING); // the ring has its own: operations on the place wait as before
        int before = kept.length;
        if (slot >= before) {
            kept = Arrays.copyOf(kept, channels.length());
            Arrays.fill(kept, before, kept.length, NONE);
        }
        kept[slot] = result;
        return 0;
    }

    /** The descriptor that the slot has until its end, or {@link #NONE}. */
    int kept(int slot) {
        return slot < kept.length ? kept[slot] : NONE;
    }

    private void closeKept(int slot) {
        if (kept(slot) != NONE) {
            closeUnreported(kept[slot], 0);
            kept[slot] = NONE;
        }
    }

    /** The slot's descriptor: its own, or the one that was installed for a file. */
    int forFile(int slot) {
        if (!FileTable.isPlace(channels.sockets[slot])) {
            return channels.sockets[slot];
        }
        return hasInstalled(slot) ? installed[slot] : kept(slot);
    }

    /** Closes what was installed for a file, if anything was. */
    void uninstall(int slot) {
        if (hasInstalled(slot)) {
            closeUnreported(installed[slot], 0);
            installed[slot] = NONE;
        }
    }

    private boolean hasInstalled(int slot) {
        return slot < installed.length && installed[slot] != NONE;
    }

    /**
     * A descriptor for the slot's socket, until its completion is read; -1 if there is none. The answer cannot wait for
     * the next turn, so it is installed at once, and its completion looked for among those that wait to be read. If the
     * completion queue has overflown, it is not there.
     */
    int atOnce(int slot) {
        int socket = channels.sockets[slot];
        if (!FileTable.isPlace(socket)) {
            return socket;
        }
        requestsAtOnce = Token.nextGeneration(requestsAtOnce);
        long token = Token.of(Operation.INSTALL_AT_ONCE, requestsAtOnce, slot);
        submissions.install(socket, token);
        ring.enter(submissions.publish(), 0, 0, 0, 0);
        return completed.find(token);
    }

    /** It was used by then, unless it came late. */
    int installedAtOnce(int result) {
        if (result >= 0) {
            closeUnreported(result, 0);
        }
        return 0;
    }

    /** The ring has ended, or is about to: closes at once what the slot has. */
    void closeNow(int slot) {
        if (!FileTable.isPlace(channels.sockets[slot])) {
            Libc.close(channels.sockets[slot]);
            return;
        }
        if (hasInstalled(slot)) {
            Libc.close(installed[slot]);
        }
        if (kept(slot) != NONE) {
            Libc.close(kept[slot]);
        }
    }
}
