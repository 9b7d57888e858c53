package io.ringwave.epoll;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.EventFd;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Sockets;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.Completions;
import io.ringwave.spi.FileBuffers;
import io.ringwave.spi.FilePace;
import io.ringwave.spi.FilePipe;
import io.ringwave.spi.FileTransfer;
import io.ringwave.spi.SlotQueue;
import io.ringwave.spi.Token;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * epoll behind the seam: operations are tried at once, and wait for readiness only after {@code EAGAIN}.
 *
 * <p>Each socket is registered once, edge-triggered, for reading and writing alike; what epoll reports is kept as hints
 * in the {@link ChannelTable}. A verb only records what is wanted and puts the slot on the ready list; the system calls
 * are made by {@link #submitAndAwait}, which takes one turn:
 *
 * <pre>
 *   1. serve the ready list:  what was asked for since the last turn, and what that one left over
 *   2. epoll_wait             without waiting, if there was or is anything to do
 *   3. note every event       nothing is called back meanwhile
 *   4. serve the ready list:  receive what has arrived
 *   5. accept
 *   6. serve the ready list:  what is left over
 * </pre>
 *
 * Serving goes in groups of {@link ReceivedChunks#CAPACITY} slots: first the kernel is asked for the bytes of all of
 * them, then they are reported, then the sends are made that the reports have asked for. Each step's code is in the cache
 * then for a whole group, and a connection's state still is when its answer is sent.
 *
 * So a request costs one recv, one send and its share of an epoll_wait. Step 2 is left out in a turn that has something
 * to report after step 1, since what epoll would say can as well be heard in the next turn; but not twice in a row, so
 * that connections which keep step 1 busy cannot keep the others out.
 *
 * <p>On a busy loop a slot whose socket was just emptied stays on the ready list: its peer, once answered, has mostly sent
 * again by the time its turn comes ({@link Anticipation}). Step 2 is then left out until {@link #MAX_UNHEARD} slots were
 * served, or {@link #MAX_UNHEARD_NANOS} have gone by.
 *
 * <p>Bounds of a turn: {@link #MAX_EVENTS} events, {@link #MAX_SERVED} slots in each of 1, 4 and 6,
 * {@link Listener#BATCH} accepted connections, for each slot served one receive and one send, and for all of them
 * together what {@link FilePace} allows of files. A slot that could do more goes to the end of the ready list.
 *
 * <p>A slot that finds no free receive buffer waits in the order of arrival on a second list, from which slots move to
 * the ready list when buffers are free again.
 *
 * <p>Generations: no completion runs between noting two events, so an event can only be stale if the socket outlived
 * its {@code close}: a process forked at the wrong moment holds a copy of the descriptor, and epoll, which watches the
 * open file and not the descriptor, goes on reporting it (epoll(7), questions and answers).
 */
final class EpollBackend implements Backend {

    /** The most events taken in by one epoll_wait: enough to spread its cost, and to keep the first one's wait short. */
    static final int MAX_EVENTS = 256;
    /** The most slots served in one pass over the ready list. */
    static final int MAX_SERVED = 256;
    /** While answers are anticipated: epoll is asked after so many slots were served at the latest, */
    static final int MAX_UNHEARD = 256;
    /** and after this time: the others must not wait for long. */
    private static final long MAX_UNHEARD_NANOS = 1_000_000;

    /** What the kernel is asked to read ahead when a file begins that will be read: then it goes on by itself. */
    private static final long READ_AHEAD_BYTES = 1 << 20;
    private static final int WILL_NEED = Linux.POSIX_FADV_WILLNEED();

    private static final int LISTENER = 1; // operations in tokens
    private static final int WAKE_UP = 2;
    private static final int CHANNEL = 3;

    private static final int CHANNEL_INTEREST = EpollSet.IN | EpollSet.PRI | EpollSet.RDHUP | EpollSet.OUT
            | EpollSet.EDGE_TRIGGERED;
    private static final int READ_EVENTS = EpollSet.IN | EpollSet.PRI | EpollSet.RDHUP | EpollSet.HUP | EpollSet.ERR;
    private static final int FINISHED_EVENTS = EpollSet.RDHUP | EpollSet.HUP | EpollSet.ERR;
    private static final int WRITE_EVENTS = EpollSet.OUT | EpollSet.HUP | EpollSet.ERR;

    private static final int NO_SIGNAL = Linux.MSG_NOSIGNAL();
    private static final int NO_SIGNAL_MORE = NO_SIGNAL | Linux.MSG_MORE();
    private static final int SENDING_DIRECTION = Linux.SHUT_WR();
    private static final int SOCKET_LEVEL = Linux.SOL_SOCKET();
    private static final int SOCKET_ERROR = Linux.SO_ERROR();

    private final BufferSlab slab;
    private final ReceiveBuffers buffers;
    private final ChannelTable channels;
    private final SlotQueue ready;
    private final ReceivedChunks received = new ReceivedChunks();
    private final SlotQueue answers; // sends that reports of received bytes have asked for
    private final SlotQueue starved;
    private final EpollSet epoll;
    private final EventFd wakeUp;
    private final Listener listener;
    private final Anticipation anticipation = new Anticipation();
    private final FilePace pace = new FilePace();
    private final FilePipe pipe = new FilePipe();
    private final FileBuffers fileBuffers = new FileBuffers(1); // a send is over when the call is
    private final BackendCounters counters = new BackendCounters();

    private int sending; // how many sends are in flight
    private int reported; // in this turn
    private boolean reportingReceived;
    private boolean skippedWait; // in the turn before
    private int servedSinceWait; // slots
    private long lastWait; // when it ended, by System.nanoTime; kept up to date while answers are anticipated
    private boolean acceptable;
    private boolean isFull; // the socket that was last sent to
    private int failure; // -errno that ends this backend; 0 while it is well
    private boolean inTurn;
    private boolean closed;

    EpollBackend(BackendResources resources) throws ErrnoException {
        slab = resources.slab();
        buffers = new ReceiveBuffers(slab);
        channels = new ChannelTable(resources.maxConnections());
        ready = new SlotQueue(resources.maxConnections());
        answers = new SlotQueue(resources.maxConnections());
        starved = new SlotQueue(resources.maxConnections());
        epoll = new EpollSet(MAX_EVENTS);
        try {
            wakeUp = watchedEventFd(epoll);
        } catch (ErrnoException e) {
            epoll.close();
            throw e;
        }
        listener = new Listener(epoll, Token.of(LISTENER, 0, 0));
    }

    /** Edge-triggered, an eventfd reports every write and never needs to be read. */
    private static EventFd watchedEventFd(EpollSet epoll) throws ErrnoException {
        EventFd eventFd = EventFd.create();
        int result = epoll.add(eventFd.descriptor(), EpollSet.IN | EpollSet.EDGE_TRIGGERED, Token.of(WAKE_UP, 0, 0));
        if (result < 0) {
            eventFd.close();
            throw new ErrnoException("epoll_ctl", -result, "too many descriptors are watched, or too little memory",
                    "raise fs.epoll.max_user_watches");
        }
        return eventFd;
    }

    // ---- accepting

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
    public void refuse(int socket) {
        listener.claim(socket);
        Libc.close(socket);
    }

    // ---- one connection

    @Override
    public void open(int slot, int generation, int socket) {
        listener.claim(socket);
        channels.open(slot, generation, socket);
        register(slot);
    }

    @Override
    public void adopt(int slot, int generation, int socket) {
        channels.open(slot, generation, socket);
        int result = Sockets.nonBlocking(socket, true);
        if (result < 0) {
            fail(slot, result);
        } else {
            register(slot);
        }
    }

    /**
     * The socket is registered after connect(2), since epoll reports one that is neither connecting nor connected as
     * hung up. A connect of a Unix-domain socket succeeds or fails at once.
     */
    @Override
    public void connect(int slot, int generation, SocketAddress address) {
        int socket = Sockets.open(address, true);
        channels.connect(slot, generation, socket < 0 ? ChannelTable.NO_SOCKET : socket);
        int result = socket < 0 ? socket : Sockets.connect(socket, address);
        switch (-result) {
            case 0, Errno.EINPROGRESS, Errno.EINTR -> register(slot); // a signal ends only the wait: connect(2)
            case Errno.EAGAIN -> fail(slot, -Errno.ECONNREFUSED); // the accept queue of a Unix-domain server is full
            default -> fail(slot, result);
        }
    }

    /** Watches the slot's socket, which is announced at once if it is ready already. */
    private void register(int slot) {
        int result = epoll.add(channels.socket[slot], CHANNEL_INTEREST,
                Token.of(CHANNEL, channels.generation[slot], slot));
        if (result < 0) {
            fail(slot, result);
        }
    }

    private void fail(int slot, int result) {
        channels.error[slot] = result;
        channels.set(slot, ChannelTable.REFUSED | ChannelTable.READABLE);
        if (channels.is(slot, ChannelTable.CONNECTING)) {
            ready.add(slot);
        }
    }

    @Override
    public void receive(int slot) {
        assert channels.is(slot, ChannelTable.OPEN);
        if (!channels.is(slot, ChannelTable.RECEIVE_ENDED)) {
            channels.set(slot, ChannelTable.RECEIVING);
            if (channels.canReceive(slot)) {
                ready.add(slot);
            }
        }
    }

    @Override
    public void pause(int slot) {
        assert channels.is(slot, ChannelTable.OPEN);
        channels.clear(slot, ChannelTable.RECEIVING);
    }

    @Override
    public void send(int slot, long address, int length, int flags) {
        sending++;
        channels.beginSend(slot, ChannelTable.NO_FILE, address, length);
        if ((flags & SEND_MORE) != 0) {
            channels.set(slot, ChannelTable.SEND_MORE);
        }
        if ((flags & SEND_MAPPED) != 0) {
            channels.set(slot, ChannelTable.SEND_MAPPED | ChannelTable.FILE_SENT);
        }
        if (channels.canSend(slot)) {
            (reportingReceived ? answers : ready).add(slot);
        }
    }

    @Override
    public void sendPages(int slot, long address, int length, int file, long position) {
        boolean isLong = FilePace.isLong(length);
        if (isLong && !channels.is(slot, ChannelTable.LONG_COPIED)) {
            // The first two are copied: BBR (tcp_bbr) learns from them how fast the peer is, and from pages that it is slow.
            if (channels.is(slot, ChannelTable.FILE_SENT)) {
                channels.set(slot, ChannelTable.LONG_COPIED);
            }
            send(slot, address, length, SEND_MAPPED);
            return;
        }
        sending++;
        channels.beginSend(slot, file, position, length);
        channels.transfer[slot] = FileTransfer.SENDFILE;
        if (!isLong) {
            channels.set(slot, ChannelTable.SEND_PAGES);
        }
        if (channels.canSend(slot)) {
            (reportingReceived ? answers : ready).add(slot);
        }
    }

    @Override
    public void sendFile(int slot, int file, long position, long length, FileTransfer how) {
        assert file >= 0 && position >= 0;
        sending++;
        channels.beginSend(slot, file, position, length);
        channels.transfer[slot] = how;
        channels.set(slot, ChannelTable.FILE_SENT);
        if (how.isRead()) {
            Libc.fadvise(file, position, Math.min(length, READ_AHEAD_BYTES), WILL_NEED); // an advice cannot fail
        }
        if (channels.canSend(slot)) {
            ready.add(slot);
        }
    }

    @Override
    public long outstanding(int slot) {
        assert channels.is(slot, ChannelTable.OPEN);
        long notTaken = channels.is(slot, ChannelTable.SENDING) ? channels.remaining[slot] : 0;
        return notTaken + Math.max(0, Libc.unacknowledged(channels.socket[slot]));
    }

    @Override
    public void finishSending(int slot) {
        assert channels.is(slot, ChannelTable.OPEN) && !channels.is(slot, ChannelTable.SENDING);
        if (!channels.is(slot, ChannelTable.CLOSING)) {
            // ENOTCONN: the peer has reset the connection, which receiving will tell.
            Libc.shutdown(channels.socket[slot], SENDING_DIRECTION);
        }
    }

    @Override
    public @Nullable SocketAddress remoteAddress(int slot) {
        assert channels.is(slot, ChannelTable.OPEN);
        return Sockets.remoteAddress(channels.socket[slot]);
    }

    @Override
    public void release(int buffer) {
        buffers.giveBack(buffer);
    }

    @Override
    public void closeChannel(int slot) {
        assert channels.is(slot, ChannelTable.OPEN);
        channels.set(slot, ChannelTable.CLOSING);
        ready.add(slot);
    }

    // ---- the turn

    @Override
    public int submitAndAwait(long timeoutNanos, Completions completions) {
        assert !inTurn : "called from within a completion";
        inTurn = true;
        reported = 0;
        counters.operationsInFlight.set(sending);
        counters.receiveBuffersFree.set(buffers.available());
        try {
            int result = turn(timeoutNanos, completions);
            return result < 0 ? result : failure < 0 ? failure : reported;
        } finally {
            counters.completions.add(reported);
            inTurn = false;
        }
    }

    private int turn(long timeoutNanos, Completions completions) {
        pace.turn();
        feedStarved();
        serveReady(completions);
        skippedWait = reported > 0 && mayPutOffWait();
        if (skippedWait) {
            return 0;
        }
        int events = epoll.await(hasWork() ? 0 : timeoutNanos);
        counters.waits.increment();
        anticipation.heard(events);
        servedSinceWait = 0;
        if (anticipation.isOn()) {
            lastWait = System.nanoTime();
        }
        if (events < 0) {
            return events == -Errno.EINTR ? 0 : events;
        }
        for (int event = 0; event < events; event++) {
            note(epoll.token(event), epoll.bits(event));
        }
        serveReady(completions);
        if (acceptable) {
            acceptable = false;
            reported += listener.acceptBatch(completions);
        }
        serveReady(completions);
        return 0;
    }

    private boolean mayPutOffWait() {
        return anticipation.isOn()
                ? servedSinceWait < MAX_UNHEARD && System.nanoTime() - lastWait < MAX_UNHEARD_NANOS
                : !skippedWait;
    }

    /** Whether the turn has, or could have, something to report without waiting. */
    private boolean hasWork() {
        return reported > 0 || !ready.isEmpty() || !starved.isEmpty() && !buffers.isEmpty();
    }

    /** Moves as many slots to the ready list as there are buffers for. */
    private void feedStarved() {
        for (int i = Math.min(starved.size(), buffers.available()); i > 0; i--) {
            ready.add(starved.remove());
        }
    }

    private void note(long token, int bits) {
        switch (Token.operation(token)) {
            case CHANNEL -> noteChannel(Token.slot(token), Token.generation(token), bits);
            case LISTENER -> acceptable = true;
            case WAKE_UP -> {
            }
            default -> throw new AssertionError("unknown token " + Long.toHexString(token));
        }
    }

    private void noteChannel(int slot, int generation, int bits) {
        if (!channels.isCurrent(slot, generation)) {
            counters.staleReports.increment();
            return;
        }
        int hints = 0;
        if ((bits & READ_EVENTS) != 0) {
            hints |= ChannelTable.READABLE;
        }
        if ((bits & FINISHED_EVENTS) != 0) {
            hints |= ChannelTable.PEER_FINISHED;
        }
        if ((bits & EpollSet.PRI) != 0) {
            hints |= ChannelTable.URGENT;
        }
        if ((bits & WRITE_EVENTS) != 0) {
            hints |= ChannelTable.WRITABLE;
        }
        channels.set(slot, hints);
        if (channels.canReceive(slot) || channels.canSend(slot) || channels.is(slot, ChannelTable.CONNECTING)) {
            ready.add(slot);
        }
    }

    /** One pass over the slots that are on the ready list now; what is added meanwhile waits for the next pass. */
    private void serveReady(Completions completions) {
        int slots = Math.min(ready.size(), MAX_SERVED);
        servedSinceWait += slots;
        for (int i = slots; i > 0; i--) {
            if (received.isFull() || buffers.isEmpty()) {
                reportReceived(completions);
            }
            serve(ready.remove(), completions);
        }
        reportReceived(completions);
    }

    private void serve(int slot, Completions completions) {
        if (channels.is(slot, ChannelTable.CLOSING)) {
            finishClosing(slot, completions);
            return;
        }
        if (channels.is(slot, ChannelTable.CONNECTING)) {
            finishConnecting(slot, completions);
            return;
        }
        if (channels.canSend(slot)) {
            trySend(slot, completions);
        }
        if (channels.canReceive(slot)) {
            if (buffers.isEmpty()) {
                starved.add(slot);
                counters.bufferShortages.increment();
                return;
            }
            tryReceive(slot);
            if (channels.canReceive(slot)) {
                ready.add(slot);
            }
        }
    }

    /** Reports what the group of slots has received, and makes the sends that this has asked for. */
    private void reportReceived(Completions completions) {
        reportingReceived = true;
        for (int chunk = 0; chunk < received.size(); chunk++) {
            int slot = received.slot(chunk);
            int buffer = received.buffer(chunk);
            if (!channels.is(slot, ChannelTable.CLOSING)) {
                reported++;
                if (!channels.is(slot, ChannelTable.FILE_SENT)) {
                    pace.othersReceived();
                }
                completions.received(slot, buffer, 0, received.result(chunk));
            } else if (buffer != ReceivedChunks.NO_BUFFER) {
                buffers.giveBack(buffer); // a report of the same group has closed the channel
            }
        }
        received.clear();
        reportingReceived = false;
        if (answers.isEmpty()) {
            return;
        }
        while (!answers.isEmpty()) {
            int slot = answers.remove();
            if (channels.canSend(slot)) {
                trySend(slot, completions);
            }
        }
        completions.sendsMade();
    }

    // ---- connecting

    /** Reports the outcome. What the completion asks for puts the slot on the ready list again. */
    private void finishConnecting(int slot, Completions completions) {
        int result;
        if (channels.is(slot, ChannelTable.REFUSED)) {
            result = channels.error[slot];
        } else if (channels.is(slot, ChannelTable.WRITABLE)) {
            result = -Math.abs(Libc.getsockopt(channels.socket[slot], SOCKET_LEVEL, SOCKET_ERROR));
        } else {
            return; // nothing is decided yet
        }
        channels.clear(slot, ChannelTable.CONNECTING);
        reported++;
        completions.connected(slot, result);
    }

    // ---- receiving

    private void tryReceive(int slot) {
        int buffer = buffers.first();
        int bytes = slab.bufferBytes();
        // SAFETY: the slab checks the range; the buffer is free, so nobody else reads or writes it
        int result = channels.is(slot, ChannelTable.REFUSED)
                ? channels.error[slot]
                : Libc.recv(channels.socket[slot], slab.address(slab.offset(buffer), bytes), bytes, 0);
        if (result > 0) {
            buffers.take();
            anticipation.received();
            // A short read has emptied the socket, unless an end, an error or a mark made it short.
            if (result < bytes && !anticipation.isOn()
                    && !channels.is(slot, ChannelTable.PEER_FINISHED | ChannelTable.URGENT)) {
                channels.clear(slot, ChannelTable.READABLE);
            }
            received.add(slot, buffer, result);
            return;
        }
        switch (-result) {
            case Errno.EAGAIN -> {
                channels.clear(slot, ChannelTable.READABLE | ChannelTable.URGENT);
                anticipation.receivedNothing();
            }
            case Errno.EINTR -> {
            } // still readable: tried again
            default -> {
                endBackendIfOurBug(result);
                channels.clear(slot, ChannelTable.RECEIVING);
                channels.set(slot, ChannelTable.RECEIVE_ENDED);
                received.add(slot, ReceivedChunks.NO_BUFFER, result);
            }
        }
    }

    // ---- sending

    private void trySend(int slot, Completions completions) {
        boolean fromFile = channels.file[slot] != ChannelTable.NO_FILE;
        long length = channels.remaining[slot];
        if (fromFile && !channels.is(slot, ChannelTable.SEND_PAGES) || channels.is(slot, ChannelTable.SEND_MAPPED)) {
            length = pace.take(length);
            if (length == 0) {
                ready.add(slot);
                return;
            }
        }
        long result = channels.is(slot, ChannelTable.REFUSED)
                ? channels.error[slot]
                : fromFile ? sendFromFile(slot, length) : sendFromMemory(slot, (int) length);
        if (result > 0) {
            channels.advanceSend(slot, result);
            if (channels.remaining[slot] == 0) {
                endSend(slot, channels.total[slot], completions);
            } else {
                ready.add(slot); // full, probably; but only EAGAIN is sure to be followed by an edge
            }
            return;
        }
        switch ((int) -result) {
            case Errno.EAGAIN -> channels.clear(slot, ChannelTable.WRITABLE);
            case Errno.EINTR -> ready.add(slot);
            case 0 -> {
                assert fromFile : "send(2) took nothing";
                endSend(slot, -Errno.ENODATA, completions);
            }
            default -> {
                // With a file, EBADF and EINVAL say that the caller's file cannot be sent; EFAULT, that it is cut.
                boolean isTheCallers = fromFile
                        || channels.is(slot, ChannelTable.SEND_MAPPED) && result == -Errno.EFAULT;
                if (!isTheCallers) {
                    endBackendIfOurBug((int) result);
                }
                endSend(slot, result, completions);
            }
        }
    }

    private int sendFromMemory(int slot, int length) {
        boolean more = length < channels.remaining[slot] || channels.is(slot, ChannelTable.SEND_MORE);
        // SAFETY: the caller of send lends position..position+remaining until sent, which has not been reported yet
        return Libc.send(channels.socket[slot], channels.position[slot], length, more ? NO_SIGNAL_MORE : NO_SIGNAL);
    }

    /** sendfile and splice know no MSG_NOSIGNAL: the JVM ignores SIGPIPE. */
    private long sendFromFile(int slot, long length) {
        FileTransfer how = channels.transfer[slot];
        assert how != null;
        int socket = channels.socket[slot];
        int file = channels.file[slot];
        long position = channels.position[slot];
        return switch (how) {
            case SENDFILE -> Libc.sendfile(socket, file, position, length);
            case SPLICE -> pipe.send(socket, file, position, length);
            case READ, READ_PAST_CACHE -> readAndSend(slot, position, length);
        };
    }

    /** What the socket does not take is read again later: a reader who does not read must not hold the buffer. */
    private long readAndSend(int slot, long position, long length) {
        isFull = false;
        int buffer = fileBuffers.take();
        long address = fileBuffers.address(buffer);
        long done = 0;
        int result;
        do {
            // SAFETY: the buffer has BYTES bytes, and is this method's until it is given back
            int read = Libc.pread(channels.file[slot], address, (int) Math.min(length - done, FileBuffers.BYTES),
                    position + done);
            result = read <= 0 ? read : sendAll(channels.socket[slot], address, read);
            done += Math.max(0, result);
        } while (result == FileBuffers.BYTES && done < length);
        fileBuffers.giveBack(buffer);
        if (isFull) {
            channels.clear(slot, ChannelTable.WRITABLE); // else the next try would read in vain
        }
        return done > 0 ? done : result;
    }

    /** Sends until the socket is full; returns how much that was, or {@code -errno} if it was nothing. */
    private int sendAll(int socket, long address, int length) {
        int done = 0;
        int result;
        do {
            result = Libc.send(socket, address + done, length - done, NO_SIGNAL);
            done += Math.max(0, result);
        } while (result > 0 && done < length);
        isFull = result == -Errno.EAGAIN;
        return done > 0 ? done : result;
    }

    private void endSend(int slot, long result, Completions completions) {
        sending--;
        channels.clear(slot, ChannelTable.SENDING | ChannelTable.SEND_MORE | ChannelTable.SEND_MAPPED
                | ChannelTable.SEND_PAGES);
        reported++;
        completions.sent(slot, result);
    }

    // ---- ending

    /**
     * close(2) takes the socket out of the epoll set. The kernel sends FIN, or RST if received bytes were left unread
     * (RFC 1122, 4.2.2.13).
     */
    private void finishClosing(int slot, Completions completions) {
        if (channels.is(slot, ChannelTable.SENDING)) {
            endSend(slot, -Errno.ECANCELED, completions);
        }
        closeSocket(slot);
        channels.close(slot);
        reported++;
        completions.closed(slot);
    }

    private void closeSocket(int slot) {
        if (channels.socket[slot] != ChannelTable.NO_SOCKET) {
            Libc.close(channels.socket[slot]);
        }
    }

    /** An error that only a fault of ours can cause concerns every connection. */
    private void endBackendIfOurBug(int result) {
        switch (Errno.kind(-result)) {
            case BUG -> failure = result;
            case EXPECTED, PRESSURE, OTHER -> {
            }
        }
    }

    @Override
    public void wakeup() {
        wakeUp.signal();
    }

    @Override
    public BackendCounters counters() {
        return counters;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        wakeUp.close();
        listener.close();
        for (int slot = 0; slot < channels.slots(); slot++) {
            if (channels.is(slot, ChannelTable.OPEN)) {
                closeSocket(slot);
                channels.close(slot);
            }
        }
        epoll.close();
        pipe.close();
        fileBuffers.close();
    }
}
