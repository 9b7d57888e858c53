package io.ringwave.loop;

import io.ringwave.CloseReason;
import io.ringwave.ConnectFailure;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.EngineConfig;
import io.ringwave.HandlerFactory;
import io.ringwave.LoopContext;
import io.ringwave.LoopSignal;
import io.ringwave.OwnedBuffer;
import io.ringwave.SendableFile;
import io.ringwave.SendableMemory;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Mapping;
import io.ringwave.loop.PooledConnection.State;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BackendFeature;
import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.BufferSlab.Owner;
import io.ringwave.spi.Completions;
import io.ringwave.spi.FileTransfer;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop: a thread, a backend, and the connections between them. Owns its slab, connection table, send queues,
 * timers and mailbox. Everything but {@link #execute}, {@link #shutdown} and the counters is confined to its thread.
 *
 * <p>A turn: tasks from other threads, timers, connections that waited for a buffer, then {@link
 * Backend#submitAndAwait}, from within which the kernel's completions arrive ({@link #accepted}, {@link #connected},
 * {@link #received}, {@link #sent}, {@link #closed}).
 */
public final class EventLoop implements Completions, LoopContext {

    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

    /** How many tasks a turn runs before it looks at the network again. */
    private static final int TASKS_PER_TURN = 256;
    /** How long accepting rests when the process or the system is out of descriptors or memory. */
    private static final long ACCEPT_RETRY_NANOS = 50_000_000;
    /** How often a pause of accepting is worth a line in the log. */
    private static final long ACCEPT_LOG_NANOS = 10_000_000_000L;
    /** How much a lingering connection may still send before it is cut off; the drain timeout bounds it as well. */
    private static final int LINGER_BYTES = 1 << 26;
    /** Signals are for parts of a program, not for its connections. */
    private static final int MAX_SIGNALS = 64;
    /** A connection may queue this part of the loop's free buffers: slow readers must not starve the others. */
    private static final int FREE_BUFFERS_SHARE = 8;
    /** The longest time limit for connecting: an hour, long after the operating system has given up. */
    private static final long MAX_CONNECT_NANOS = 3_600_000_000_000L;
    /** How long connections that were closed by force at shutdown may take to be gone. */
    private static final long FORCED_CLOSE_NANOS = 1_000_000_000;

    /** The loop that runs on a thread. */
    private static final ThreadLocal<@Nullable EventLoop> CURRENT = new ThreadLocal<>();
    /** Behind it come the timers of the connections, by slot. */
    private static final int ACCEPT_TIMER = 0;

    private final int index;
    private final EngineConfig config;
    private final LongSupplier clock;
    private final BufferSlab slab;
    private final Mapping slabMapping;
    private final SlabBuffer[] handles;
    private final BorrowedBytes borrowed = new BorrowedBytes(this);
    private final ConnectionTable connections;
    private final SendQueue queue;
    private final TimerWheel timers;
    private final TimerWheel.Expiry timerExpired = this::timerExpired;
    private final int sendQueueLimit;
    private final Mailbox mailbox;
    private final LoopCounters counters = new LoopCounters();
    private final FlightRecord flight;
    private final Backend backend;
    private final ConnectionHandler handler;

    private long now;
    private boolean clockIsStale = true;
    private CloseReason localReason = CloseReason.CLOSED_LOCALLY; // what a close by the handler means just now
    private int receiveBuffersOut; // reported by the backend and not given back
    private int sendsQueued; // of all connections
    private boolean sendsMadeNow; // after the clock was read
    private int reported; // by the backend, in the last turn
    private boolean listening; // or else connections are handed over
    private int steering;
    private boolean acceptPaused;
    private long lastAcceptLog = Long.MIN_VALUE;
    private final Thread thread = Thread.currentThread();
    private final RaisedSignal[] signals = new RaisedSignal[MAX_SIGNALS];
    private int signalCount;
    private final ArrayDeque<FailedConnect> failedConnects = new ArrayDeque<>();
    private final StarvingConnections starving = new StarvingConnections();
    private volatile boolean shutdownRequested;
    private boolean draining;
    private boolean forced;
    private boolean ending; // tasks still run, but nothing begins
    private boolean ended;
    private boolean kernelHolds; // operations did not end with the backend
    private long drainDeadline;

    /** A connect that was refused before the backend heard of it. */
    private record FailedConnect(ConnectionHandler handler, ConnectFailure failure) {}

    /** Makes a backend for a loop; {@link io.ringwave.spi.BackendProvider#create} with the loop's resources. */
    @FunctionalInterface
    public interface BackendMaker {
        Backend make(BufferSlab slab) throws io.ringwave.spi.BackendException;
    }

    /**
     * On the loop's own thread, so that memory and ring belong to it.
     *
     * @param node the NUMA node for the slab, or {@link Mapping#ANY_NODE}
     * @throws io.ringwave.spi.BackendException if the backend cannot be made
     * @throws io.ringwave.linux.ErrnoException if there is no memory for the slab
     */
    public EventLoop(int index, EngineConfig config, int node, HandlerFactory handlers, BackendMaker backends)
            throws io.ringwave.spi.BackendException, io.ringwave.linux.ErrnoException {
        this.index = index;
        this.flight = new FlightRecord(index);
        this.config = config;
        this.clock = config.clock();
        this.now = clock.getAsLong();
        int buffers = config.receiveBuffers() + config.sendBuffers();
        this.slabMapping = slabMemory(config, BufferSlab.memoryBytes(buffers, config.bufferBytes()), node);
        Backend newBackend = null;
        boolean made = false;
        try {
            this.slab = new BufferSlab(slabMapping.memory(), config.bufferBytes(), config.receiveBuffers(),
                    config.sendBuffers());
            this.handles = new SlabBuffer[buffers];
            for (int buffer = 0; buffer < buffers; buffer++) {
                handles[buffer] = new SlabBuffer(this, buffer);
            }
            this.connections = new ConnectionTable(this, config.maxConnections());
            this.queue = new SendQueue(buffers, (int) Math.min(1 << 20, 64L + 2L * config.maxConnections()));
            this.timers = new TimerWheel(config.maxConnections() + 1, now);
            this.sendQueueLimit = config.sendQueueLimit();
            newBackend = backends.make(slab);
            this.backend = newBackend;
            this.mailbox = new Mailbox(config.mailboxCapacity(), this::wakeBackend);
            this.handler = handlers.create(this);
            made = true;
        } finally {
            if (!made) {
                if (newBackend != null) {
                    newBackend.close();
                }
                slabMapping.close();
            }
        }
    }

    private static Mapping slabMemory(EngineConfig config, long bytes, int node)
            throws io.ringwave.linux.ErrnoException {
        if (config.hugePages()) {
            return Mapping.huge(bytes, node);
        }
        Mapping mapping = Mapping.anonymous(bytes);
        if (node != Mapping.ANY_NODE) {
            mapping.prefer(node); // LoopThread has told whether this can be
        }
        return mapping;
    }

    /** What the slab's memory consists of. */
    public Mapping.Pages pages() {
        return slabMapping.pages();
    }

    /**
     * Listens, without accepting yet. Returns the port, or {@code -errno}.
     *
     * @param cpus if not empty, connections are steered among this listener and those that will share its port:
     *     {@link Backend#steer}. Where that fails ({@link #steering}), they are spread by hash
     */
    public int listen(InetSocketAddress address, int[] cpus) {
        listening = true;
        int port = backend.listen(address, config.backlog(), config.loops() > 1);
        if (port > 0 && cpus.length > 0) {
            steering = backend.steer(cpus);
        }
        return port;
    }

    /** What became of steering: 0, or {@code -errno}. Once it listens. */
    public int steering() {
        return steering;
    }

    /** Takes over a listening socket, without accepting yet. Returns 0, or {@code -errno}. */
    public int listenOn(int listener) {
        listening = true;
        return backend.listenOn(listener);
    }

    /**
     * Any thread: hands over a connected socket in blocking mode, which somebody else has accepted. False if the mailbox is
     * full or the loop has ended; it is then still the caller's.
     */
    public boolean adopt(int socket) {
        return mailbox.offer(() -> adopted(socket));
    }

    /**
     * Any thread: how many connections it made itself, less those that it has closed or refused, of whatever origin. With
     * the number of those handed over, that makes those it has.
     */
    long connectionsBesideAccepted() {
        long gone = counters.closed.get() + counters.refused.get(); // first: what is made meanwhile is then counted
        return counters.made.get() - gone;
    }

    /** Any thread: whether it takes no tasks any more. */
    boolean hasEnded() {
        return mailbox.isClosed();
    }

    /** Accepts and serves connections until {@link #shutdown}, or until the backend fails. */
    public void run() {
        try {
            CURRENT.set(this);
            if (listening) {
                backend.accept();
            }
            while (!isFinished()) {
                readClock();
                if (shutdownRequested && !draining) {
                    drain();
                    continue; // there may be nothing left to wait for
                }
                int tasks = runTasks();
                long before = flight.beforeCall();
                if (mailbox.takeSignal()) {
                    runSignals();
                    flight.called(before, "signals");
                    before = flight.beforeCall();
                }
                tellFailedConnects();
                timers.advance(now, timerExpired);
                flight.called(before, "timers");
                wakeStarving();
                boolean mayWait = mailbox.fallAsleep() && (draining || !shutdownRequested);
                clockIsStale = true;
                endBatch();
                flight.turnEnds(reported, tasks, backend.counters().bufferShortages.get());
                counters.sendBuffersFree.set(slab.freeSendBuffers());
                counters.sendsQueued.set(sendsQueued);
                int result = backend.submitAndAwait(mayWait ? nanosToSleep() : 0, this);
                mailbox.wake();
                if (result < 0) {
                    LOG.error("Loop {} ends: the backend failed with {}", index, Errno.describe(-result));
                    return;
                }
                reported = result;
                counters.turned(result);
            }
        } finally {
            CURRENT.remove(); // from here on nothing goes along with a next turn
            end();
        }
    }

    /** Frees what a loop holds that never ran. */
    public void abandon() {
        end();
    }

    /** Stops accepting, lets connections finish, and ends {@link #run}. Any thread. */
    public void shutdown() {
        shutdownRequested = true;
        mailbox.notifyLoop();
    }

    /** Any thread: ends the wait of the backend. */
    private void wakeBackend() {
        EventLoop caller = CURRENT.get();
        if (caller == null || caller == this) {
            backend.wakeup();
        } else {
            backend.wakeupFrom(caller.backend);
        }
    }

    public LoopCounters counters() {
        return counters;
    }

    public BackendCounters backendCounters() {
        return backend.counters();
    }

    public List<BackendFeature> features() {
        return backend.features();
    }

    // ---- LoopContext

    @Override
    public int index() {
        return index;
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public long batchNanoTime() {
        return sendsMadeNow ? clock.getAsLong() : now;
    }

    @Override
    public int maxConnections() {
        return config.maxConnections();
    }

    @Override
    public int bufferBytes() {
        return slab.bufferBytes();
    }

    @Override
    public boolean execute(Runnable task) {
        return mailbox.offer(task);
    }

    @Override
    public LoopSignal signal(Runnable task) {
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("signals are made on the loop's own thread");
        }
        if (signalCount == MAX_SIGNALS) {
            throw new IllegalStateException("loop " + index + " has " + MAX_SIGNALS + " signals already");
        }
        RaisedSignal signal = new RaisedSignal(mailbox, task);
        signals[signalCount++] = signal;
        return signal;
    }

    @Override
    public void connect(SocketAddress address, ConnectionHandler newHandler) {
        connect(address, config.connectTimeout(), newHandler);
    }

    @Override
    public void connect(SocketAddress address, Duration timeout, ConnectionHandler newHandler) {
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("connect is for the loop's own thread; others have Engine.connect");
        }
        if (ended) {
            throw new IllegalStateException("loop " + index + " has ended");
        }
        if (!timeout.isPositive()) {
            throw new IllegalArgumentException("the time limit must be positive: " + timeout);
        }
        ConnectFailure refusal = refusal(address);
        if (refusal != null) {
            failedConnects.add(new FailedConnect(newHandler, refusal)); // told in the next turn
            return;
        }
        PooledConnection connection = connections.claim(newHandler);
        connection.outbound = new PooledConnection.Outbound(address);
        connection.state = State.CONNECTING;
        timers.set(timerOf(connection.slot), now + Math.min(timeout.toNanos(), MAX_CONNECT_NANOS));
        backend.connect(connection.slot, connection.generation(), address);
        if (connections.isFull() && !acceptPaused) {
            pauseAccepting(0);
        }
    }

    @Override
    public @Nullable Connection connection(long id) {
        return connections.find(id);
    }

    // ---- Completions

    @Override
    public void accepted(int result) {
        readClock();
        if (result < 0) {
            pauseAccepting(-result);
            return;
        }
        if (draining || connections.isFull()) {
            counters.refused.increment();
            backend.refuse(result);
            if (!acceptPaused) {
                pauseAccepting(0);
            }
            return;
        }
        PooledConnection connection = connections.claim(handler);
        connection.state = State.OPEN;
        counters.accepted.increment();
        backend.open(connection.slot, connection.generation(), result);
        begin(connection);
        if (connections.isFull()) {
            pauseAccepting(0);
        }
    }

    private void adopted(int socket) {
        if (draining || ending || connections.isFull()) {
            counters.refused.increment();
            Libc.close(socket);
            return;
        }
        PooledConnection connection = connections.claim(handler);
        connection.state = State.OPEN;
        counters.accepted.increment();
        backend.adopt(connection.slot, connection.generation(), socket);
        begin(connection);
    }

    @Override
    public void connected(int slot, int result) {
        readClock();
        PooledConnection connection = connections.get(slot);
        if (result < 0) {
            failConnect(connection, ConnectFailures.of(outbound(connection).target, -result));
            return;
        }
        timers.cancel(timerOf(slot));
        connection.state = State.OPEN;
        counters.made.increment();
        begin(connection);
    }

    @Override
    public void received(int slot, int buffer, int offset, int result) {
        readClock();
        PooledConnection connection = connections.get(slot);
        if (result > 0) {
            slab.move(buffer, Owner.KERNEL, Owner.HANDLER);
            receiveBuffersOut++;
            counters.bytesReceived.add(result);
            if (connection.state == State.OPEN) {
                deliver(connection, buffer, slab.offset(buffer) + offset, result);
            } else {
                discard(connection, buffer, result);
            }
        } else if (result == 0) {
            peerFinished(connection);
        } else {
            close(connection, reasonOf(-result));
        }
    }

    @Override
    public void sent(int slot, long result) {
        readClock();
        PooledConnection connection = connections.get(slot);
        int entry = connection.sendHead;
        connection.sendHead = queue.next(entry);
        connection.sendCount--;
        sendsQueued--;
        if (connection.sendHead == SendQueue.NONE) {
            connection.sendTail = SendQueue.NONE;
        }
        if (result < 0) {
            close(connection, queue.isBuffer(entry) || queue.isMemory(entry)
                    ? reasonOf((int) -result)
                    : reasonOfFile((int) -result));
        } else {
            counters.bytesSent.add(result);
            sendNext(connection);
        }
        freeEntry(entry); // last: a file that is told may queue output
        if (result >= 0) {
            tellSent(connection);
        }
        if (connection.pausedByQueue && connection.sendCount <= sendQueueLimit / 2) {
            becomeWritable(connection);
        }
    }

    @Override
    public void sendsMade() {
        sendsMadeNow = true;
        endBatch();
        sendsMadeNow = false;
    }

    @Override
    public void closed(int slot) {
        readClock();
        PooledConnection connection = connections.get(slot);
        assert connection.state == State.CLOSING : connection;
        dropQueue(connection);
        timers.cancel(timerOf(slot));
        starving.remove(connection);
        ConnectFailure connectFailure = connection.connectFailure();
        if (connectFailure != null) {
            ConnectionHandler waiting = connection.handler;
            connections.free(connection); // first: who is told may try again
            tellConnectFailed(waiting, connectFailure);
        } else {
            try {
                connection.handler.onClosed(connection, connection.closeReason);
            } catch (Throwable failure) {
                counters.handlerFailures.increment();
                LOG.error("Handler failed in onClosed of {}", connection, failure);
            }
            counters.closed(connection.closeReason);
            connections.free(connection);
        }
        if (acceptPaused && !draining && !ended) {
            resumeAccepting();
        }
    }

    // ---- What connections ask for

    /** The handler of the connections that are accepted. */
    ConnectionHandler handler() {
        return handler;
    }

    BufferSlab slab() {
        return slab;
    }

    SlabBuffer handle(int buffer) {
        return handles[buffer];
    }

    @Nullable
    OwnedBuffer acquireBuffer(PooledConnection connection) {
        int buffer = slab.acquire();
        if (buffer < 0) {
            flight.sendShortage();
            if (connection.state == State.OPEN) {
                starving.add(connection);
            }
            return null;
        }
        return handles[buffer].wrap(slab.offset(buffer), slab.bufferBytes(), 0);
    }

    void send(PooledConnection connection, SlabBuffer buffer, boolean more) {
        if (buffer.loop != this) {
            throw new IllegalArgumentException("a buffer of loop " + buffer.loop.index + " on loop " + index);
        }
        if (connection.state != State.OPEN || connection.sendingFinished || buffer.length() == 0) {
            buffer.release();
            return;
        }
        slab.move(buffer.index, Owner.HANDLER, Owner.SEND);
        buffer.more = more;
        enqueue(connection, buffer.index);
    }

    void send(PooledConnection connection, SendableMemory memory, long offset, int length, boolean more) {
        long end = memory.memory().byteSize();
        if (!memory.memory().isNative() || offset < 0 || length < 0 || length > end - offset) {
            tellFinished(memory);
            throw new IndexOutOfBoundsException("offset " + offset + ", length " + length + " in " + memory.memory());
        }
        if (connection.state != State.OPEN || connection.sendingFinished || length == 0) {
            tellFinished(memory);
            return;
        }
        int entry = queue.addMemory(memory, offset, length, more);
        if (entry == SendQueue.NONE) {
            tellFinished(memory);
            throw tooManyParts();
        }
        enqueue(connection, entry);
    }

    void sendFile(PooledConnection connection, SendableFile file, long position, long length) {
        if (position < 0 || length < 0) {
            tellFinished(file);
            throw new IllegalArgumentException("position " + position + ", length " + length);
        }
        if (connection.state != State.OPEN || connection.sendingFinished || length == 0) {
            tellFinished(file);
            return;
        }
        int entry = queue.addFile(file, position, length);
        if (entry == SendQueue.NONE) {
            tellFinished(file);
            throw tooManyParts();
        }
        enqueue(connection, entry);
    }

    private IllegalStateException tooManyParts() {
        return new IllegalStateException("too many parts of files and memory are queued on loop " + index);
    }

    void pause(PooledConnection connection) {
        connection.pausedByHandler = true;
        if (connection.state == State.OPEN && !connection.isPausedByQueue()) {
            backend.pause(connection.slot);
        }
    }

    void resume(PooledConnection connection) {
        connection.pausedByHandler = false;
        receiveIfWanted(connection);
    }

    void pausesWhenFull(PooledConnection connection, boolean pauses) {
        connection.pausesWhenFull = pauses;
        if (connection.isPausedByQueue()) {
            if (connection.state == State.OPEN) {
                backend.pause(connection.slot);
            }
        } else {
            receiveIfWanted(connection);
        }
    }

    private void receiveIfWanted(PooledConnection connection) {
        if (connection.state == State.OPEN && !connection.pausedByHandler && !connection.isPausedByQueue()
                && !connection.peerFinished) {
            backend.receive(connection.slot);
        }
    }

    void finishSending(PooledConnection connection) {
        if (connection.state != State.OPEN || connection.sendingFinished) {
            return;
        }
        connection.sendingFinished = true;
        if (connection.sendHead == SendQueue.NONE) {
            sendEnd(connection);
        }
    }

    long outstanding(PooledConnection connection) {
        return backend.outstanding(connection.slot);
    }

    void deadline(PooledConnection connection, long nanoTime) {
        if (connection.state == State.OPEN || connection.state == State.FINISHING) {
            timers.set(timerOf(connection.slot), nanoTime);
        }
    }

    @Nullable
    SocketAddress remoteAddress(PooledConnection connection) {
        return backend.remoteAddress(connection.slot);
    }

    void closeByHandler(PooledConnection connection) {
        close(connection, localReason);
    }

    private void close(PooledConnection connection, CloseReason reason) {
        if (connection.state == State.CLOSING || connection.state == State.FREE) {
            return;
        }
        // An end that was already announced keeps its reason: it went as it should.
        if (connection.state != State.LINGERING) {
            connection.closeReason = reason;
        }
        if (connection.state == State.CONNECTING && connection.connectFailure() == null) {
            outbound(connection).failure = ConnectFailures.shutDown(outbound(connection).target);
        }
        connection.state = State.CLOSING;
        backend.closeChannel(connection.slot);
    }

    void closeAfterSend(PooledConnection connection) {
        if (connection.state != State.OPEN) {
            return;
        }
        connection.closeReason = connection.peerFinished ? CloseReason.PEER_FINISHED : localReason;
        connection.state = State.FINISHING;
        backend.pause(connection.slot);
        if (connection.sendHead == SendQueue.NONE) {
            linger(connection);
        }
    }

    /** A buffer comes back from the handler. */
    void releaseFromHandler(int buffer) {
        release(buffer, Owner.HANDLER);
    }

    // ---- Connecting

    private @Nullable ConnectFailure refusal(SocketAddress address) {
        if (draining || shutdownRequested) {
            return ConnectFailures.shutDown(address);
        }
        if (connections.isFull()) {
            return ConnectFailures.loopFull(address, index, config.maxConnections());
        }
        return address instanceof InetSocketAddress internet && internet.isUnresolved()
                ? ConnectFailures.unresolved(address)
                : null;
    }

    private static PooledConnection.Outbound outbound(PooledConnection connection) {
        return Objects.requireNonNull(connection.outbound);
    }

    private void failConnect(PooledConnection connection, ConnectFailure failure) {
        outbound(connection).failure = failure;
        close(connection, CloseReason.IO_ERROR); // closed() tells the handler, when the descriptor is free again
    }

    private void tellConnectFailed(ConnectionHandler waiting, ConnectFailure failure) {
        counters.connectFailures.increment();
        try {
            waiting.onConnectFailed(failure);
        } catch (Throwable thrown) {
            counters.handlerFailures.increment();
            LOG.error("Handler failed in onConnectFailed: {}", failure.message(), thrown);
        }
    }

    /** Those that were refused since the last turn; what is refused meanwhile waits for the next. */
    private void tellFailedConnects() {
        for (int tells = failedConnects.size(); tells > 0; tells--) {
            FailedConnect failed = failedConnects.remove();
            tellConnectFailed(failed.handler, failed.failure);
        }
    }

    /** A connection begins: its handler is told, and hears nothing of it if it pauses at once. */
    private void begin(PooledConnection connection) {
        try {
            connection.handler.onOpen(connection);
        } catch (Throwable failure) {
            handlerFailed(connection, failure);
        }
        receiveIfWanted(connection);
    }

    // ---- Receiving

    private void deliver(PooledConnection connection, int buffer, long offset, int length) {
        borrowed.wrap(buffer, offset, length);
        long before = flight.beforeCall();
        try {
            connection.handler.onReceive(connection, borrowed);
        } catch (Throwable failure) {
            handlerFailed(connection, failure);
        }
        flight.called(before, "onReceive");
        boolean retained = borrowed.isRetained();
        borrowed.end();
        if (!retained) {
            release(buffer, Owner.HANDLER);
        }
    }

    private void discard(PooledConnection connection, int buffer, int length) {
        release(buffer, Owner.HANDLER);
        connection.lingered += length;
        if (connection.state == State.LINGERING && connection.lingered > LINGER_BYTES) {
            close(connection, connection.closeReason);
        }
    }

    private void peerFinished(PooledConnection connection) {
        connection.peerFinished = true;
        if (connection.state == State.LINGERING) {
            close(connection, connection.closeReason);
        } else if (connection.state == State.OPEN) {
            localReason = CloseReason.PEER_FINISHED;
            try {
                connection.handler.onPeerFinished(connection);
            } catch (Throwable failure) {
                handlerFailed(connection, failure);
            }
            localReason = CloseReason.CLOSED_LOCALLY;
            if (connection.endSent) {
                close(connection, CloseReason.PEER_FINISHED);
            }
        }
    }

    // ---- Sending

    private void enqueue(PooledConnection connection, int entry) {
        queue.append(connection.sendTail, entry);
        connection.sendTail = entry;
        connection.sendCount++;
        sendsQueued++;
        if (connection.sendHead == SendQueue.NONE) {
            connection.sendHead = entry;
            start(connection, entry);
        }
        if (!connection.pausedByQueue && connection.sendCount >= sendQueueBound(entry)) {
            connection.pausedByQueue = true;
            counters.receivePauses.increment();
            if (connection.pausesWhenFull) { // a slow reader stops receiving before it drains the slab
                backend.pause(connection.slot);
            }
        }
    }

    /** Fewer than configured where the kind of buffer that was just queued runs short. */
    private int sendQueueBound(int entry) {
        int free = slab.isReceiveBuffer(entry) ? slab.receiveBuffers() - receiveBuffersOut : slab.freeSendBuffers();
        return Math.min(sendQueueLimit, 1 + free / FREE_BUFFERS_SHARE);
    }

    private void start(PooledConnection connection, int entry) {
        if (queue.isBuffer(entry)) {
            SlabBuffer buffer = handles[entry];
            // SAFETY: address() checks the range against the slab; the buffer is the send's until sent() frees it.
            backend.send(connection.slot, slab.address(buffer.offset(), buffer.length()), buffer.length(),
                    buffer.more ? Backend.SEND_MORE : 0);
        } else if (queue.isMemory(entry)) {
            startMemory(connection, entry);
        } else {
            startFile(connection, queue.file(entry), queue.position(entry), queue.length(entry));
        }
    }

    private void startMemory(PooledConnection connection, int entry) {
        SendableMemory memory = queue.memory(entry);
        long offset = queue.position(entry);
        int length = (int) queue.length(entry);
        int file = queue.isMore(entry) ? SendableMemory.NO_FILE : memory.descriptor(); // no way to hand over pages knows of more
        // SAFETY: send() has checked the range; the memory stays valid until it is told, after sent() or closed().
        long address = memory.memory().address() + offset;
        if (file == SendableMemory.NO_FILE) {
            backend.send(connection.slot, address, length,
                    Backend.SEND_OUTSIDE | (queue.isMore(entry) ? Backend.SEND_MORE : 0));
        } else {
            backend.sendPages(connection.slot, address, length, file, offset);
        }
    }

    private void startFile(PooledConnection connection, SendableFile file, long position, long length) {
        long address;
        int descriptor = 0;
        FileTransfer transfer = FileTransfer.SENDFILE;
        try {
            address = length <= Integer.MAX_VALUE ? file.address(position, (int) length) : 0;
            if (address == 0) {
                descriptor = file.descriptor();
                transfer = file.transfer(position, length);
            }
        } catch (Throwable failure) {
            handlerFailed(connection, failure); // closed() drops the entry
            return;
        }
        if (address != 0) {
            // SAFETY: the file keeps the memory until it is told; if it is a mapping cut short, the kernel says EFAULT.
            backend.send(connection.slot, address, (int) length, Backend.SEND_MAPPED);
        } else {
            backend.sendFile(connection.slot, descriptor, position, length, transfer);
        }
    }

    private void sendNext(PooledConnection connection) {
        if (connection.state == State.CLOSING) {
            return;
        }
        if (connection.sendHead != SendQueue.NONE) {
            start(connection, connection.sendHead);
        } else if (connection.state == State.FINISHING) {
            linger(connection);
        } else if (connection.sendingFinished) {
            sendEnd(connection);
        }
    }

    /** All output was sent, and none follows, but input may. */
    private void sendEnd(PooledConnection connection) {
        if (connection.peerFinished) {
            close(connection, CloseReason.PEER_FINISHED);
        } else {
            connection.endSent = true;
            backend.finishSending(connection.slot);
        }
    }

    private void becomeWritable(PooledConnection connection) {
        connection.pausedByQueue = false;
        if (connection.state != State.OPEN) {
            return;
        }
        receiveIfWanted(connection);
        tellWritable(connection);
    }

    private void tellWritable(PooledConnection connection) {
        try {
            connection.handler.onWritable(connection);
        } catch (Throwable failure) {
            handlerFailed(connection, failure);
        }
    }

    private void tellSent(PooledConnection connection) {
        try {
            connection.handler.onSent(connection);
        } catch (Throwable failure) {
            handlerFailed(connection, failure);
        }
    }

    private void endBatch() {
        try {
            handler.onBatchEnd();
        } catch (Throwable failure) {
            counters.handlerFailures.increment();
            LOG.error("Handler failed in onBatchEnd of loop {}", index, failure);
        }
    }

    /** Everything was sent: says so to the peer, and waits for its end, lest a reset destroy the last bytes. */
    private void linger(PooledConnection connection) {
        if (connection.peerFinished) {
            close(connection, connection.closeReason);
            return;
        }
        connection.state = State.LINGERING;
        timers.set(timerOf(connection.slot), now + config.drainTimeout().toNanos());
        if (!connection.endSent) {
            connection.endSent = true;
            backend.finishSending(connection.slot);
        }
        backend.receive(connection.slot);
    }

    private void freeEntry(int entry) {
        if (queue.isBuffer(entry)) {
            release(entry, Owner.SEND);
        } else if (queue.isMemory(entry)) {
            tellFinished(queue.removeMemory(entry));
        } else {
            tellFinished(queue.removeFile(entry));
        }
    }

    private void tellFinished(SendableFile file) {
        try {
            file.sendFinished();
        } catch (Throwable failure) {
            counters.handlerFailures.increment();
            LOG.error("A file failed when it was told that it was sent, on loop {}", index, failure);
        }
    }

    private void tellFinished(SendableMemory memory) {
        try {
            memory.sendFinished();
        } catch (Throwable failure) {
            counters.handlerFailures.increment();
            LOG.error("Memory failed when it was told that it was sent, on loop {}", index, failure);
        }
    }

    private void dropQueue(PooledConnection connection) {
        int entry = connection.sendHead;
        if (kernelHolds && entry != SendQueue.NONE) {
            entry = queue.next(entry); // what is in flight refers to a file, or to memory: that stays as it is
        }
        while (entry != SendQueue.NONE) {
            int following = queue.next(entry);
            freeEntry(entry);
            entry = following;
        }
        connection.sendHead = SendQueue.NONE;
        connection.sendTail = SendQueue.NONE;
        sendsQueued -= connection.sendCount;
        connection.sendCount = 0;
    }

    // ---- Buffers

    private void release(int buffer, Owner from) {
        if (slab.isReceiveBuffer(buffer)) {
            slab.move(buffer, from, Owner.KERNEL);
            receiveBuffersOut--;
            assert slab.poison(buffer);
            if (!ended) {
                backend.release(buffer);
            }
        } else {
            slab.free(buffer, from);
        }
    }

    /** Gives each connection that waited for a buffer a try, as long as there are buffers. */
    private void wakeStarving() {
        for (int tries = starving.size(); tries > 0 && slab.freeSendBuffers() > 0; tries--) {
            PooledConnection connection = starving.poll();
            if (connection != null && connection.state == State.OPEN) {
                tellWritable(connection);
            }
        }
    }

    // ---- Accepting

    /** @param errno why; 0: the connection table is full */
    private void pauseAccepting(int errno) {
        if (draining || !listening) {
            return;
        }
        acceptPaused = true;
        counters.acceptPauses.increment();
        if (errno == 0) {
            backend.pauseAccept(); // resumed by closed()
        } else {
            timers.set(ACCEPT_TIMER, now + ACCEPT_RETRY_NANOS);
        }
        if (lastAcceptLog == Long.MIN_VALUE || now - lastAcceptLog > ACCEPT_LOG_NANOS) {
            lastAcceptLog = now;
            LOG.warn("Loop {} stops accepting at {} connections: {}; it resumes when some have left", index,
                    connections.size(), errno == 0 ? "that is its limit (maxConnections)" : Errno.describe(errno));
        }
    }

    private void resumeAccepting() {
        acceptPaused = false;
        timers.cancel(ACCEPT_TIMER);
        backend.accept();
    }

    // ---- Time

    /** One clock reading per batch of completions: the wait before them may have been long. */
    private void readClock() {
        if (clockIsStale) {
            clockIsStale = false;
            now = clock.getAsLong();
            flight.turnBegins();
        }
    }

    private long nanosToSleep() {
        if (!failedConnects.isEmpty() || starving.size() > 0 && slab.freeSendBuffers() > 0) {
            return 0;
        }
        long sleep = timers.nanosToNext(now);
        return draining ? Math.min(sleep, Math.max(0, drainDeadline - now)) : sleep;
    }

    private static int timerOf(int slot) {
        return slot + 1;
    }

    private void timerExpired(int id) {
        if (id == ACCEPT_TIMER) {
            if (acceptPaused && !draining && !connections.isFull()) { // if it is full, closed() resumes
                resumeAccepting();
            }
            return;
        }
        PooledConnection connection = connections.get(id - 1);
        if (connection.state == State.LINGERING) {
            close(connection, connection.closeReason);
        } else if (connection.state == State.CONNECTING) {
            failConnect(connection, ConnectFailures.timedOut(outbound(connection).target));
        } else if (connection.state == State.OPEN || connection.state == State.FINISHING) {
            localReason = CloseReason.TIMED_OUT;
            try {
                connection.handler.onTimeout(connection);
            } catch (Throwable failure) {
                handlerFailed(connection, failure);
            }
            localReason = CloseReason.CLOSED_LOCALLY;
        }
    }

    // ---- Tasks and failures

    /** Returns how many it ran. */
    private int runTasks() {
        for (int ran = 0; ran < TASKS_PER_TURN; ran++) {
            Runnable task = mailbox.poll();
            if (task == null) {
                return ran;
            }
            long before = flight.beforeCall();
            try {
                task.run();
            } catch (Throwable failure) {
                counters.handlerFailures.increment();
                LOG.error("A task on loop {} failed", index, failure);
            }
            flight.called(before, "task");
        }
        return TASKS_PER_TURN;
    }

    private void runSignals() {
        for (int i = 0; i < signalCount; i++) {
            try {
                signals[i].runIfRaised();
            } catch (Throwable failure) {
                counters.handlerFailures.increment();
                LOG.error("The task of a signal failed on loop {}", index, failure);
            }
        }
    }

    private void handlerFailed(PooledConnection connection, Throwable failure) {
        counters.handlerFailures.increment();
        LOG.error("Handler failed for {}", connection, failure);
        close(connection, CloseReason.HANDLER_FAILED);
    }

    private static CloseReason reasonOf(int errno) {
        return switch (Errno.kind(errno)) {
            case EXPECTED -> CloseReason.PEER_RESET;
            case PRESSURE, BUG, OTHER -> CloseReason.IO_ERROR;
        };
    }

    /** Of a part of a file: that the file is too short, its mapping gone, or its disk broken. */
    private static CloseReason reasonOfFile(int errno) {
        return switch (errno) {
            case Errno.ENODATA, Errno.EFAULT, Errno.EIO -> CloseReason.SOURCE_FAILED;
            default -> reasonOf(errno);
        };
    }

    // ---- Shutting down

    private boolean isFinished() {
        if (!draining) {
            return false;
        }
        if (connections.size() == 0) {
            return true;
        }
        if (clock.getAsLong() < drainDeadline) {
            return false;
        }
        if (forced) {
            LOG.error("Loop {} ends with {} connections that did not close", index, connections.size());
            return true;
        }
        forced = true;
        drainDeadline = clock.getAsLong() + FORCED_CLOSE_NANOS;
        for (int slot = 0; slot < connections.highestSlot(); slot++) {
            close(connections.get(slot), CloseReason.SHUT_DOWN);
        }
        return false;
    }

    private void drain() {
        draining = true;
        drainDeadline = now + config.drainTimeout().toNanos();
        backend.stopListening();
        timers.cancel(ACCEPT_TIMER);
        localReason = CloseReason.SHUT_DOWN;
        for (int slot = 0; slot < connections.highestSlot(); slot++) {
            PooledConnection connection = connections.get(slot);
            if (connection.state == State.OPEN) {
                try {
                    connection.handler.onDrain(connection);
                } catch (Throwable failure) {
                    handlerFailed(connection, failure);
                }
            } else if (connection.state == State.CONNECTING) {
                failConnect(connection, ConnectFailures.shutDown(outbound(connection).target));
            }
        }
        localReason = CloseReason.CLOSED_LOCALLY;
    }

    private void end() {
        draining |= shutdownRequested;
        ending = true;
        mailbox.close();
        while (runTasks() == TASKS_PER_TURN) { // all that were taken: a socket that is handed over must not be lost
        }
        runSignals();
        boolean quiet = closeBackend();
        kernelHolds = !quiet;
        ended = true;
        for (int slot = 0; slot < connections.highestSlot(); slot++) {
            PooledConnection connection = connections.get(slot);
            if (connection.state != State.FREE) { // the backend failed, or would not close it in time
                connection.closeReason = draining ? CloseReason.SHUT_DOWN : CloseReason.IO_ERROR;
                if (connection.state == State.CONNECTING) {
                    SocketAddress target = outbound(connection).target;
                    outbound(connection).failure = draining
                            ? ConnectFailures.shutDown(target)
                            : ConnectFailures.loopFailed(target, index);
                }
                connection.state = State.CLOSING;
                closed(slot);
            }
        }
        tellFailedConnects();
        endBatch();
        try {
            handler.onLoopEnd();
        } catch (Throwable failure) {
            LOG.error("Handler failed at the end of loop {}", index, failure);
        }
        if (quiet) {
            // SAFETY: the backend has ended every operation, so the kernel knows no address of the slab any more.
            slabMapping.close();
        }
    }

    /** False if operations may still be under way in the kernel: what they refer to must stay mapped. */
    private boolean closeBackend() {
        try {
            backend.close();
            return true;
        } catch (RuntimeException failure) {
            LOG.error("The backend of loop {} did not end; its memory stays allocated", index, failure);
            return false;
        }
    }
}
