package io.ringwave.uring;

import static io.ringwave.uring.Channels.CLOSING;
import static io.ringwave.uring.Channels.FILE;
import static io.ringwave.uring.Channels.FILE_SENT;
import static io.ringwave.uring.Channels.MAPPED;
import static io.ringwave.uring.Channels.OUTSIDE;
import static io.ringwave.uring.Channels.OUT_OF_TURN;
import static io.ringwave.uring.Channels.PAGES;
import static io.ringwave.uring.Channels.POLLING;
import static io.ringwave.uring.Channels.SENDING;
import static io.ringwave.uring.Channels.SEND_MORE_FLAG;
import static io.ringwave.uring.Channels.WITHOUT_BUFFER;
import static io.ringwave.uring.Channels.ZERO_COPY;
import static io.ringwave.uring.Operation.CANCEL;
import static io.ringwave.uring.Operation.SEND;
import static io.ringwave.uring.Operation.SEND_ZERO_COPY;
import static io.ringwave.uring.Operation.WRITABLE;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.bindings.uring.Uring;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.Completions;
import io.ringwave.spi.FilePace;
import io.ringwave.spi.SlotQueue;
import java.util.Arrays;

/**
 * Sends of memory: the one that a slot has in flight, and how every send ends, those of {@link FileTransfers} too. Confined
 * to the loop's thread.
 *
 * <p>What is, or was, a file in memory is sent piece by piece, as {@link FilePace} allows; after that, or after a file, the
 * socket is likely to be full, and is polled for when it is. Pages are handed over by a call of the loop's own, since no
 * operation does that on its thread.
 */
final class Sends {

    private static final int F_MORE = Uring.IORING_CQE_F_MORE();
    private static final int F_NOTIF = Uring.IORING_CQE_F_NOTIF();
    private static final int POLLOUT = Linux.POLLOUT();

    private final Channels channels;
    private final SubmissionQueue submissions;
    private final ZeroCopySends zeroCopy;
    private final Descriptors descriptors;
    private final FilePace pace;
    private final SlotQueue ready;
    private final BackendCounters counters;
    private final BackendFailure failure;
    private long[] sendAddresses;
    // Of pages, as long as was needed so far.
    private int[] pageFiles = {};
    private long[] pagePositions = {};

    /** @param ready the slots that have something to do without a completion */
    Sends(Channels channels, SubmissionQueue submissions, ZeroCopySends zeroCopy, Descriptors descriptors,
            FilePace pace,
            SlotQueue ready, BackendCounters counters, BackendFailure failure) {
        this.channels = channels;
        this.submissions = submissions;
        this.zeroCopy = zeroCopy;
        this.descriptors = descriptors;
        this.pace = pace;
        this.ready = ready;
        this.counters = counters;
        this.failure = failure;
        this.sendAddresses = new long[channels.length()];
    }

    /** Makes room for more slots. */
    void grow(int length) {
        sendAddresses = Arrays.copyOf(sendAddresses, length);
    }

    /** {@link Backend#send}. */
    void begin(int slot, long address, int length, int sendFlags) {
        assert channels.isOpen(slot) && !channels.is(slot, SENDING | FILE | CLOSING) && length > 0;
        channels.set(slot, SENDING | ((sendFlags & Backend.SEND_MORE) != 0 ? SEND_MORE_FLAG : 0)
                | ((sendFlags & Backend.SEND_MAPPED) != 0 ? MAPPED | FILE_SENT : 0)
                | ((sendFlags & Backend.SEND_OUTSIDE) != 0 ? OUTSIDE : 0));
        sendAddresses[slot] = address;
        channels.sendRemaining[slot] = length;
        channels.sendTotals[slot] = length;
        submit(slot);
    }

    /** {@link Backend#sendPages}: the first two times a connection does this, and where it has no descriptor, with a copy. */
    void beginPages(int slot, long address, int length, int file, long position) {
        if (!descriptors.keeps(slot)) {
            begin(slot, address, length, FilePace.isLong(length) ? Backend.SEND_MAPPED : Backend.SEND_OUTSIDE);
            return;
        }
        assert channels.isOpen(slot) && !channels.is(slot, SENDING | FILE | CLOSING) && length > 0;
        if (slot >= pageFiles.length) {
            pageFiles = Arrays.copyOf(pageFiles, channels.length());
            pagePositions = Arrays.copyOf(pagePositions, channels.length());
        }
        pageFiles[slot] = file;
        pagePositions[slot] = position;
        channels.sendRemaining[slot] = length;
        channels.sendTotals[slot] = length;
        channels.set(slot, SENDING | PAGES | OUT_OF_TURN);
        ready.add(slot);
    }

    /** The socket takes the pages, as many as it has room for; it is polled for when there is more. */
    private int handOverPages(int slot, Completions completions) {
        long remaining = channels.sendRemaining[slot];
        int length = FilePace.isLong(channels.sendTotals[slot]) ? pace.take(remaining) : (int) remaining;
        if (length == 0) {
            submit(slot);
            return 0;
        }
        long result = Libc.sendfile(descriptors.kept(slot), pageFiles[slot], pagePositions[slot], length);
        if (result == remaining || result <= 0 && result != -Errno.EAGAIN && result != -Errno.EINTR) {
            return sent(slot, (int) result, completions);
        }
        channels.sendRemaining[slot] -= Math.max(0, result);
        pagePositions[slot] += Math.max(0, result);
        if (result == length || result == -Errno.EINTR) {
            submit(slot);
        } else {
            awaitWritable(slot);
        }
        return 0;
    }

    private void submit(int slot) {
        if (channels.is(slot, PAGES)) {
            channels.set(slot, OUT_OF_TURN);
            ready.add(slot);
            return;
        }
        if (channels.is(slot, MAPPED)) {
            sendMapped(slot);
            return;
        }
        // SAFETY: the core lends the memory until sent(), which is reported only after this operation has ended.
        int socket = channels.sockets[slot];
        int length = (int) channels.sendRemaining[slot];
        boolean more = channels.is(slot, SEND_MORE_FLAG);
        if (zeroCopy.takes(length)) {
            channels.set(slot, ZERO_COPY);
            submissions.sendZeroCopy(socket, sendAddresses[slot], length, more,
                    zeroCopy.isRegistered() && !channels.is(slot, OUTSIDE), channels.token(SEND_ZERO_COPY, slot));
        } else if (channels.is(slot, FILE_SENT)) {
            submissions.sendNow(socket, sendAddresses[slot], length, more, channels.token(SEND, slot));
        } else {
            submissions.send(socket, sendAddresses[slot], length, more, channels.token(SEND, slot));
        }
    }

    /** Sends a piece of what is, or was, a file in memory; or tries again in the next turn. */
    private void sendMapped(int slot) {
        int piece = pace.take(channels.sendRemaining[slot]);
        if (piece == 0) {
            channels.set(slot, OUT_OF_TURN);
            ready.add(slot);
            return;
        }
        channels.piece(slot, piece);
        // SAFETY: as in submit.
        submissions.sendNow(channels.sockets[slot], sendAddresses[slot], piece,
                piece < channels.sendRemaining[slot] || channels.is(slot, SEND_MORE_FLAG), channels.token(SEND, slot));
    }

    /** The memory is the kernel's until the last of up to two completions; what the first says is kept until then. */
    int zeroCopySent(int slot, int result, int cqeFlags, Completions completions) {
        if ((cqeFlags & F_MORE) != 0) {
            zeroCopy.taken(slot, result);
            return 0;
        }
        int taken = (cqeFlags & F_NOTIF) != 0 ? zeroCopy.finished(slot, result) : result;
        channels.clear(slot, ZERO_COPY);
        if (zeroCopy.isRefusal(taken) && !channels.is(slot, CLOSING)) {
            zeroCopy.refused();
            submit(slot);
            return 0;
        }
        return sent(slot, taken, completions);
    }

    /** A send has ended: goes on with what it left, or reports the end. */
    int sent(int slot, int result, Completions completions) {
        if (channels.masked(slot, FILE_SENT | CLOSING) == FILE_SENT
                && (result == -Errno.EAGAIN || result > 0 && result < channels.sendRemaining[slot])) {
            channels.sendRemaining[slot] -= Math.max(0, result);
            sendAddresses[slot] += Math.max(0, result);
            if (channels.is(slot, MAPPED) && result == channels.piece(slot)) {
                sendMapped(slot);
                return 0;
            }
            awaitWritable(slot); // not in the send itself: behind a file, that ends on a worker thread of the kernel
            return 0;
        }
        if (result > 0 && result < channels.sendRemaining[slot] && !channels.is(slot, CLOSING)) {
            channels.sendRemaining[slot] -= result;
            sendAddresses[slot] += result;
            counters.rearms.increment();
            submit(slot);
            return 0;
        }
        if ((result == -Errno.EINTR || result == -Errno.EAGAIN) && !channels.is(slot, CLOSING)) {
            counters.rearms.increment();
            submit(slot);
            return 0;
        }
        if (!channels.is(slot, MAPPED) || result != -Errno.EFAULT) {
            failure.ifOurBug(result);
        }
        boolean complete = result == channels.sendRemaining[slot];
        long outcome = complete ? channels.sendTotals[slot] : result < 0 ? result : -Errno.ECANCELED;
        return end(slot, outcome, completions);
    }

    /** A send that was {@link Channels#OUT_OF_TURN} has its turn; or ends, because the channel was closed. */
    int work(int slot, Completions completions) {
        channels.clear(slot, OUT_OF_TURN);
        if (channels.is(slot, CLOSING)) {
            return end(slot, -Errno.ECANCELED, completions);
        }
        if (channels.is(slot, PAGES)) {
            return handOverPages(slot, completions);
        }
        sendMapped(slot);
        return 0;
    }

    /** Polls for room in the socket, of whichever kind the slot's send is. */
    void awaitWritable(int slot) {
        channels.set(slot, POLLING);
        submissions.poll(channels.sockets[slot], POLLOUT, channels.token(WRITABLE, slot));
    }

    /** There is room, or the poll was cancelled. */
    int writable(int slot, Completions completions) {
        channels.clear(slot, POLLING);
        if (!channels.is(slot, SENDING)) {
            ready.add(slot);
        } else if (channels.is(slot, CLOSING)) {
            return end(slot, -Errno.ECANCELED, completions);
        } else {
            submit(slot);
        }
        return 0;
    }

    /** The slot's send, of memory or of a file, has ended: reports it. */
    int end(int slot, long outcome, Completions completions) {
        if (channels.is(slot, FILE)) {
            descriptors.uninstall(slot);
        }
        channels.clear(slot,
                SENDING | SEND_MORE_FLAG | MAPPED | OUTSIDE | PAGES | FILE | POLLING | WITHOUT_BUFFER | OUT_OF_TURN);
        boolean closing = channels.is(slot, CLOSING);
        completions.sent(slot, outcome);
        if (closing) {
            descriptors.closeUnlessBusy(slot);
        }
        return 1;
    }

    /** Ends the operation that the slot's send has in flight. */
    void cancel(int slot) {
        int operation = channels.is(slot, POLLING)
                ? WRITABLE
                : !channels.is(slot, ZERO_COPY) ? SEND : SEND_ZERO_COPY;
        submissions.cancel(channels.token(operation, slot), channels.token(CANCEL, slot));
    }
}
