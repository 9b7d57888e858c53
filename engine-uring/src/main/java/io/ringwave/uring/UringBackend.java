package io.ringwave.uring;

import static io.ringwave.uring.Channels.CLOSING;
import static io.ringwave.uring.Channels.CONNECTING;
import static io.ringwave.uring.Channels.DECIDED;
import static io.ringwave.uring.Channels.FILE;
import static io.ringwave.uring.Channels.FILE_READING;
import static io.ringwave.uring.Channels.OUT_OF_TURN;
import static io.ringwave.uring.Channels.POLLING;
import static io.ringwave.uring.Channels.SENDING;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.bindings.uring.Uring;
import io.ringwave.linux.Errno;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.EventFd;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Ring;
import io.ringwave.linux.Sockets;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendFeature;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.Completions;
import io.ringwave.spi.FilePace;
import io.ringwave.spi.FileTransfer;
import io.ringwave.spi.SlotQueue;
import io.ringwave.spi.Token;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * io_uring behind the engine's seam. A turn is one io_uring_enter(2): it submits what the last batch asked for and waits
 * for the next. Everything is confined to the loop's thread, except {@link #wakeup}.
 *
 * <p>This class is the turn, and the beginning and the end of a connection; the parts do the rest: {@link Listener}, {@link
 * Receives}, {@link Sends}, {@link FileTransfers}, {@link Descriptors}. They share {@link Channels}. Per slot, these things
 * go on independently:
 * <pre>
 *   receive:  IDLE --receive()--> ARMED (one multishot operation) --pause()--> CANCELLING --ended--> IDLE
 *                                   |  the kernel may end it at any time: armed again while WANTED
 *                                   +-- no free buffer --> STARVED --release()--> ARMED
 *   send:     IDLE --send()--> SENDING --every byte, or an error--> IDLE
 *                                    a send of mapped memory, or of pages, polls when the socket is full
 *             IDLE --sendFile()--> FILE (tried in each turn; polls when the socket is full) --> IDLE
 *                                    by READ: a buffer, FILE_READING, FILE_SENDING, and again
 *   connect:  connect() --> CONNECTING (one operation, or DECIDED without one) --> connected()
 *   close:    closeChannel() --> CLOSING --send ended--> close submitted --> closed()
 * </pre>
 *
 * <p>This is the picture on Linux 6.0 and newer. Before, an operation that is not multishot is submitted again on each
 * completion; before 5.19 ARMED is a poll, and when it reports bytes, READING a receive into a buffer that is free then
 * ({@link Features}).
 *
 * <p>Where the kernel has direct descriptors, an accepted connection is a place in the ring's {@link FileTable}. What
 * only a descriptor can do (shutdown(2), sendfile(2), getpeername(2)) is done with one that is installed for as long as
 * it takes; neither accepting, receiving, sending nor closing needs one. Who is sent pages keeps one, if there are enough.
 */
final class UringBackend implements Backend {

    private static final Logger LOG = LoggerFactory.getLogger(UringBackend.class);

    private static final int NO_SOCKET = Integer.MAX_VALUE; // no descriptor has this number, and no place in the table
    private static final int F_MORE = Uring.IORING_CQE_F_MORE();
    private static final int POLLIN = Linux.POLLIN();
    private static final int F_DUPFD_CLOEXEC = Linux.F_DUPFD_CLOEXEC();

    /** How long {@link #close} waits for the kernel to end what was in flight. */
    private static final long CLOSE_NANOS = 1_000_000_000;
    /** How many connections {@link #close} cancels before it makes room in the completion queue. */
    private static final int CANCEL_BATCH = 256;

    private final Ring ring;
    private final Features features;
    private final SubmissionQueue submissions;
    private final CompletionQueue completed;
    private final ReceiveBuffers buffers;
    private final EventFd wakeup;
    private final Arena arena = Arena.ofConfined();
    private final BackendCounters counters = new BackendCounters();
    private final RingWait kernel;
    private final @Nullable RingMessages messages; // null: others are woken by their eventfd
    private final List<BackendFeature> report;
    private final int loop;
    private final int ringDescriptor; // other threads may not ask the ring

    private final Channels channels;
    private final BackendFailure failure = new BackendFailure();
    private final SlotQueue ready; // slots that have something to do or to report that needs no completion
    private final FilePace pace = new FilePace();
    private final Connects connects;
    private final Descriptors descriptors;
    private final Listener listener;
    private final Receives receives;
    private final Sends sends;
    private final FileTransfers files;
    private boolean open = true;

    UringBackend(Ring ring, FeatureReport report, BackendResources resources)
            throws BackendException, ErrnoException {
        this.ring = ring;
        this.features = Features.of(ring, report);
        this.submissions = new SubmissionQueue(ring, features.skipSuccess());
        this.completed = new CompletionQueue(ring);
        int slots = resources.maxConnections();
        this.channels = new Channels(slots);
        this.ready = new SlotQueue(slots);
        this.connects = new Connects(submissions, arena);
        this.descriptors = new Descriptors(ring, channels, submissions, completed);
        this.listener = new Listener(submissions, features,
                features.directDescriptors() ? FileTable.register(ring, slots) : null, descriptors, counters, failure,
                slots);
        this.wakeup = EventFd.create();
        this.buffers = features.receiving() == Features.Receiving.POLLED
                ? new FreeBuffers(resources.slab())
                : registerBuffers(resources);
        RingTuning.apply(ring, report);
        this.kernel = new RingWait(ring, report, counters.overflows);
        this.receives = new Receives(channels, submissions, features, buffers, descriptors, pace, ready, counters,
                failure, slots, resources.slab());
        this.sends = new Sends(channels, submissions,
                ZeroCopySends.of(ring, resources.slab(), slots, counters, report), descriptors, pace, ready, counters,
                failure);
        this.files = new FileTransfers(channels, submissions, descriptors, sends, pace, ready, failure, slots);
        this.messages = RingSetup.takesMessages(ring, report)
                ? new RingMessages(submissions, Operation.MESSAGE_SENT, Token.of(Operation.MESSAGE, 0, 0),
                        counters.wakeupMessages)
                : null;
        this.loop = resources.loop();
        this.ringDescriptor = ring.descriptor();
        this.report = report.features();
        armWakeup();
    }

    private BufferRing registerBuffers(BackendResources resources) throws BackendException, ErrnoException {
        try {
            return BufferRing.register(ring, resources.slab());
        } catch (BackendException | ErrnoException e) {
            wakeup.close(); // the file table ends with the ring
            throw e;
        }
    }

    // ---- Accepting

    @Override
    public int listen(InetSocketAddress address, int backlog, boolean sharedPort) {
        return listener.listen(address, backlog, sharedPort);
    }

    @Override
    public int listenOn(int socket) {
        return listener.listenOn(socket);
    }

    @Override
    public int steer(int[] cpus) {
        return listener.steer(cpus);
    }

    @Override
    public void accept() {
        listener.accept();
    }

    @Override
    public void pauseAccept() {
        listener.pause();
    }

    @Override
    public void stopListening() {
        listener.stop();
    }

    @Override
    public void refuse(int number) {
        listener.refuse(number);
    }

    // ---- Channels

    @Override
    public void open(int slot, int generation, int number) {
        begin(slot, generation, listener.claim(number));
    }

    /** An ordinary descriptor, also where accepted connections are direct ones: those live in the ring that accepts. */
    @Override
    public void adopt(int slot, int generation, int socket) {
        begin(slot, generation, socket);
        listener.slotTaken();
    }

    private void begin(int slot, int generation, int socket) {
        int length = channels.grow(slot);
        if (length > 0) {
            sends.grow(length);
        }
        channels.begin(slot, generation, socket);
    }

    @Override
    public void connect(int slot, int generation, SocketAddress address) {
        int socket = Connects.open(address);
        begin(slot, generation, socket < 0 ? NO_SOCKET : socket);
        listener.slotTaken();
        int result = socket < 0 ? socket : connects.begin(socket, address, channels.token(Operation.CONNECT, slot));
        if (result == Connects.UNDER_WAY) {
            channels.set(slot, CONNECTING);
        } else {
            channels.endResult(slot, result);
            channels.set(slot, CONNECTING | DECIDED);
            ready.add(slot);
        }
    }

    @Override
    public void receive(int slot) {
        receives.begin(slot);
    }

    @Override
    public void pause(int slot) {
        receives.pause(slot);
    }

    @Override
    public void send(int slot, long address, int length, int sendFlags) {
        sends.begin(slot, address, length, sendFlags);
    }

    @Override
    public void sendPages(int slot, long address, int length, int file, long position) {
        sends.beginPages(slot, address, length, file, position);
    }

    @Override
    public void sendFile(int slot, int file, long position, long length, FileTransfer how) {
        files.begin(slot, file, position, length, how);
    }

    @Override
    public long outstanding(int slot) {
        assert channels.isOpen(slot);
        long notTaken = channels.is(slot, SENDING | FILE) ? channels.sendRemaining[slot] : 0;
        int descriptor = descriptors.atOnce(slot);
        return notTaken + (descriptor < 0 ? 0 : Math.max(0, Libc.unacknowledged(descriptor)));
    }

    @Override
    public void finishSending(int slot) {
        descriptors.finishSending(slot);
    }

    @Override
    public void release(int buffer) {
        receives.release(buffer);
    }

    @Override
    public void closeChannel(int slot) {
        assert channels.isOpen(slot);
        if (channels.is(slot, CLOSING)) {
            return;
        }
        channels.set(slot, CLOSING);
        receives.end(slot);
        if (channels.masked(slot, CONNECTING | DECIDED) == CONNECTING) {
            cancelConnect(slot);
        } else if (channels.is(slot, SENDING | POLLING)) {
            descriptors.endConnection(slot);
            if (!channels.is(slot, OUT_OF_TURN)) { // else it is ready anyway, and ends then
                sends.cancel(slot);
            }
        } else if (channels.is(slot, FILE)) {
            files.cancel(slot);
        } else {
            descriptors.closeUnlessBusy(slot);
        }
    }

    private void cancelConnect(int slot) {
        submissions.cancel(channels.token(Operation.CONNECT, slot), channels.token(Operation.CANCEL, slot));
    }

    // ---- The turn

    @Override
    public int submitAndAwait(long timeoutNanos, Completions completions) {
        pace.turn();
        int reported = workReady(completions);
        counters.receiveBuffersFree.set(receives.publishBuffers());
        counters.operationsInFlight.set(submissions.inFlight());
        boolean mayWait = reported == 0 && ready.size() == 0 && completed.refresh() == 0;
        int result = enter(mayWait ? timeoutNanos : 0);
        if (result < 0) {
            return result;
        }
        reported += reap(completions);
        if (reported == 0 && receives.isReading()) { // there is something to report: these end as they are submitted
            result = enter(0);
            if (result < 0) {
                return result;
            }
            reported += reap(completions);
        }
        return failure.result() < 0 ? failure.result() : reported;
    }

    @Override
    public void wakeup() {
        wakeup.signal();
    }

    @Override
    public void wakeupFrom(Backend caller) {
        if (!(caller instanceof UringBackend other && other.messages != null && messages != null
                && other.messages.send(this))) {
            wakeup();
        }
    }

    /** The number of its loop. */
    int loop() {
        return loop;
    }

    /** A descriptor of its ring for another loop, which closes it; {@code -errno} if there is none. Any thread. */
    int duplicateRing() {
        synchronized (wakeup) { // close() may not close the ring in between
            return open ? Libc.fcntl(ringDescriptor, F_DUPFD_CLOEXEC, 0) : -Errno.EBADF;
        }
    }

    @Override
    public List<BackendFeature> features() {
        return report;
    }

    @Override
    public BackendCounters counters() {
        return counters;
    }

    private int enter(long timeoutNanos) {
        counters.waits.increment();
        counters.submissions.add(submissions.takeWritten());
        return kernel.enter(submissions.publish(), timeoutNanos);
    }

    private int reap(Completions completions) {
        int reported = 0;
        for (int left = completed.refresh(); left > 0 && completed.next(); left--) {
            reported += complete(completed.token(), completed.result(), completed.flags(), completions);
        }
        completed.advance();
        counters.completions.add(reported);
        return reported;
    }

    /** Returns how many completions were reported. */
    private int complete(long token, int result, int cqeFlags, Completions completions) {
        int operation = Token.operation(token);
        if ((cqeFlags & F_MORE) == 0) {
            submissions.ended(operation);
        }
        int slot = Token.slot(token);
        return switch (operation) {
            case Operation.RECEIVE -> receives.received(token, slot, result, cqeFlags, completions);
            case Operation.READABLE -> receives.readable(token, slot, result, completions);
            case Operation.READ -> receives.read(slot, result, completions);
            case Operation.SEND -> sends.sent(slot, result, completions);
            case Operation.ACCEPT -> listener.accepted(result, cqeFlags, completions);
            case Operation.WRITABLE -> sends.writable(slot, completions);
            case Operation.CONNECT -> connected(slot, result, completions);
            case Operation.CLOSE -> closed(slot, completions);
            case Operation.WAKEUP -> woken(cqeFlags);
            case Operation.CANCEL -> 0; // there was nothing to cancel any more, or the kernel reports success as well
            case Operation.CLOSE_UNREPORTED -> closedUnreported(slot);
            case Operation.INSTALL_FOR_FIN -> descriptors.installedForFin(slot, result);
            case Operation.INSTALL_FOR_FILE -> files.installed(slot, result, completions);
            case Operation.INSTALL_AT_ONCE -> descriptors.installedAtOnce(result);
            case Operation.INSTALL_TO_KEEP -> descriptors.installedToKeep(token, slot, result);
            case Operation.FILE_READ -> files.fileRead(slot, result, completions);
            case Operation.FILE_SEND -> files.fileSent(slot, result, completions);
            case Operation.SHUTDOWN -> descriptors.finished(slot);
            case Operation.INSTALL_FOR_END -> descriptors.installedForEnd(result);
            case Operation.SEND_ZERO_COPY -> sends.zeroCopySent(slot, result, cqeFlags, completions);
            case Operation.MESSAGE -> 0; // it has ended the wait, which is all it is for
            case Operation.MESSAGE_SENT -> messageSent(slot, result);
            default -> throw new AssertionError("a completion of an unknown operation: " + operation);
        };
    }

    // ---- Connecting

    private int connected(int slot, int result, Completions completions) {
        channels.clear(slot, CONNECTING | DECIDED);
        if (channels.is(slot, CLOSING)) {
            descriptors.closeUnlessBusy(slot);
            return 0;
        }
        completions.connected(slot, Connects.refusedIfFull(result));
        return 1;
    }

    // ---- Ready slots

    private int workReady(Completions completions) {
        int reported = 0;
        for (int tries = ready.size(); tries > 0; tries--) {
            reported += workReady(ready.remove(), completions);
        }
        counters.completions.add(reported);
        return reported;
    }

    private int workReady(int slot, Completions completions) {
        int reported = 0;
        int generation = channels.generations[slot];
        if (channels.masked(slot, CONNECTING | DECIDED | CLOSING) == (CONNECTING | DECIDED)) {
            reported += connected(slot, channels.endResult(slot), completions);
        }
        if (files.canWork(slot)) {
            reported += files.work(slot, completions);
        } else if (channels.is(slot, OUT_OF_TURN)) {
            reported += sends.work(slot, completions);
        }
        reported += receives.work(slot, completions);
        assert generation == channels.generations[slot] : "a slot was opened again before it was closed";
        return reported;
    }

    // ---- Closing

    private int closed(int slot, Completions completions) {
        channels.end(slot);
        listener.slotsFree(1);
        completions.closed(slot);
        listener.acceptIfWanted();
        return 1;
    }

    private int closedUnreported(int wasTaken) {
        listener.slotsFree(wasTaken);
        listener.acceptIfWanted();
        return 0;
    }

    @Override
    public @Nullable SocketAddress remoteAddress(int slot) {
        assert channels.isOpen(slot);
        int descriptor = descriptors.atOnce(slot);
        return descriptor < 0 ? null : Sockets.remoteAddress(descriptor);
    }

    @Override
    public void close() {
        synchronized (wakeup) { // so that nobody duplicates the ring from here on
            if (!open) {
                return;
            }
            open = false;
        }
        cancelAll();
        long deadline = System.nanoTime() + CLOSE_NANOS;
        for (int slot = 0; slot < channels.length(); slot++) {
            if (channels.isOpen(slot)) {
                descriptors.endConnection(slot);
            }
        }
        while (submissions.inFlight() > 0 && System.nanoTime() < deadline && enter(CLOSE_NANOS / 100) == 0) {
            awaitOperations();
        }
        if (submissions.inFlight() > 0) {
            LOG.error("{} operations did not end within {} ms of closing the ring", submissions.inFlight(),
                    CLOSE_NANOS / 1_000_000);
        }
        boolean quiet = submissions.inFlight() == 0;
        for (int slot = 0; slot < channels.length(); slot++) {
            if (channels.isOpen(slot)) {
                channels.end(slot);
                descriptors.closeNow(slot);
            }
        }
        listener.close();
        if (messages != null) {
            messages.close();
        }
        ring.close();
        wakeup.close();
        files.closePipe();
        kernel.close();
        arena.close();
        if (!quiet) {
            throw new IllegalStateException("operations are still under way in the kernel");
        }
        buffers.close();
        files.close();
    }

    private void cancelAll() {
        if (features.cancelAny()) {
            submissions.cancelAll(Token.of(Operation.CANCEL, 0, 0));
            return;
        }
        submissions.cancel(Token.of(Operation.WAKEUP, 0, 0), Token.of(Operation.CANCEL, 0, 0));
        submissions.cancel(Token.of(Operation.ACCEPT, 0, 0), Token.of(Operation.CANCEL, 0, 0));
        for (int slot = 0; slot < channels.length(); slot++) {
            receives.cancel(slot);
            if (channels.is(slot, SENDING | POLLING)) {
                sends.cancel(slot);
            } else if (channels.is(slot, FILE_READING)) {
                files.cancelRead(slot);
            } else if (channels.masked(slot, CONNECTING | DECIDED) == CONNECTING) {
                cancelConnect(slot);
            }
            if (slot % CANCEL_BATCH == CANCEL_BATCH - 1) {
                enter(0);
                awaitOperations();
            }
        }
    }

    /** At the end completions matter only in so far as operations have ended. */
    private void awaitOperations() {
        completed.refresh();
        while (completed.next()) {
            int operation = Token.operation(completed.token());
            if ((completed.flags() & F_MORE) == 0) {
                submissions.ended(operation);
            }
            boolean isDescriptor = switch (operation) {
                case Operation.ACCEPT -> listener.acceptsDescriptors();
                case Operation.INSTALL_FOR_FIN, Operation.INSTALL_FOR_FILE -> true;
                case Operation.INSTALL_AT_ONCE, Operation.INSTALL_FOR_END, Operation.INSTALL_TO_KEEP -> true;
                default -> false;
            };
            if (operation == Operation.CLOSE) {
                channels.end(Token.slot(completed.token()));
            } else if (isDescriptor && completed.result() >= 0) {
                if (operation == Operation.INSTALL_FOR_END) {
                    Descriptors.disconnect(completed.result());
                }
                Libc.close(completed.result());
            }
        }
        completed.advance();
    }

    // ---- Waking

    private void armWakeup() {
        if (features.multishotPoll()) {
            submissions.pollMultishot(wakeup.descriptor(), POLLIN, Token.of(Operation.WAKEUP, 0, 0));
        } else {
            submissions.poll(wakeup.descriptor(), POLLIN, Token.of(Operation.WAKEUP, 0, 0));
        }
    }

    private int messageSent(int target, int result) {
        if (messages != null) {
            messages.reported(target, result);
        }
        return 0;
    }

    private int woken(int cqeFlags) {
        wakeup.drain();
        if ((cqeFlags & F_MORE) == 0) {
            counters.rearms.increment();
            armWakeup();
        }
        return 0;
    }
}
