package io.ringwave.testkit;

import io.ringwave.linux.Errno;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BackendFeature;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.Completions;
import io.ringwave.spi.FileTransfer;
import io.ringwave.spi.Token;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a backend and its caller and holds both to the contract of {@link Backend}: the caller to the
 * preconditions of the verbs, the backend to what it may report and when. A breach throws an {@link AssertionError} at
 * the place where it happens, and is kept in {@link #breaches} in case that error is caught. Confined to one thread,
 * except {@link #wakeup}.
 *
 * <pre>
 *   FREE -> (open) OPEN -> (closeChannel) CLOSING -> (closed) FREE
 *   FREE -> (connect) CONNECTING -> (connected) OPEN or FAILED -> (closeChannel) ...
 * </pre>
 */
public final class ContractMonitor implements Backend {

    private enum State {
        FREE, CONNECTING, FAILED, OPEN, CLOSING
    }

    private static final class Channel {
        State state = State.FREE;
        int generation = -1;
        boolean receiving;
        boolean mayReportLate;
        boolean receiveEnded;
        boolean sending;
        boolean finished;
        long sendLength;
    }

    private final Backend backend;
    private final int bufferBytes;
    private final Channel[] channels;
    private final boolean[] lent;
    private final Set<Integer> unopened = new HashSet<>();
    private final List<String> breaches = new ArrayList<>();
    private final Thread owner = Thread.currentThread();
    private final Watched watched = new Watched();
    private int openChannels;
    private int lentBuffers;
    private boolean accepting;
    private boolean acceptStopped = true;
    private boolean inVerb;
    private boolean awaiting;
    private boolean closed;

    /** Watches a new backend that was made on this thread with these resources. */
    public ContractMonitor(Backend backend, BackendResources resources) {
        this.backend = backend;
        this.bufferBytes = resources.slab().bufferBytes();
        this.lent = new boolean[resources.slab().receiveBuffers()];
        this.channels = new Channel[resources.maxConnections()];
        for (int slot = 0; slot < channels.length; slot++) {
            channels[slot] = new Channel();
        }
    }

    /** What went wrong so far, in order; empty if nothing did. */
    public List<String> breaches() {
        return List.copyOf(breaches);
    }

    /** How many channels were opened and not reported closed. */
    public int openChannels() {
        return openChannels;
    }

    /** How many receive buffers were reported and not released. */
    public int lentBuffers() {
        return lentBuffers;
    }

    /** How many sockets were reported and neither opened nor refused. */
    public int unopenedSockets() {
        return unopened.size();
    }

    @Override
    public int listen(InetSocketAddress address, int backlog, boolean sharedPort) {
        enter("listen");
        try {
            return backend.listen(address, backlog, sharedPort);
        } finally {
            inVerb = false;
        }
    }

    @Override
    public int listenOn(int listener) {
        enter("listenOn");
        try {
            return backend.listenOn(listener);
        } finally {
            inVerb = false;
        }
    }

    @Override
    public int steer(int[] cpus) {
        enter("steer");
        try {
            return backend.steer(cpus);
        } finally {
            inVerb = false;
        }
    }

    @Override
    public void accept() {
        enter("accept");
        accepting = true;
        acceptStopped = false;
        backend.accept();
        inVerb = false;
    }

    @Override
    public void pauseAccept() {
        enter("pauseAccept");
        accepting = false;
        backend.pauseAccept();
        inVerb = false;
    }

    @Override
    public void stopListening() {
        enter("stopListening");
        accepting = false;
        backend.stopListening();
        inVerb = false;
    }

    @Override
    public void refuse(int socket) {
        enter("refuse");
        caller(unopened.remove(socket), "refuses socket " + socket + ", which was not reported or is in use");
        backend.refuse(socket);
        inVerb = false;
    }

    @Override
    public void open(int slot, int generation, int socket) {
        enter("open");
        caller(unopened.remove(socket), "opens socket " + socket + ", which was not reported or is in use");
        begin(slot, generation, State.OPEN);
        backend.open(slot, generation, socket);
        inVerb = false;
    }

    @Override
    public void adopt(int slot, int generation, int socket) {
        enter("adopt");
        begin(slot, generation, State.OPEN);
        backend.adopt(slot, generation, socket);
        inVerb = false;
    }

    @Override
    public void connect(int slot, int generation, SocketAddress address) {
        enter("connect");
        begin(slot, generation, State.CONNECTING);
        backend.connect(slot, generation, address);
        inVerb = false;
    }

    private void begin(int slot, int generation, State state) {
        caller(slot >= 0 && slot < channels.length, "opens slot " + slot + " of " + channels.length);
        Channel channel = channels[slot];
        caller(channel.state == State.FREE, "opens slot " + slot + ", which is " + channel.state);
        caller(generation >= 0 && generation < Token.GENERATIONS, "uses generation " + generation);
        caller(generation != channel.generation, "uses generation " + generation + " twice in a row");
        channel.state = state;
        channel.generation = generation;
        channel.receiving = channel.mayReportLate = channel.receiveEnded = channel.finished = false;
        openChannels++;
    }

    @Override
    public void receive(int slot) {
        enter("receive");
        Channel channel = open(slot, "receive");
        channel.receiving = true;
        backend.receive(slot);
        inVerb = false;
    }

    @Override
    public void pause(int slot) {
        enter("pause");
        Channel channel = open(slot, "pause");
        if (channel.receiving) {
            channel.receiving = false;
            channel.mayReportLate = true;
        }
        backend.pause(slot);
        inVerb = false;
    }

    @Override
    public void send(int slot, long address, int length, int flags) {
        enter("send");
        caller(address != 0, "sends from address 0 on slot " + slot);
        caller((flags & ~(SEND_MORE | SEND_MAPPED | SEND_OUTSIDE)) == 0
                && (flags & (SEND_MAPPED | SEND_OUTSIDE)) != (SEND_MAPPED | SEND_OUTSIDE), "sends with flags " + flags);
        beginSend(slot, length);
        backend.send(slot, address, length, flags);
        inVerb = false;
    }

    @Override
    public void sendPages(int slot, long address, int length, int file, long position) {
        enter("sendPages");
        caller(address != 0 && file >= 0 && position >= 0,
                "sends pages of file " + file + " from " + position + " at address " + address);
        beginSend(slot, length);
        backend.sendPages(slot, address, length, file, position);
        inVerb = false;
    }

    @Override
    public void sendFile(int slot, int file, long position, long length, FileTransfer how) {
        enter("sendFile");
        caller(file >= 0 && position >= 0, "sends file " + file + " from " + position);
        caller(backend.fileTransfers().contains(how), "sends a file by " + how);
        beginSend(slot, length);
        backend.sendFile(slot, file, position, length, how);
        inVerb = false;
    }

    @Override
    public Set<FileTransfer> fileTransfers() {
        return backend.fileTransfers();
    }

    @Override
    public long outstanding(int slot) {
        enter("outstanding");
        open(slot, "outstanding");
        long bytes = backend.outstanding(slot);
        backend(bytes >= 0, "says that " + bytes + " bytes are outstanding");
        inVerb = false;
        return bytes;
    }

    private void beginSend(int slot, long length) {
        Channel channel = open(slot, "send");
        caller(length >= 1, "sends " + length + " bytes on slot " + slot);
        caller(!channel.sending, "sends on slot " + slot + " while a send is in flight");
        caller(!channel.finished, "sends on slot " + slot + " after finishSending");
        channel.sending = true;
        channel.sendLength = length;
    }

    @Override
    public void finishSending(int slot) {
        enter("finishSending");
        Channel channel = open(slot, "finishSending");
        caller(!channel.sending, "finishes slot " + slot + " while a send is in flight");
        caller(!channel.finished, "finishes slot " + slot + " twice");
        channel.finished = true;
        backend.finishSending(slot);
        inVerb = false;
    }

    @Override
    public @Nullable SocketAddress remoteAddress(int slot) {
        enter("remoteAddress");
        open(slot, "remoteAddress");
        SocketAddress address = backend.remoteAddress(slot);
        inVerb = false;
        return address;
    }

    @Override
    public void release(int buffer) {
        enter("release");
        caller(buffer >= 0 && buffer < lent.length && lent[buffer], "releases buffer " + buffer + ", which it has not");
        lent[buffer] = false;
        lentBuffers--;
        backend.release(buffer);
        inVerb = false;
    }

    @Override
    public void closeChannel(int slot) {
        enter("closeChannel");
        Channel channel = channels[slot];
        caller(channel.state != State.FREE, "closes slot " + slot + ", which is not open");
        channel.state = State.CLOSING;
        backend.closeChannel(slot);
        inVerb = false;
    }

    @Override
    public int submitAndAwait(long timeoutNanos, Completions completions) {
        caller(!awaiting, "calls submitAndAwait from within a completion");
        enter("submitAndAwait");
        inVerb = false;
        awaiting = true;
        watched.target = completions;
        watched.reports = 0;
        try {
            int result = backend.submitAndAwait(timeoutNanos, watched);
            backend(result < 0 || result == watched.reports,
                    "returns " + result + " completions but reported " + watched.reports);
            return result;
        } finally {
            awaiting = false;
            watched.target = null;
        }
    }

    @Override
    public void wakeup() {
        backend.wakeup(); // any thread: nothing here is touched
    }

    @Override
    public void wakeupFrom(Backend caller) {
        backend.wakeupFrom(caller instanceof ContractMonitor monitor ? monitor.backend : caller);
    }

    @Override
    public List<BackendFeature> features() {
        return backend.features();
    }

    @Override
    public BackendCounters counters() {
        return backend.counters();
    }

    @Override
    public void close() {
        caller(!awaiting, "closes the backend from within a completion");
        inVerb = true;
        closed = true;
        backend.close();
        inVerb = false;
    }

    private void enter(String verb) {
        caller(Thread.currentThread() == owner, "calls " + verb + " from thread " + Thread.currentThread().getName());
        caller(!closed, "calls " + verb + " after close");
        inVerb = true;
    }

    private Channel open(int slot, String verb) {
        caller(slot >= 0 && slot < channels.length, verb + " on slot " + slot + " of " + channels.length);
        caller(channels[slot].state == State.OPEN, verb + " on slot " + slot + ", which is " + channels[slot].state);
        return channels[slot];
    }

    private void caller(boolean holds, String breach) {
        require(holds, "the caller ", breach);
    }

    private void backend(boolean holds, String breach) {
        require(holds, "the backend ", breach);
    }

    private void require(boolean holds, String who, String breach) {
        if (!holds) {
            inVerb = false;
            breaches.add(who + breach);
            throw new AssertionError(who + breach);
        }
    }

    /** What the backend reports to instead of the caller's completions. */
    private final class Watched implements Completions {

        private @Nullable Completions target;
        private int reports;

        @Override
        public void accepted(int result) {
            Completions next = enter("accepted", -1, result);
            backend(!acceptStopped, "reports accepted after accepting had stopped with an error");
            if (result < 0) {
                accepting = false;
                acceptStopped = true;
            } else {
                backend(unopened.add(result), "reports socket " + result + " twice");
            }
            next.accepted(result);
        }

        @Override
        public void connected(int slot, int result) {
            Completions next = enter("connected", slot, result);
            Channel channel = channels[slot];
            backend(channel.state == State.CONNECTING,
                    "reports connected on slot " + slot + ", which is " + channel.state);
            backend(result <= 0, "reports connected with result " + result);
            channel.state = result == 0 ? State.OPEN : State.FAILED;
            next.connected(slot, result);
        }

        @Override
        public void received(int slot, int buffer, int offset, int result) {
            Completions next = enter("received", slot, result);
            Channel channel = channels[slot];
            backend(channel.state == State.OPEN, "reports received on slot " + slot + ", which is " + channel.state);
            backend(!channel.receiveEnded, "reports received on slot " + slot + " after the end");
            backend(channel.receiving || channel.mayReportLate,
                    "reports received on slot " + slot + " while paused, beyond one late chunk");
            channel.mayReportLate = channel.receiving && channel.mayReportLate;
            if (result > 0) {
                backend(buffer >= 0 && buffer < lent.length, "reports buffer " + buffer + " of " + lent.length);
                backend(!lent[buffer], "reports buffer " + buffer + ", which was not released");
                backend(offset >= 0 && result <= bufferBytes - offset,
                        "reports " + result + " bytes at " + offset + " in a buffer of " + bufferBytes);
                lent[buffer] = true;
                lentBuffers++;
            } else {
                backend(buffer == -1, "reports buffer " + buffer + " with result " + result);
                channel.receiveEnded = true;
            }
            next.received(slot, buffer, offset, result);
        }

        @Override
        public void sent(int slot, long result) {
            Completions next = enter("sent", slot, result);
            Channel channel = channels[slot];
            backend(channel.state != State.FREE, "reports sent on slot " + slot + ", which is closed");
            backend(channel.sending, "reports sent on slot " + slot + " without a send in flight");
            backend(result < 0 || result == channel.sendLength,
                    "reports " + result + " bytes sent of " + channel.sendLength + " on slot " + slot);
            channel.sending = false;
            next.sent(slot, result);
        }

        @Override
        public void closed(int slot) {
            Completions next = enter("closed", slot, 0);
            Channel channel = channels[slot];
            backend(channel.state == State.CLOSING, "reports closed on slot " + slot + ", which is " + channel.state);
            backend(!channel.sending, "reports closed on slot " + slot + " before the end of its send");
            channel.state = State.FREE;
            openChannels--;
            next.closed(slot);
        }

        private Completions enter(String report, int slot, long result) {
            backend(!inVerb, "reports " + report + " from within a verb");
            backend(Thread.currentThread() == owner, "reports " + report + " on another thread");
            backend(slot < channels.length, "reports " + report + " on slot " + slot + " of " + channels.length);
            backend(result != -Errno.EAGAIN && result != -Errno.EINTR,
                    "reports " + report + " with EAGAIN or EINTR, which it must handle itself");
            Completions next = target;
            if (next == null) {
                throw new AssertionError("the backend reports " + report + " outside submitAndAwait");
            }
            reports++;
            return next;
        }
    }
}
