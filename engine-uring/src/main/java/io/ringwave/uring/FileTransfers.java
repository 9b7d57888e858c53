package io.ringwave.uring;

import static io.ringwave.uring.Channels.CLOSING;
import static io.ringwave.uring.Channels.FILE;
import static io.ringwave.uring.Channels.FILE_BUSY;
import static io.ringwave.uring.Channels.FILE_READING;
import static io.ringwave.uring.Channels.FILE_SENDING;
import static io.ringwave.uring.Channels.FILE_SENT;
import static io.ringwave.uring.Channels.INSTALLING;
import static io.ringwave.uring.Channels.POLLING;
import static io.ringwave.uring.Channels.SENDING;
import static io.ringwave.uring.Channels.WITHOUT_BUFFER;
import static io.ringwave.uring.Operation.CANCEL;
import static io.ringwave.uring.Operation.FILE_READ;
import static io.ringwave.uring.Operation.FILE_SEND;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.spi.Backend;
import io.ringwave.spi.Completions;
import io.ringwave.spi.FileBuffers;
import io.ringwave.spi.FilePace;
import io.ringwave.spi.FilePipe;
import io.ringwave.spi.FileTransfer;
import io.ringwave.spi.SlotQueue;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sends of files that are not in memory of ours, each in the way that was asked for ({@link FileTransfer}), as much in a turn
 * as {@link FilePace} allows. Owns the pipe and the buffers for them. Confined to the loop's thread.
 *
 * <pre>
 *   SENDFILE, SPLICE: (INSTALLING, for a socket without a descriptor) --> a call in each turn --socket full--> POLLING
 *   READ: (WITHOUT_BUFFER) --> FILE_READING --> FILE_SENDING --socket full--> POLLING, and from the beginning
 * </pre>
 *
 * <p>A buffer is held while the disk works, never while a peer does not read. Beside others, READ_PAST_CACHE reads with a
 * descriptor of its own for each send (O_DIRECT): whole blocks, of which the first bytes may have been sent already.
 */
final class FileTransfers implements AutoCloseable {

    /** How many files are read at a time: enough to keep a disk busy; the others wait for their turn. */
    private static final int MAX_READS = 16;
    /** What direct reads are aligned to: no less than any disk's block, and a page. */
    private static final int DIRECT_BYTES = 4096;
    private static final int NO_DESCRIPTOR = -1;
    private static final int F_SETFL = Linux.F_SETFL();
    private static final int NON_BLOCKING = Linux.O_RDWR() | Linux.O_NONBLOCK();
    private static final int BLOCKING = Linux.O_RDWR();

    private final Channels channels;
    private final SubmissionQueue submissions;
    private final Descriptors descriptors;
    private final Sends sends;
    private final FilePace pace;
    private final SlotQueue ready;
    private final BackendFailure failure;
    private final FilePipe pipe = new FilePipe();
    private final FileBuffers fileBuffers = new FileBuffers(MAX_READS);
    private final SlotQueue waitingReads; // for one of these

    // By slot, as long as was needed so far.
    private int[] files = {};
    private long[] filePositions = {};
    private @Nullable FileTransfer[] transfers = {};
    private int[] fileBuffer = {}; // of those that are FILE_BUSY
    private int[] direct = {}; // the file opened for direct reads; NO_DESCRIPTOR if it is not

    /** @param ready the slots that have something to do without a completion */
    FileTransfers(Channels channels, SubmissionQueue submissions, Descriptors descriptors, Sends sends, FilePace pace,
            SlotQueue ready, BackendFailure failure, int slots) {
        this.channels = channels;
        this.submissions = submissions;
        this.descriptors = descriptors;
        this.sends = sends;
        this.pace = pace;
        this.ready = ready;
        this.failure = failure;
        this.waitingReads = new SlotQueue(slots);
    }

    /** {@link Backend#sendFile}. */
    void begin(int slot, int file, long position, long length, FileTransfer how) {
        assert channels.isOpen(slot) && !channels.is(slot, SENDING | FILE | CLOSING) && length > 0;
        channels.set(slot, FILE | FILE_SENT);
        if (!how.isRead() && descriptors.installForFile(slot)) {
            channels.set(slot, INSTALLING);
        } else {
            ready.add(slot);
        }
        if (slot >= files.length) {
            grow();
        }
        files[slot] = file;
        transfers[slot] = how;
        filePositions[slot] = position;
        channels.sendRemaining[slot] = length;
        channels.sendTotals[slot] = length;
    }

    private void grow() {
        int length = channels.length();
        int known = direct.length;
        files = Arrays.copyOf(files, length);
        filePositions = Arrays.copyOf(filePositions, length);
        transfers = Arrays.copyOf(transfers, length);
        fileBuffer = Arrays.copyOf(fileBuffer, length);
        direct = Arrays.copyOf(direct, length);
        Arrays.fill(direct, known, length, NO_DESCRIPTOR);
    }

    /** The channel is closed: a file that only waits for its turn, or for a buffer, ends in the next one. */
    void cancel(int slot) {
        if (channels.is(slot, FILE_READING)) {
            cancelRead(slot);
        } else if (!channels.is(slot, INSTALLING | FILE_SENDING)) {
            ready.add(slot); // reports the end of the send first
        }
    }

    /** Ends a read that is under way. */
    void cancelRead(int slot) {
        submissions.cancel(channels.token(FILE_READ, slot), channels.token(CANCEL, slot));
    }

    /** Whether the slot has a file that goes on without a completion. */
    boolean canWork(int slot) {
        return channels.masked(slot, FILE | POLLING | INSTALLING | FILE_BUSY) == FILE;
    }

    /** Does what the slot's file can do in this turn. */
    int work(int slot, Completions completions) {
        if (channels.is(slot, CLOSING)) {
            return end(slot, -Errno.ECANCELED, completions);
        }
        if (transfers[slot] == FileTransfer.SENDFILE || transfers[slot] == FileTransfer.SPLICE) {
            return sendFileChunk(slot, completions);
        }
        if (!channels.is(slot, WITHOUT_BUFFER)) {
            readFile(slot);
        }
        return 0;
    }

    /** A descriptor for the slot's socket is there, or there is none to be had. */
    int installed(int slot, int result, Completions completions) {
        channels.clear(slot, INSTALLING);
        if (result < 0) {
            return end(slot, channels.is(slot, CLOSING) ? -Errno.ECANCELED : result, completions);
        }
        descriptors.installedForFile(slot, result);
        ready.add(slot);
        return 0;
    }

    /**
     * Sends a chunk with sendfile(2), which blocks unless the descriptor says otherwise. io_uring in turn gives up at
     * once on descriptors that say so, hence the flag is set for the call only; no operation is issued in between. A place
     * in the ring's table has what it was put there with, and the flag of an installed descriptor does not concern it.
     */
    private int sendFileChunk(int slot, Completions completions) {
        int socket = descriptors.forFile(slot);
        int length = pace.take(channels.sendRemaining[slot]);
        if (length == 0) {
            ready.add(slot);
            return 0;
        }
        Libc.fcntl(socket, F_SETFL, NON_BLOCKING);
        long result = transfers[slot] == FileTransfer.SPLICE
                ? pipe.send(socket, files[slot], filePositions[slot], length)
                : Libc.sendfile(socket, files[slot], filePositions[slot], length);
        if (socket == channels.sockets[slot]) {
            Libc.fcntl(socket, F_SETFL, BLOCKING);
        }
        if (result == -Errno.EAGAIN) {
            sends.awaitWritable(slot);
            return 0;
        }
        if (result <= 0 && result != -Errno.EINTR) {
            return end(slot, result == 0 ? -Errno.ENODATA : result, completions);
        }
        return advanceFile(slot, Math.max(0, result), completions);
    }

    /** Bytes of a file were taken: reports the end, or goes on in the next turn. */
    private int advanceFile(int slot, long bytes, Completions completions) {
        filePositions[slot] += bytes;
        channels.sendRemaining[slot] -= bytes;
        if (channels.sendRemaining[slot] == 0) {
            return end(slot, channels.sendTotals[slot], completions);
        }
        ready.add(slot); // the others have their turn first
        return 0;
    }

    private void readFile(int slot) {
        int buffer = fileBuffers.take();
        if (buffer == FileBuffers.NONE) {
            channels.set(slot, WITHOUT_BUFFER);
            waitingReads.add(slot);
            return;
        }
        int skip = skip(slot);
        int length = pace.take(Math.min(channels.sendRemaining[slot], FileBuffers.BYTES - skip));
        if (length == 0) {
            fileBuffers.giveBack(buffer);
            ready.add(slot);
            return;
        }
        fileBuffer[slot] = buffer;
        channels.piece(slot, length);
        channels.set(slot, FILE_READING);
        int file = direct[slot];
        int asked = length;
        if (file == NO_DESCRIPTOR) {
            file = files[slot];
            pace.advise(file);
        } else {
            asked = skip + length + DIRECT_BYTES - 1 & -DIRECT_BYTES;
        }
        // SAFETY: the buffer is this slot's until the operations on it have ended; its size is a multiple of DIRECT_BYTES.
        submissions.read(file, fileBuffers.address(buffer), asked, filePositions[slot] - skip,
                channels.token(FILE_READ, slot));
    }

    /** How many bytes a direct read brings before those that are next to be sent. Opens the file for it, if it should be. */
    private int skip(int slot) {
        if (transfers[slot] == FileTransfer.READ_PAST_CACHE && direct[slot] == NO_DESCRIPTOR && pace.isShared()) {
            int opened = Libc.openDirect(files[slot]);
            if (opened < 0) {
                transfers[slot] = FileTransfer.READ; // not with this file
            } else {
                direct[slot] = opened;
            }
        }
        return direct[slot] == NO_DESCRIPTOR ? 0 : (int) filePositions[slot] & DIRECT_BYTES - 1;
    }

    private void closeDirect(int slot) {
        if (direct[slot] != NO_DESCRIPTOR) {
            Libc.close(direct[slot]);
            direct[slot] = NO_DESCRIPTOR;
        }
    }

    private int end(int slot, long result, Completions completions) {
        closeDirect(slot);
        return sends.end(slot, result, completions);
    }

    /** A read has ended: sends what it brought. */
    int fileRead(int slot, int result, Completions completions) {
        channels.clear(slot, FILE_READING);
        int read = result;
        int skip = 0;
        if (direct[slot] != NO_DESCRIPTOR) {
            if (result == -Errno.EINVAL && !channels.is(slot, CLOSING)) { // aligned not enough for this disk
                closeDirect(slot);
                transfers[slot] = FileTransfer.READ;
                giveBackFileBuffer(slot);
                ready.add(slot);
                return 0;
            }
            skip = skip(slot);
            read = result < 0 ? result : Math.clamp(result - skip, 0, channels.piece(slot));
        }
        if (result == -Errno.EAGAIN && !channels.is(slot, CLOSING)) { // a file that says it cannot wait, and no more
            read = Libc.pread(files[slot], fileBuffers.address(fileBuffer[slot]), channels.piece(slot),
                    filePositions[slot]);
        }
        if (read > 0 && !channels.is(slot, CLOSING)) {
            channels.set(slot, FILE_SENDING);
            channels.piece(slot, read);
            submissions.sendNow(channels.sockets[slot], fileBuffers.address(fileBuffer[slot]) + skip, read,
                    false,
                    channels.token(FILE_SEND, slot));
            return 0;
        }
        giveBackFileBuffer(slot);
        if (channels.is(slot, CLOSING)) {
            return end(slot, -Errno.ECANCELED, completions);
        }
        if (read == -Errno.EINTR || read == -Errno.ECANCELED) {
            ready.add(slot);
            return 0;
        }
        return end(slot, read == 0 ? -Errno.ENODATA : read, completions);
    }

    /** What the socket did not take is read again. */
    int fileSent(int slot, int result, Completions completions) {
        channels.clear(slot, FILE_SENDING);
        boolean full = result < channels.piece(slot);
        giveBackFileBuffer(slot);
        if (channels.is(slot, CLOSING)) {
            return end(slot, -Errno.ECANCELED, completions);
        }
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            sends.awaitWritable(slot);
            return 0;
        }
        if (result <= 0) {
            failure.ifOurBug(result);
            return end(slot, result, completions);
        }
        if (full && result < channels.sendRemaining[slot]) {
            filePositions[slot] += result;
            channels.sendRemaining[slot] -= result;
            sends.awaitWritable(slot);
            return 0;
        }
        return advanceFile(slot, result, completions);
    }

    private void giveBackFileBuffer(int slot) {
        fileBuffers.giveBack(fileBuffer[slot]);
        while (!waitingReads.isEmpty()) {
            int waiting = waitingReads.remove();
            if (channels.is(waiting, WITHOUT_BUFFER)) { // else it was closed meanwhile
                channels.clear(waiting, WITHOUT_BUFFER);
                ready.add(waiting);
                return;
            }
        }
    }

    /** No operation may be under way any more. */
    @Override
    public void close() {
        for (int slot = 0; slot < direct.length; slot++) {
            closeDirect(slot);
        }
        fileBuffers.close();
    }

    /** Closes the pipe, in which nothing waits. */
    void closePipe() {
        pipe.close();
    }
}
