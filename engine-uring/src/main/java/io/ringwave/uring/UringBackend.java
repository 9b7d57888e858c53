package io.ringwave.uring;

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
import io.ringwave.spi.FileBuffers;
import io.ringwave.spi.FilePace;
import io.ringwave.spi.FilePipe;
import io.ringwave.spi.FileTransfer;
import io.ringwave.spi.SlotQueue;
import io.ringwave.spi.SlotTables;
import io.ringwave.spi.Token;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * io_uring behind the engine's seam. A turn is one io_uring_enter(2): it submits what the last batch asked for and waits
 * for the next. Everything is confined to the loop's thread, except {@link #wakeup}.
 *
 * <p>Per slot, these things go on independently, each in flat arrays:
 * <pre>
 *   receive:  IDLE --receive()--> ARMED (one multishot operation) --pause()--> CANCELLING --ended--> IDLE
 *                                   |  the kernel may end it at any time: armed again while WANTED
 *                                   +-- no free buffer --> STARVED --release()--> ARMED
 *   send:     IDLE --send()--> SENDING --every byte, or an error--> IDLE
 *                                    a send of mapped memory polls when the socket is full
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
 * it takes; neither accepting, receiving, sending nor closing needs one.
 *
 * <p>What the kernel had received before a pause took effect is held back, in order, until {@link #receive}.
 */
final class UringBackend implements Backend {

    private static final Logger LOG = LoggerFactory.getLogger(UringBackend.class);

    // Operations in tokens.
    private static final int ACCEPT = 1;
    private static final int RECEIVE = 2;
    private static final int SEND = 3;
    private static final int WRITABLE = 4;
    private static final int CLOSE = 5;
    private static final int WAKEUP = 7;
    private static final int CLOSE_UNREPORTED = 8; // of something that has no slot, or has one still
    private static final int READABLE = 9;
    private static final int READ = 10;
    private static final int INSTALL_FOR_FIN = 11;
    private static final int INSTALL_FOR_FILE = 12;
    private static final int INSTALL_AT_ONCE = 13;
    private static final int SHUTDOWN = 14;
    private static final int SEND_ZERO_COPY = 15;
    private static final int CONNECT = 16;
    private static final int INSTALL_FOR_END = 17;
    private static final int FILE_READ = 18;
    private static final int FILE_SEND = 19;
    // From here on: not counted among the operations in flight, for they may end without a completion.
    private static final int UNCOUNTED = 20;
    private static final int CANCEL = 20;
    private static final int MESSAGE = 21; // another ring has woken this one
    private static final int MESSAGE_SENT = 22;

    // Flags per slot.
    private static final int OPEN = 1;
    private static final int WANTED = 1 << 1;
    private static final int ARMED = 1 << 2;
    private static final int CANCELLING = 1 << 3;
    private static final int STARVED = 1 << 4;
    private static final int ENDED = 1 << 5; // the stream has ended, reported or held
    private static final int HELD_END = 1 << 6; // the end is held back
    private static final int SENDING = 1 << 7;
    private static final int SEND_MORE_FLAG = 1 << 8;
    private static final int FILE = 1 << 9;
    private static final int POLLING = 1 << 10;
    private static final int CLOSING = 1 << 11;
    private static final int READING = 1 << 12; // besides ARMED; ends by itself, and the socket stays open until then
    private static final int FINISHING = 1 << 13; // sends FIN as soon as a descriptor is installed
    private static final int INSTALLING = 1 << 14; // besides FILE: waits for a descriptor
    private static final int ZERO_COPY = 1 << 15; // besides SENDING
    private static final int CONNECTING = 1 << 16; // an operation is in flight, unless DECIDED
    private static final int DECIDED = 1 << 17; // without an operation; the outcome is in endResults

    private static final int MAPPED = 1 << 18; // besides SENDING
    private static final int FILE_READING = 1 << 19; // besides FILE: an operation fills the slot's file buffer
    private static final int FILE_SENDING = 1 << 20; // besides FILE: an operation empties it
    private static final int FILE_BUSY = FILE_READING | FILE_SENDING;
    private static final int WITHOUT_BUFFER = 1 << 21; // besides FILE: waits for a file buffer

    private static final int FILE_SENT = 1 << 22; // was, at some time: what follows finds the socket full
    private static final int OUT_OF_TURN = 1 << 23; // besides SENDING, MAPPED: sends nothing more in this turn

    private static final int NONE = -1;
    private static final int NO_SOCKET = Integer.MAX_VALUE; // no descriptor has this number, and no place in the table
    private static final int F_MORE = Uring.IORING_CQE_F_MORE();
    private static final int F_NOTIF = Uring.IORING_CQE_F_NOTIF();
    private static final int F_BUFFER = Uring.IORING_CQE_F_BUFFER();
    private static final int BUFFER_SHIFT = Uring.IORING_CQE_BUFFER_SHIFT();
    private static final int POLLIN = Linux.POLLIN();
    private static final int POLLOUT = Linux.POLLOUT();
    private static final int POLLRDHUP = Linux.POLLRDHUP();
    private static final int F_DUPFD_CLOEXEC = Linux.F_DUPFD_CLOEXEC();
    private static final int F_SETFL = Linux.F_SETFL();
    private static final int NON_BLOCKING = Linux.O_RDWR() | Linux.O_NONBLOCK();
    private static final int BLOCKING = Linux.O_RDWR();

    /** How many files are read at a time: enough to keep a disk busy; the others wait for their turn. */
    private static final int MAX_READS = 16;
    /** How long {@link #close} waits for the kernel to end what was in flight. */
    private static final long CLOSE_NANOS = 1_000_000_000;
    /** The last part of the slots: see {@link #accept}. */
    private static final int SCARCE_SHARE = 64;
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
    private final ZeroCopySends zeroCopy;
    private final @Nullable RingMessages messages; // null: others are woken by their eventfd
    private final List<BackendFeature> report;
    private final int loop;
    private final int ringDescriptor; // other threads may not ask the ring

    private int listener = NONE;
    private boolean acceptWanted;
    private boolean acceptArmed;
    private boolean acceptIsMultishot; // the one that is armed
    private final BitSet unclaimed = new BitSet(); // numbers that were reported, and neither opened nor refused yet
    private int taken; // how many of the slots' number are in use: opened, unclaimed, or being refused
    private final int scarce; // with so few left, connections are accepted one by one

    private final @Nullable FileTable fileTable;
    private final int slots;

    // By slot, as long as slots were used so far.
    private int[] sockets; // descriptors, or places in the file table
    private int[] installed; // the descriptor that stands in for a place, while a file is sent
    private int[] generations;
    private int[] flags;
    private long[] sendAddresses;
    private long[] sendRemaining;
    private long[] sendTotals;
    private int[] files;
    private long[] filePositions;
    private @Nullable FileTransfer[] transfers;
    private int[] fileBuffer; // of those that are FILE_BUSY
    private int[] pieces; // how many bytes of the file, or of memory, the operation in flight has
    private int[] endResults;
    private int[] readBuffers; // of those that are READING

    private final Connects connects;
    private final HeldChunks held;

    private final FilePace pace = new FilePace();
    private final FilePipe pipe = new FilePipe();
    private final FileBuffers fileBuffers = new FileBuffers(MAX_READS);
    private final SlotQueue waitingReads; // for one of these

    private final SlotQueue starved; // wait for a free buffer
    private final SlotQueue ready; // have something to do or to report that needs no completion
    private int failure; // -errno that ends this backend; 0 while it is well
    private int operations; // in flight: completions without F_MORE that are still to come
    private int requestsAtOnce; // how many there were, to tell them apart
    private int reading; // how many slots are READING
    private boolean open = true;

    UringBackend(Ring ring, FeatureReport report, BackendResources resources)
            throws BackendException, ErrnoException {
        this.ring = ring;
        this.features = Features.of(ring, report);
        this.submissions = new SubmissionQueue(ring, features.skipSuccess());
        this.completed = new CompletionQueue(ring);
        this.slots = resources.maxConnections();
        this.scarce = Math.max(1, slots / SCARCE_SHARE);
        int length = SlotTables.first(slots);
        this.sockets = new int[length];
        this.installed = new int[length];
        Arrays.fill(installed, NONE);
        this.generations = new int[length];
        this.flags = new int[length];
        this.sendAddresses = new long[length];
        this.sendRemaining = new long[length];
        this.sendTotals = new long[length];
        this.files = new int[length];
        this.filePositions = new long[length];
        this.transfers = new FileTransfer[length];
        this.fileBuffer = new int[length];
        this.pieces = new int[length];
        this.endResults = new int[length];
        this.readBuffers = new int[length];
        this.connects = new Connects(submissions, arena);
        this.held = new HeldChunks(length, resources.slab().receiveBuffers());
        this.waitingReads = new SlotQueue(slots);
        this.starved = new SlotQueue(slots);
        this.ready = new SlotQueue(slots);
        this.fileTable = features.directDescriptors() ? FileTable.register(ring, slots) : null;
        this.wakeup = EventFd.create();
        this.buffers = features.receiving() == Features.Receiving.POLLED
                ? new FreeBuffers(resources.slab())
                : registerBuffers(resources);
        RingTuning.apply(ring, report);
        this.kernel = new RingWait(ring, report, counters.overflows);
        this.zeroCopy = ZeroCopySends.of(ring, resources.slab(), slots, counters, report);
        this.messages = RingSetup.takesMessages(ring, report)
                ? new RingMessages(submissions, MESSAGE_SENT, Token.of(MESSAGE, 0, 0), counters.wakeupMessages)
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
        assert listener == NONE;
        int result = Sockets.listen(address, backlog, sharedPort, false); // O_NONBLOCK would end the accept at once
        if (result < 0) {
            return result;
        }
        listener = result;
        return Sockets.port(listener);
    }

    @Override
    public int listenOn(int socket) {
        assert listener == NONE;
        listener = socket;
        return Sockets.nonBlocking(socket, false);
    }

    @Override
    public int steer(int[] cpus) {
        assert listener != NONE;
        return Sockets.steer(listener, cpus);
    }

    /**
     * A multishot accept takes everyone who waits, also those for whom there is no place: they would have to be refused.
     * With few places left they are therefore accepted one at a time, and the rest stays in the accept queue.
     */
    @Override
    public void accept() {
        acceptWanted = true;
        int left = slots - taken;
        if (acceptArmed || listener == NONE || left <= 0) { // none is left: goes on when one closes
            return;
        }
        acceptArmed = true;
        acceptIsMultishot = features.multishotAccept() && left > scarce;
        operations++;
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

    @Override
    public void pauseAccept() {
        acceptWanted = false;
        if (acceptArmed) {
            submissions.cancel(Token.of(ACCEPT, 0, 0), Token.of(CANCEL, 0, 0));
        }
    }

    @Override
    public void stopListening() {
        pauseAccept();
        if (listener != NONE) {
            closeUnreported(listener, 0); // behind an accept that is not submitted yet
            listener = NONE;
        }
    }

    @Override
    public void refuse(int number) {
        unclaimed.clear(number);
        closeUnreported(socket(number), 1);
    }

    /** The socket that was reported with a number: reports are not negative. */
    private int socket(int number) {
        return fileTable != null ? FileTable.socket(number) : number;
    }

    /** Closes what the core does not wait for. */
    private void closeUnreported(int socket, int takenUntilThen) {
        operations++;
        submissions.close(socket, Token.of(CLOSE_UNREPORTED, 0, takenUntilThen));
    }

    // ---- Channels

    @Override
    public void open(int slot, int generation, int number) {
        unclaimed.clear(number);
        begin(slot, generation, socket(number));
    }

    /** An ordinary descriptor, also where accepted connections are direct ones: those live in the ring that accepts. */
    @Override
    public void adopt(int slot, int generation, int socket) {
        begin(slot, generation, socket);
        taken++;
    }

    private void begin(int slot, int generation, int socket) {
        if (slot >= flags.length) {
            grow(SlotTables.grown(flags.length, slot, slots));
        }
        assert flags[slot] == 0 : "slot " + slot + " is in use";
        sockets[slot] = socket;
        generations[slot] = generation;
        flags[slot] = OPEN;
    }

    private void grow(int length) {
        int before = flags.length;
        sockets = Arrays.copyOf(sockets, length);
        installed = Arrays.copyOf(installed, length);
        generations = Arrays.copyOf(generations, length);
        flags = Arrays.copyOf(flags, length);
        sendAddresses = Arrays.copyOf(sendAddresses, length);
        sendRemaining = Arrays.copyOf(sendRemaining, length);
        sendTotals = Arrays.copyOf(sendTotals, length);
        files = Arrays.copyOf(files, length);
        filePositions = Arrays.copyOf(filePositions, length);
        transfers = Arrays.copyOf(transfers, length);
        fileBuffer = Arrays.copyOf(fileBuffer, length);
        pieces = Arrays.copyOf(pieces, length);
        endResults = Arrays.copyOf(endResults, length);
        readBuffers = Arrays.copyOf(readBuffers, length);
        Arrays.fill(installed, before, length, NONE);
        held.grow(length);
    }

    @Override
    public void connect(int slot, int generation, SocketAddress address) {
        int socket = Connects.open(address);
        begin(slot, generation, socket < 0 ? NO_SOCKET : socket);
        taken++;
        int result = socket < 0 ? socket : connects.begin(socket, address, token(CONNECT, slot));
        if (result == Connects.UNDER_WAY) {
            operations++;
            flags[slot] |= CONNECTING;
        } else {
            endResults[slot] = result;
            flags[slot] |= CONNECTING | DECIDED;
            ready.add(slot);
        }
    }

    @Override
    public void receive(int slot) {
        assert isOpen(slot);
        if ((flags[slot] & (WANTED | CLOSING)) != 0) {
            return;
        }
        flags[slot] |= WANTED;
        if (!held.isEmpty(slot) || (flags[slot] & HELD_END) != 0) {
            ready.add(slot); // reported in the next turn, before anything newer
        } else if ((flags[slot] & (ARMED | ENDED | STARVED)) == 0) {
            armReceive(slot);
        }
    }

    @Override
    public void pause(int slot) {
        assert isOpen(slot);
        if ((flags[slot] & WANTED) == 0) {
            return;
        }
        flags[slot] &= ~WANTED;
        cancelReceive(slot);
    }

    @Override
    public void send(int slot, long address, int length, int sendFlags) {
        assert isOpen(slot) && (flags[slot] & (SENDING | FILE | CLOSING)) == 0 && length > 0;
        flags[slot] |= SENDING | ((sendFlags & SEND_MORE) != 0 ? SEND_MORE_FLAG : 0)
                | ((sendFlags & SEND_MAPPED) != 0 ? MAPPED | FILE_SENT : 0);
        sendAddresses[slot] = address;
        sendRemaining[slot] = length;
        sendTotals[slot] = length;
        submitSend(slot);
    }

    @Override
    public void sendFile(int slot, int file, long position, long length, FileTransfer how) {
        assert isOpen(slot) && (flags[slot] & (SENDING | FILE | CLOSING)) == 0 && length > 0;
        flags[slot] |= FILE | FILE_SENT;
        if (how != FileTransfer.READ && FileTable.isPlace(sockets[slot])) {
            flags[slot] |= INSTALLING;
            operations++;
            submissions.install(sockets[slot], token(INSTALL_FOR_FILE, slot));
        } else {
            ready.add(slot);
        }
        files[slot] = file;
        transfers[slot] = how;
        filePositions[slot] = position;
        sendRemaining[slot] = length;
        sendTotals[slot] = length;
    }

    @Override
    public long outstanding(int slot) {
        assert isOpen(slot);
        long notTaken = (flags[slot] & (SENDING | FILE)) != 0 ? sendRemaining[slot] : 0;
        int descriptor = descriptorAtOnce(slot);
        return notTaken + (descriptor < 0 ? 0 : Math.max(0, Libc.unacknowledged(descriptor)));
    }

    @Override
    public void finishSending(int slot) {
        assert isOpen(slot) && (flags[slot] & (SENDING | FILE | FINISHING)) == 0;
        if (FileTable.isPlace(sockets[slot])) {
            flags[slot] |= FINISHING;
            operations++;
            submissions.install(sockets[slot], token(INSTALL_FOR_FIN, slot));
        } else {
            Libc.shutdown(sockets[slot], Linux.SHUT_WR()); // fails only where the peer is gone, which receiving reports
        }
    }

    @Override
    public void release(int buffer) {
        buffers.add(buffer);
    }

    @Override
    public void closeChannel(int slot) {
        assert isOpen(slot);
        if ((flags[slot] & CLOSING) != 0) {
            return;
        }
        flags[slot] = flags[slot] & ~(WANTED | STARVED | HELD_END) | CLOSING;
        dropHeld(slot);
        cancelReceive(slot);
        if ((flags[slot] & (CONNECTING | DECIDED)) == CONNECTING) {
            submissions.cancel(token(CONNECT, slot), token(CANCEL, slot));
        } else if ((flags[slot] & (SENDING | POLLING)) != 0) {
            endConnection(slot);
            if ((flags[slot] & OUT_OF_TURN) == 0) { // else it is ready anyway, and ends then
                cancelSend(slot);
            }
        } else if ((flags[slot] & FILE) != 0) {
            if ((flags[slot] & FILE_READING) != 0) {
                submissions.cancel(token(FILE_READ, slot), token(CANCEL, slot));
            } else if ((flags[slot] & (INSTALLING | FILE_SENDING)) == 0) {
                ready.add(slot); // reports the end of the send first
            }
        } else {
            closeUnlessBusy(slot);
        }
    }

    // ---- The turn

    @Override
    public int submitAndAwait(long timeoutNanos, Completions completions) {
        pace.turn();
        int reported = workReady(completions);
        int freeBuffers = buffers.publish();
        counters.receiveBuffersFree.set(freeBuffers);
        counters.operationsInFlight.set(operations);
        rearmStarved(freeBuffers);
        boolean mayWait = reported == 0 && ready.size() == 0 && completed.refresh() == 0;
        int result = enter(mayWait ? timeoutNanos : 0);
        if (result < 0) {
            return result;
        }
        reported += reap(completions);
        if (reported == 0 && reading > 0) { // there is something to report: these end as they are submitted
            result = enter(0);
            if (result < 0) {
                return result;
            }
            reported += reap(completions);
        }
        return failure < 0 ? failure : reported;
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
        if (operation < UNCOUNTED && (cqeFlags & F_MORE) == 0) {
            operations--;
        }
        int slot = Token.slot(token);
        return switch (operation) {
            case RECEIVE -> received(token, slot, result, cqeFlags, completions);
            case READABLE -> readable(token, slot, result, completions);
            case READ -> read(slot, result, completions);
            case SEND -> sent(slot, result, completions);
            case ACCEPT -> accepted(result, cqeFlags, completions);
            case WRITABLE -> writable(slot, completions);
            case CONNECT -> connected(slot, result, completions);
            case CLOSE -> closed(slot, completions);
            case WAKEUP -> woken(cqeFlags);
            case CANCEL -> 0; // there was nothing to cancel any more, or the kernel reports success as well
            case CLOSE_UNREPORTED -> closedUnreported(slot);
            case INSTALL_FOR_FIN -> installedForFin(slot, result);
            case INSTALL_FOR_FILE -> installedForFile(slot, result, completions);
            case INSTALL_AT_ONCE -> installedAtOnce(result);
            case FILE_READ -> fileRead(slot, result, completions);
            case FILE_SEND -> fileSent(slot, result, completions);
            case SHUTDOWN -> finished(slot);
            case INSTALL_FOR_END -> installedForEnd(result);
            case SEND_ZERO_COPY -> zeroCopySent(slot, result, cqeFlags, completions);
            case MESSAGE -> 0; // it has ended the wait, which is all it is for
            case MESSAGE_SENT -> messageSent(slot, result);
            default -> throw new AssertionError("a completion of an unknown operation: " + operation);
        };
    }

    private int accepted(int result, int cqeFlags, Completions completions) {
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
            endBackendIfOurBug(result);
            acceptWanted = false;
            completions.accepted(result);
            return 1;
        }
        acceptIfWanted();
        return result >= 0 ? 1 : 0;
    }

    private void acceptIfWanted() {
        if (acceptWanted && !acceptArmed) {
            counters.rearms.increment();
            accept();
        }
    }

    /** Whether accepting again at once is pointless; other errors are the one connection's (accept(2)). */
    private static boolean isPressureOrBug(int errno) {
        return switch (Errno.kind(errno)) {
            case PRESSURE, BUG, OTHER -> true;
            case EXPECTED -> false;
        };
    }

    // ---- Connecting

    private int connected(int slot, int result, Completions completions) {
        flags[slot] &= ~(CONNECTING | DECIDED);
        if ((flags[slot] & CLOSING) != 0) {
            closeUnlessBusy(slot);
            return 0;
        }
        completions.connected(slot, Connects.refusedIfFull(result));
        return 1;
    }

    // ---- Receiving

    private void armReceive(int slot) {
        flags[slot] |= ARMED;
        operations++;
        switch (features.receiving()) {
            case MULTISHOT -> submissions.receiveMultishot(sockets[slot], BufferRing.GROUP, token(RECEIVE, slot));
            case ONE_SHOT -> submissions.receiveProvided(sockets[slot], BufferRing.GROUP, token(RECEIVE, slot));
            case POLLED -> submissions.poll(sockets[slot], POLLIN | POLLRDHUP, token(READABLE, slot));
        }
    }

    private void cancelReceive(int slot) {
        if ((flags[slot] & (ARMED | CANCELLING | READING)) == ARMED) {
            flags[slot] |= CANCELLING;
            int operation = features.receiving() == Features.Receiving.POLLED ? READABLE : RECEIVE;
            submissions.cancel(token(operation, slot), token(CANCEL, slot));
        }
    }

    private int received(long token, int slot, int result, int cqeFlags, Completions completions) {
        int buffer = NONE;
        if ((cqeFlags & F_BUFFER) != 0) {
            buffer = cqeFlags >>> BUFFER_SHIFT;
            ((BufferRing) buffers).taken();
        }
        if (Token.generation(token) != generations[slot] || (flags[slot] & OPEN) == 0) {
            counters.staleReports.increment();
            recycle(buffer);
            return 0;
        }
        if ((cqeFlags & F_MORE) == 0) {
            flags[slot] &= ~(ARMED | CANCELLING);
        }
        if ((flags[slot] & CLOSING) != 0) {
            recycle(buffer);
            return 0;
        }
        return deliver(slot, buffer, result, completions);
    }

    /** A poll has ended: reads into a free buffer, if bytes or an end are there. */
    private int readable(long token, int slot, int result, Completions completions) {
        if (Token.generation(token) != generations[slot] || (flags[slot] & OPEN) == 0) {
            counters.staleReports.increment();
            return 0;
        }
        flags[slot] &= ~(ARMED | CANCELLING);
        if ((flags[slot] & CLOSING) != 0) {
            return 0;
        }
        if (result < 0) {
            return deliver(slot, NONE, result, completions);
        }
        if ((flags[slot] & WANTED) == 0) {
            return 0;
        }
        FreeBuffers free = (FreeBuffers) buffers;
        int buffer = free.take();
        if (buffer == NONE) {
            return deliver(slot, NONE, -Errno.ENOBUFS, completions);
        }
        flags[slot] |= ARMED | READING;
        readBuffers[slot] = buffer;
        reading++;
        operations++;
        // SAFETY: the slab outlives the ring, and the buffer is not handed out until this operation has ended.
        submissions.receiveNow(sockets[slot], free.address(buffer), free.bufferBytes(), token(READ, slot));
        return 0;
    }

    /** Never late: a slot that is READING is not closed. */
    private int read(int slot, int result, Completions completions) {
        reading--;
        flags[slot] &= ~(ARMED | READING);
        int buffer = readBuffers[slot];
        if ((flags[slot] & CLOSING) != 0) {
            recycle(buffer);
            closeUnlessBusy(slot);
            return 0;
        }
        return deliver(slot, buffer, result, completions);
    }

    /** Reports or holds back what a receive brought, and keeps receiving. */
    private int deliver(int slot, int buffer, int result, Completions completions) {
        int generation = generations[slot];
        int reported = 0;
        if (result > 0) {
            if (isHeldBack(slot)) {
                held.add(slot, buffer, result);
            } else {
                if ((flags[slot] & FILE_SENT) == 0) {
                    pace.othersReceived();
                }
                completions.received(slot, buffer, 0, result);
                reported = 1;
            }
        } else {
            recycle(buffer);
            reported = receiveEnded(slot, result, completions);
        }
        if (generation == generations[slot]) {
            keepReceiving(slot);
        }
        return reported;
    }

    /** The kernel ended a multishot operation; some of the reasons end the stream. */
    private int receiveEnded(int slot, int result, Completions completions) {
        switch (-result) {
            case Errno.ENOBUFS -> {
                counters.bufferShortages.increment();
                flags[slot] |= STARVED; // armed again when a buffer is released: at once would only fail again
                starved.add(slot);
                return 0;
            }
            case Errno.ECANCELED, Errno.EINTR, Errno.EAGAIN -> {
                return 0;
            }
            default -> {
                endBackendIfOurBug(result);
                flags[slot] |= ENDED;
                if (isHeldBack(slot)) {
                    flags[slot] |= HELD_END;
                    endResults[slot] = result;
                    return 0;
                }
                flags[slot] &= ~WANTED;
                completions.received(slot, NONE, 0, result);
                return 1;
            }
        }
    }

    /** Whether a chunk must wait: receiving is paused, or older chunks wait. */
    private boolean isHeldBack(int slot) {
        return (flags[slot] & WANTED) == 0 || !held.isEmpty(slot);
    }

    private void dropHeld(int slot) {
        while (!held.isEmpty(slot)) {
            recycle(held.remove(slot));
        }
    }

    private void recycle(int buffer) {
        if (buffer != NONE) {
            buffers.add(buffer);
        }
    }

    /** Arms the subscription again if it is wanted and has ended. */
    private void keepReceiving(int slot) {
        if ((flags[slot] & (OPEN | WANTED | ARMED | STARVED | ENDED | CLOSING)) == (OPEN | WANTED)
                && held.isEmpty(slot)) {
            counters.rearms.increment();
            armReceive(slot);
        }
    }

    /**
     * As many starved connections as there are free buffers get another try. Counted by buffers that are there, not by
     * those that came back: a try may take none (the stream had ended), and its buffer must not be lost to the others.
     */
    private void rearmStarved(int freeBuffers) {
        for (int tries = freeBuffers; tries > 0 && !starved.isEmpty();) {
            int slot = starved.remove();
            if ((flags[slot] & STARVED) != 0) { // else it was closed meanwhile, and takes none from those that wait
                flags[slot] &= ~STARVED;
                if ((flags[slot] & WANTED) != 0) { // else it was paused; receive() arms it
                    keepReceiving(slot);
                    tries--;
                }
            }
        }
    }

    // ---- Sending

    private void submitSend(int slot) {
        if ((flags[slot] & MAPPED) != 0) {
            sendMapped(slot);
            return;
        }
        operations++;
        // SAFETY: the core lends the memory until sent(), which is reported only after this operation has ended.
        boolean more = (flags[slot] & SEND_MORE_FLAG) != 0;
        if (zeroCopy.takes((int) sendRemaining[slot])) {
            flags[slot] |= ZERO_COPY;
            submissions.sendZeroCopy(sockets[slot], sendAddresses[slot], (int) sendRemaining[slot], more,
                    zeroCopy.isRegistered(), token(SEND_ZERO_COPY, slot));
        } else if ((flags[slot] & FILE_SENT) != 0) {
            submissions.sendNow(sockets[slot], sendAddresses[slot], (int) sendRemaining[slot], more,
                    token(SEND, slot));
        } else {
            submissions.send(sockets[slot], sendAddresses[slot], (int) sendRemaining[slot], more, token(SEND, slot));
        }
    }

    /** Sends a piece of what is, or was, a file in memory; or tries again in the next turn. */
    private void sendMapped(int slot) {
        int piece = pace.take(sendRemaining[slot]);
        if (piece == 0) {
            flags[slot] |= OUT_OF_TURN;
            ready.add(slot);
            return;
        }
        pieces[slot] = piece;
        operations++;
        // SAFETY: as in submitSend.
        submissions.sendNow(sockets[slot], sendAddresses[slot], piece,
                piece < sendRemaining[slot] || (flags[slot] & SEND_MORE_FLAG) != 0, token(SEND, slot));
    }

    /** The memory is the kernel's until the last of up to two completions; what the first says is kept until then. */
    private int zeroCopySent(int slot, int result, int cqeFlags, Completions completions) {
        if ((cqeFlags & F_MORE) != 0) {
            zeroCopy.taken(slot, result);
            return 0;
        }
        int taken = (cqeFlags & F_NOTIF) != 0 ? zeroCopy.finished(slot, result) : result;
        flags[slot] &= ~ZERO_COPY;
        if (zeroCopy.isRefusal(taken) && (flags[slot] & CLOSING) == 0) {
            zeroCopy.refused();
            submitSend(slot);
            return 0;
        }
        return sent(slot, taken, completions);
    }

    private int sent(int slot, int result, Completions completions) {
        if ((flags[slot] & (FILE_SENT | CLOSING)) == FILE_SENT
                && (result == -Errno.EAGAIN || result > 0 && result < sendRemaining[slot])) {
            sendRemaining[slot] -= Math.max(0, result);
            sendAddresses[slot] += Math.max(0, result);
            if ((flags[slot] & MAPPED) != 0 && result == pieces[slot]) {
                sendMapped(slot);
                return 0;
            }
            awaitWritable(slot); // not in the send itself: behind a file, that ends on a worker thread of the kernel
            return 0;
        }
        if (result > 0 && result < sendRemaining[slot] && (flags[slot] & CLOSING) == 0) {
            sendRemaining[slot] -= result;
            sendAddresses[slot] += result;
            counters.rearms.increment();
            submitSend(slot);
            return 0;
        }
        if ((result == -Errno.EINTR || result == -Errno.EAGAIN) && (flags[slot] & CLOSING) == 0) {
            counters.rearms.increment();
            submitSend(slot);
            return 0;
        }
        if ((flags[slot] & MAPPED) == 0 || result != -Errno.EFAULT) {
            endBackendIfOurBug(result);
        }
        boolean complete = result == sendRemaining[slot];
        long outcome = complete ? sendTotals[slot] : result < 0 ? result : -Errno.ECANCELED;
        return endSend(slot, outcome, completions);
    }

    private int endSend(int slot, long outcome, Completions completions) {
        if ((flags[slot] & FILE) != 0 && installed[slot] != NONE) {
            closeUnreported(installed[slot], 0);
            installed[slot] = NONE;
        }
        flags[slot] &= ~(SENDING | SEND_MORE_FLAG | MAPPED | FILE | POLLING | WITHOUT_BUFFER | OUT_OF_TURN);
        boolean closing = (flags[slot] & CLOSING) != 0;
        completions.sent(slot, outcome);
        if (closing) {
            closeUnlessBusy(slot);
        }
        return 1;
    }

    private int writable(int slot, Completions completions) {
        flags[slot] &= ~POLLING;
        if ((flags[slot] & SENDING) == 0) {
            ready.add(slot);
        } else if ((flags[slot] & CLOSING) != 0) {
            return endSend(slot, -Errno.ECANCELED, completions);
        } else {
            submitSend(slot);
        }
        return 0;
    }

    /**
     * Sends a chunk with sendfile(2), which blocks unless the descriptor says otherwise. io_uring in turn gives up at
     * once on descriptors that say so, hence the flag is set for the call only; no operation is issued in between.
     */
    private int sendFileChunk(int slot, Completions completions) {
        int socket = FileTable.isPlace(sockets[slot]) ? installed[slot] : sockets[slot];
        int length = pace.take(sendRemaining[slot]);
        if (length == 0) {
            ready.add(slot);
            return 0;
        }
        Libc.fcntl(socket, F_SETFL, NON_BLOCKING);
        long result = transfers[slot] == FileTransfer.SPLICE
                ? pipe.send(socket, files[slot], filePositions[slot], length)
                : Libc.sendfile(socket, files[slot], filePositions[slot], length);
        Libc.fcntl(socket, F_SETFL, BLOCKING);
        if (result == -Errno.EAGAIN) {
            awaitWritable(slot);
            return 0;
        }
        if (result <= 0 && result != -Errno.EINTR) {
            return endSend(slot, result == 0 ? -Errno.ENODATA : result, completions);
        }
        return advanceFile(slot, Math.max(0, result), completions);
    }

    private void awaitWritable(int slot) {
        flags[slot] |= POLLING;
        operations++;
        submissions.poll(sockets[slot], POLLOUT, token(WRITABLE, slot));
    }

    /** Bytes of a file were taken: reports the end, or goes on in the next turn. */
    private int advanceFile(int slot, long bytes, Completions completions) {
        filePositions[slot] += bytes;
        sendRemaining[slot] -= bytes;
        if (sendRemaining[slot] == 0) {
            return endSend(slot, sendTotals[slot], completions);
        }
        ready.add(slot); // the others have their turn first
        return 0;
    }

    // ---- Sending a file that is read: a buffer is held while the disk works, never while a peer does not read

    private void readFile(int slot) {
        int buffer = fileBuffers.take();
        int length = buffer == FileBuffers.NONE ? 0 : pace.take(Math.min(sendRemaining[slot], FileBuffers.BYTES));
        if (buffer == FileBuffers.NONE) {
            flags[slot] |= WITHOUT_BUFFER;
            waitingReads.add(slot);
            return;
        }
        if (length == 0) {
            fileBuffers.giveBack(buffer);
            ready.add(slot);
            return;
        }
        fileBuffer[slot] = buffer;
        pieces[slot] = length;
        flags[slot] |= FILE_READING;
        operations++;
        // SAFETY: the buffer is this slot's until the operations on it have ended.
        pace.advise(files[slot]);
        submissions.read(files[slot], fileBuffers.address(buffer), length, filePositions[slot],
                token(FILE_READ, slot));
    }

    private int fileRead(int slot, int result, Completions completions) {
        flags[slot] &= ~FILE_READING;
        int read = result;
        if (result == -Errno.EAGAIN && (flags[slot] & CLOSING) == 0) { // a file that says it cannot wait, and no more
            read = Libc.pread(files[slot], fileBuffers.address(fileBuffer[slot]), pieces[slot], filePositions[slot]);
        }
        if (read > 0 && (flags[slot] & CLOSING) == 0) {
            flags[slot] |= FILE_SENDING;
            pieces[slot] = read;
            operations++;
            submissions.sendNow(sockets[slot], fileBuffers.address(fileBuffer[slot]), read, false,
                    token(FILE_SEND, slot));
            return 0;
        }
        giveBackFileBuffer(slot);
        if ((flags[slot] & CLOSING) != 0) {
            return endSend(slot, -Errno.ECANCELED, completions);
        }
        if (read == -Errno.EINTR || read == -Errno.ECANCELED) {
            ready.add(slot);
            return 0;
        }
        return endSend(slot, read == 0 ? -Errno.ENODATA : read, completions);
    }

    /** What the socket did not take is read again. */
    private int fileSent(int slot, int result, Completions completions) {
        flags[slot] &= ~FILE_SENDING;
        boolean full = result < pieces[slot];
        giveBackFileBuffer(slot);
        if ((flags[slot] & CLOSING) != 0) {
            return endSend(slot, -Errno.ECANCELED, completions);
        }
        if (result == -Errno.EAGAIN || result == -Errno.EINTR) {
            awaitWritable(slot);
            return 0;
        }
        if (result <= 0) {
            endBackendIfOurBug(result);
            return endSend(slot, result, completions);
        }
        if (full && result < sendRemaining[slot]) {
            filePositions[slot] += result;
            sendRemaining[slot] -= result;
            awaitWritable(slot);
            return 0;
        }
        return advanceFile(slot, result, completions);
    }

    private void giveBackFileBuffer(int slot) {
        fileBuffers.giveBack(fileBuffer[slot]);
        while (!waitingReads.isEmpty()) {
            int waiting = waitingReads.remove();
            if ((flags[waiting] & WITHOUT_BUFFER) != 0) { // else it was closed meanwhile
                flags[waiting] &= ~WITHOUT_BUFFER;
                ready.add(waiting);
                return;
            }
        }
    }

    /** An error that only a fault of ours can cause concerns every connection. */
    private void endBackendIfOurBug(int result) {
        if (result < 0 && Errno.kind(-result) == Errno.Kind.BUG) {
            failure = result;
        }
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
        int generation = generations[slot];
        if ((flags[slot] & (CONNECTING | DECIDED | CLOSING)) == (CONNECTING | DECIDED)) {
            reported += connected(slot, endResults[slot], completions);
        }
        if ((flags[slot] & (FILE | POLLING | INSTALLING | FILE_BUSY)) == FILE) {
            reported += workFile(slot, completions);
        } else if ((flags[slot] & OUT_OF_TURN) != 0) {
            flags[slot] &= ~OUT_OF_TURN;
            if ((flags[slot] & CLOSING) != 0) {
                reported += endSend(slot, -Errno.ECANCELED, completions);
            } else {
                sendMapped(slot);
            }
        }
        while ((flags[slot] & WANTED) != 0 && !held.isEmpty(slot)) {
            int buffer = held.remove(slot);
            completions.received(slot, buffer, 0, held.length(buffer));
            reported++;
        }
        if ((flags[slot] & (WANTED | HELD_END)) == (WANTED | HELD_END)) {
            flags[slot] &= ~(WANTED | HELD_END);
            completions.received(slot, NONE, 0, endResults[slot]);
            reported++;
        }
        assert generation == generations[slot] : "a slot was opened again before it was closed";
        keepReceiving(slot);
        return reported;
    }

    private int workFile(int slot, Completions completions) {
        if ((flags[slot] & CLOSING) != 0) {
            return endSend(slot, -Errno.ECANCELED, completions);
        }
        if (transfers[slot] != FileTransfer.READ) {
            return sendFileChunk(slot, completions);
        }
        if ((flags[slot] & WITHOUT_BUFFER) == 0) {
            readFile(slot);
        }
        return 0;
    }

    // ---- Closing

    /** Closes the socket, once nothing is in flight that still needs the slot; the end of each such thing asks again. */
    private void closeUnlessBusy(int slot) {
        if ((flags[slot] & (SENDING | FILE | POLLING | READING | FINISHING)) == 0
                && (flags[slot] & (CONNECTING | DECIDED)) != CONNECTING) {
            operations++;
            submissions.close(sockets[slot], token(CLOSE, slot)); // completes as well if there is no socket (EBADF)
        }
    }

    /** Both directions, as far as that takes no descriptor, and what a zero-copy send waits for. */
    private void endConnection(int slot) {
        boolean isPlace = FileTable.isPlace(sockets[slot]);
        if (!isPlace) {
            Libc.shutdown(sockets[slot], Linux.SHUT_RDWR()); // ends a send that waits for the peer on a worker thread
        }
        if ((flags[slot] & ZERO_COPY) != 0) { // cancelling has no effect once everything was taken
            if (isPlace) {
                operations++;
                submissions.install(sockets[slot], token(INSTALL_FOR_END, slot));
            } else {
                disconnect(sockets[slot]);
            }
        }
    }

    /** Drops what the peer has not acknowledged, and with it the kernel's references to our memory. */
    private static void disconnect(int descriptor) {
        Sockets.disconnect(descriptor); // fails only where the peer is gone
    }

    private void cancelSend(int slot) {
        int operation = (flags[slot] & POLLING) != 0
                ? WRITABLE
                : (flags[slot] & ZERO_COPY) == 0 ? SEND : SEND_ZERO_COPY;
        submissions.cancel(token(operation, slot), token(CANCEL, slot));
    }

    private int closed(int slot, Completions completions) {
        flags[slot] = 0;
        taken--;
        completions.closed(slot);
        acceptIfWanted();
        return 1;
    }

    private int closedUnreported(int wasTaken) {
        taken -= wasTaken;
        acceptIfWanted();
        return 0;
    }

    // ---- Descriptors for places in the file table

    private int installedForFin(int slot, int result) {
        if (result < 0) { // no descriptor is left
            operations++;
            submissions.shutdown(sockets[slot], Linux.SHUT_WR(), token(SHUTDOWN, slot));
            return 0;
        }
        Libc.shutdown(result, Linux.SHUT_WR()); // fails only where the peer is gone, which receiving reports
        closeUnreported(result, 0);
        return finished(slot);
    }

    private int finished(int slot) {
        flags[slot] &= ~FINISHING;
        if ((flags[slot] & CLOSING) != 0) {
            closeUnlessBusy(slot);
        }
        return 0;
    }

    private int installedForFile(int slot, int result, Completions completions) {
        flags[slot] &= ~INSTALLING;
        if (result < 0) {
            return endSend(slot, (flags[slot] & CLOSING) != 0 ? -Errno.ECANCELED : result, completions);
        }
        installed[slot] = result;
        ready.add(slot);
        return 0;
    }

    /** Without a descriptor, the memory comes back when the peer acknowledges it, or the kernel has lost patience. */
    private int installedForEnd(int result) {
        if (result >= 0) {
            disconnect(result);
            closeUnreported(result, 0);
        }
        return 0;
    }

    /** It was used by then, unless it came late. */
    private int installedAtOnce(int result) {
        if (result >= 0) {
            closeUnreported(result, 0);
        }
        return 0;
    }

    /**
     * The answer cannot wait for the next turn: a descriptor is installed at once, and its completion looked for among
     * those that wait to be read. If it is not there (the completion queue has overflown), the address stays unknown.
     */
    @Override
    public @Nullable SocketAddress remoteAddress(int slot) {
        assert isOpen(slot);
        int descriptor = descriptorAtOnce(slot);
        return descriptor < 0 ? null : Sockets.remoteAddress(descriptor);
    }

    /** A descriptor for the slot's socket, until its completion is read; -1 if there is none. */
    private int descriptorAtOnce(int slot) {
        int socket = sockets[slot];
        if (!FileTable.isPlace(socket)) {
            return socket;
        }
        operations++;
        requestsAtOnce = Token.nextGeneration(requestsAtOnce);
        long token = Token.of(INSTALL_AT_ONCE, requestsAtOnce, slot);
        submissions.install(socket, token);
        ring.enter(submissions.publish(), 0, 0, 0, 0);
        return completed.find(token);
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
        for (int slot = 0; slot < flags.length; slot++) {
            if ((flags[slot] & OPEN) != 0) {
                endConnection(slot);
            }
        }
        while (operations > 0 && System.nanoTime() < deadline && enter(CLOSE_NANOS / 100) == 0) {
            awaitOperations();
        }
        if (operations > 0) {
            LOG.error("{} operations did not end within {} ms of closing the ring", operations,
                    CLOSE_NANOS / 1_000_000);
        }
        boolean quiet = operations == 0;
        for (int slot = 0; slot < flags.length; slot++) {
            if ((flags[slot] & OPEN) != 0) {
                flags[slot] = 0;
                if (!FileTable.isPlace(sockets[slot])) {
                    Libc.close(sockets[slot]);
                } else if (installed[slot] != NONE) {
                    Libc.close(installed[slot]);
                }
            }
        }
        if (fileTable != null) {
            fileTable.close();
        } else {
            unclaimed.stream().forEach(Libc::close);
        }
        if (listener != NONE) {
            Libc.close(listener);
        }
        if (messages != null) {
            messages.close();
        }
        ring.close();
        wakeup.close();
        pipe.close();
        kernel.close();
        arena.close();
        if (!quiet) {
            throw new IllegalStateException("operations are still under way in the kernel");
        }
        buffers.close();
        fileBuffers.close();
    }

    private void cancelAll() {
        if (features.cancelAny()) {
            submissions.cancelAll(Token.of(CANCEL, 0, 0));
            return;
        }
        submissions.cancel(Token.of(WAKEUP, 0, 0), Token.of(CANCEL, 0, 0));
        submissions.cancel(Token.of(ACCEPT, 0, 0), Token.of(CANCEL, 0, 0));
        for (int slot = 0; slot < flags.length; slot++) {
            cancelReceive(slot);
            if ((flags[slot] & (SENDING | POLLING)) != 0) {
                cancelSend(slot);
            } else if ((flags[slot] & FILE_READING) != 0) {
                submissions.cancel(token(FILE_READ, slot), token(CANCEL, slot));
            } else if ((flags[slot] & (CONNECTING | DECIDED)) == CONNECTING) {
                submissions.cancel(token(CONNECT, slot), token(CANCEL, slot));
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
            if (operation < UNCOUNTED && (completed.flags() & F_MORE) == 0) {
                operations--;
            }
            boolean isDescriptor = switch (operation) {
                case ACCEPT -> fileTable == null;
                case INSTALL_FOR_FIN, INSTALL_FOR_FILE, INSTALL_AT_ONCE, INSTALL_FOR_END -> true;
                default -> false;
            };
            if (operation == CLOSE) {
                flags[Token.slot(completed.token())] = 0;
            } else if (isDescriptor && completed.result() >= 0) {
                if (operation == INSTALL_FOR_END) {
                    disconnect(completed.result());
                }
                Libc.close(completed.result());
            }
        }
        completed.advance();
    }

    // ---- Waking

    private void armWakeup() {
        operations++;
        if (features.multishotPoll()) {
            submissions.pollMultishot(wakeup.descriptor(), POLLIN, Token.of(WAKEUP, 0, 0));
        } else {
            submissions.poll(wakeup.descriptor(), POLLIN, Token.of(WAKEUP, 0, 0));
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

    private long token(int operation, int slot) {
        return Token.of(operation, generations[slot], slot);
    }

    private boolean isOpen(int slot) {
        return (flags[slot] & OPEN) != 0;
    }
}
