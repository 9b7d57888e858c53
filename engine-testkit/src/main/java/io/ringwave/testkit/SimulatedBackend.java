package io.ringwave.testkit;

import io.ringwave.linux.Errno;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.Completions;
import io.ringwave.spi.FileTransfer;
import io.ringwave.spi.Token;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A backend without a kernel: its connections are those of a {@link SimulatedNetwork}. It behaves like the most erratic
 * kernel that the contract allows. What happens is first noted as an event with a {@link Token}, as in a completion
 * queue, and reported later, in an order that is random but for what belongs together: the chunks of one connection,
 * the end of a send before {@code closed}. Events may outlive their connection; the generation tells, as it does in
 * the other backends. Confined to one thread, except {@link #wakeup}.
 */
public final class SimulatedBackend implements Backend {

    private static final int ACCEPT = 1;
    private static final int RECEIVE = 2;
    private static final int SEND = 3;
    private static final int CLOSE = 4;
    private static final int CONNECT = 5;
    /** The number of a socket for which there was no descriptor. */
    private static final int NO_SOCKET = -1;

    /** How many chunks of one connection wait to be reported: what a multishot receive may have produced. */
    private static final int MAX_CHUNKS = 3;
    private static final int MAX_BATCH = 64;
    private static final long PARK_NANOS = 1_000_000;

    private record Event(long token, long result, int buffer, int offset) {}

    private static final class Channel {
        final int slot;
        final int generation;
        final int number;
        final SimulatedSocket socket;
        @Nullable
        SocketAddress connecting; // while the outcome is open
        boolean receiving;
        boolean mayReportLate;
        boolean receiveEnded;
        int chunks;
        boolean sending;
        boolean sendEnded; // an event says so
        long sendAddress;
        long sendLength;
        long sendDone;
        long filePosition;
        @Nullable
        FileChannel file;
        boolean finishing;
        boolean closing;
        boolean closeEnded; // an event says so

        Channel(int slot, int generation, int number, SimulatedSocket socket) {
            this.slot = slot;
            this.generation = generation;
            this.number = number;
            this.socket = socket;
        }

        long token(int operation) {
            return Token.of(operation, generation, slot);
        }
    }

    private final SimulatedNetwork network;
    private final SplittableRandom random;
    private final BufferSlab slab;
    private final @Nullable Channel[] channels;
    private final List<Channel> active = new ArrayList<>();
    private final List<Event> events = new ArrayList<>();
    private final List<Integer> freeBuffers = new ArrayList<>();
    private final BackendCounters counters = new BackendCounters();
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Thread owner = Thread.currentThread();
    private int port;
    private boolean accepting;
    private boolean acceptFailing; // an event says so
    private boolean closed;

    SimulatedBackend(SimulatedNetwork network, BackendResources resources) {
        this.network = network;
        this.random = network.random();
        this.slab = resources.slab();
        this.channels = new Channel[resources.maxConnections()];
        for (int buffer = 0; buffer < slab.receiveBuffers(); buffer++) {
            freeBuffers.add(buffer);
        }
    }

    // ---- the verbs; a ContractMonitor checks their preconditions

    @Override
    public int listen(InetSocketAddress address, int backlog, boolean sharedPort) {
        int result = network.listen(address.getPort(), sharedPort);
        port = Math.max(0, result);
        return result;
    }

    @Override
    public int listenOn(int listener) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    public int steer(int[] cpus) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    public void accept() {
        accepting = true;
    }

    @Override
    public void pauseAccept() {
        accepting = false;
    }

    @Override
    public void stopListening() {
        accepting = false;
        if (port > 0) {
            network.unlisten(port);
            port = 0;
        }
    }

    @Override
    public void refuse(int socket) {
        network.closeSocket(socket);
    }

    @Override
    public void open(int slot, int generation, int socket) {
        Channel channel = new Channel(slot, generation, socket, network.socket(socket));
        channels[slot] = channel;
        active.add(channel);
    }

    @Override
    public void adopt(int slot, int generation, int socket) {
        open(slot, generation, socket); // the network numbers all sockets alike
    }

    @Override
    public void connect(int slot, int generation, SocketAddress address) {
        SimulatedSocket socket = new SimulatedSocket(random.split());
        int number = network.descriptorsExhausted() ? NO_SOCKET : network.number(socket);
        Channel channel = new Channel(slot, generation, number, socket);
        channels[slot] = channel;
        active.add(channel);
        if (number == NO_SOCKET) {
            events.add(new Event(channel.token(CONNECT), -Errno.EMFILE, -1, 0));
        } else {
            channel.connecting = address;
        }
    }

    @Override
    public void receive(int slot) {
        channel(slot).receiving = true;
    }

    @Override
    public void pause(int slot) {
        Channel channel = channel(slot);
        if (channel.receiving) {
            channel.receiving = false;
            channel.mayReportLate = true;
        }
    }

    @Override
    public void send(int slot, long address, int length, int flags) {
        Channel channel = beginSend(slot, length);
        if ((flags & (SEND_MAPPED | SEND_OUTSIDE)) == 0) {
            channel.sendAddress = address;
        } else { // as a file, so that memory which is gone is an error instead of a crash: proc_pid_mem(5)
            read(channel, "/proc/self/mem", address);
        }
    }

    @Override
    public void sendFile(int slot, int file, long position, long length, FileTransfer how) {
        read(beginSend(slot, length), "/proc/self/fd/" + file, position);
    }

    private static void read(Channel channel, String file, long position) {
        channel.filePosition = position;
        try {
            channel.file = FileChannel.open(Path.of(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Channel beginSend(int slot, long length) {
        Channel channel = channel(slot);
        channel.sending = true;
        channel.sendEnded = false;
        channel.sendLength = length;
        channel.sendDone = 0;
        return channel;
    }

    @Override
    public long outstanding(int slot) {
        Channel channel = channel(slot);
        return (channel.sending ? channel.sendLength - channel.sendDone : 0) + channel.socket.toPeer.size();
    }

    @Override
    public void finishSending(int slot) {
        channel(slot).finishing = true;
    }

    @Override
    public @Nullable SocketAddress remoteAddress(int slot) {
        return null; // simulated peers have none
    }

    @Override
    public void release(int buffer) {
        freeBuffers.add(buffer);
    }

    @Override
    public void closeChannel(int slot) {
        channel(slot).closing = true;
    }

    @Override
    public BackendCounters counters() {
        return counters;
    }

    private Channel channel(int slot) {
        Channel channel = channels[slot];
        if (channel == null) {
            throw new AssertionError("slot " + slot + " is not open");
        }
        return channel;
    }

    // ---- waiting

    @Override
    public int submitAndAwait(long timeoutNanos, Completions completions) {
        counters.waits.increment();
        long begin = network.nanoTime();
        while (true) {
            if (!network.step()) {
                return -Errno.EIO;
            }
            produce();
            int reported = report(completions);
            counters.completions.add(reported);
            if (woken.getAndSet(false) || reported > 0 || network.happens(network.faults().spuriousWakeup())) {
                return reported;
            }
            long left = timeoutNanos - (network.nanoTime() - begin);
            if (left <= 0) {
                return 0;
            }
            if (isQuiet()) {
                if (timeoutNanos == Long.MAX_VALUE) {
                    LockSupport.parkNanos(PARK_NANOS); // only another thread can end this wait
                } else {
                    network.advance(left);
                    return 0;
                }
            }
        }
    }

    @Override
    public void wakeup() {
        woken.set(true);
        LockSupport.unpark(owner);
    }

    /** Whether nothing will happen, however long one waits. */
    private boolean isQuiet() {
        return !network.hasActors() && events.isEmpty() && !mayAccept()
                && active.stream()
                        .noneMatch(channel -> mayReceive(channel) || maySend(channel) || channel.closing
                                || mayConnect(channel)
                                || channel.finishing && !channel.socket.backendFinished);
    }

    private boolean mayAccept() {
        return accepting && !acceptFailing && !network.listener(port).backlog.isEmpty();
    }

    private boolean mayReceive(Channel channel) {
        return channel.receiving && !channel.receiveEnded && !channel.closing && channel.chunks < MAX_CHUNKS
                && channel.socket.hasForBackend() && (channel.socket.toBackend.isEmpty() || !freeBuffers.isEmpty());
    }

    private boolean mayConnect(Channel channel) {
        return channel.connecting != null && !channel.closing && !channel.connecting.equals(network.silent());
    }

    private static boolean maySend(Channel channel) {
        return channel.sending && !channel.sendEnded
                && (channel.closing || channel.socket.errno != 0 || channel.socket.room() > 0);
    }

    // ---- what the kernel would do

    private void produce() {
        if (mayAccept() && random.nextInt(3) > 0) {
            produceAccept();
        }
        for (Channel channel : active) {
            if (channel.connecting != null && random.nextInt(4) == 0) {
                produceConnect(channel);
            }
            if (random.nextInt(4) > 0) {
                produceReceive(channel);
            }
            if (random.nextInt(4) > 0) {
                produceSend(channel);
            }
            if (random.nextInt(4) > 0) {
                produceFinish(channel);
            }
            if (random.nextInt(4) == 0) {
                produceClose(channel);
            }
        }
    }

    private void produceAccept() {
        int[] shortages = {Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM};
        int errno = network.descriptorsExhausted()
                ? Errno.EMFILE
                : network.happens(network.faults().acceptError()) ? shortages[random.nextInt(shortages.length)] : 0;
        if (errno != 0) {
            acceptFailing = true;
            events.add(new Event(Token.of(ACCEPT, 0, 0), -errno, -1, 0));
        } else {
            SimulatedSocket socket = network.listener(port).backlog.remove();
            events.add(new Event(Token.of(ACCEPT, 0, 0), network.number(socket), -1, 0));
        }
    }

    private void produceConnect(Channel channel) {
        SocketAddress address = channel.connecting;
        if (address == null || !mayConnect(channel)) {
            return;
        }
        int[] failures = {Errno.ETIMEDOUT, Errno.EHOSTUNREACH, Errno.ENETUNREACH};
        int result = network.happens(network.faults().connectError())
                ? -failures[random.nextInt(failures.length)]
                : network.connect(channel.socket, address);
        channel.connecting = null;
        events.add(new Event(channel.token(CONNECT), result, -1, 0));
    }

    private void produceReceive(Channel channel) {
        SimulatedSocket socket = channel.socket;
        if (channel.receiving && !channel.closing && !socket.toBackend.isEmpty()
                && (freeBuffers.isEmpty() || network.happens(network.faults().bufferShortage()))) {
            counters.bufferShortages.increment();
            return;
        }
        if (!mayReceive(channel)) {
            return;
        }
        if (network.happens(network.faults().receiveError())) {
            socket.disturb(random.nextBoolean() ? Errno.ECONNRESET : Errno.ETIMEDOUT);
        }
        channel.chunks++;
        if (!socket.toBackend.isEmpty()) {
            int length = network.portion(Math.min(slab.bufferBytes(), socket.toBackend.size()));
            int offset = random.nextInt(4) == 0 ? random.nextInt(slab.bufferBytes() - length + 1) : 0;
            int buffer = freeBuffers.remove(random.nextInt(freeBuffers.size()));
            MemorySegment.copy(socket.toBackend.remove(length), 0, slab.memory(), ValueLayout.JAVA_BYTE,
                    slab.offset(buffer) + offset, length);
            events.add(new Event(channel.token(RECEIVE), length, buffer, offset));
        } else {
            channel.receiveEnded = true;
            events.add(new Event(channel.token(RECEIVE), -socket.errno, -1, 0)); // 0: the peer has finished
        }
    }

    private void produceSend(Channel channel) {
        if (!maySend(channel)) {
            return;
        }
        SimulatedSocket socket = channel.socket;
        if (network.happens(network.faults().sendError())) {
            socket.disturb(random.nextBoolean() ? Errno.ECONNRESET : Errno.ETIMEDOUT);
        }
        if (socket.errno != 0) {
            // EPIPE to him who was told before: send(2)
            endSend(channel, channel.receiveEnded || random.nextBoolean() ? -Errno.EPIPE : -socket.errno);
        } else if (channel.closing) {
            endSend(channel, -Errno.ECANCELED);
        } else {
            int most = (int) Math.min(socket.room(), channel.sendLength - channel.sendDone);
            byte[] bytes = content(channel, network.portion(most));
            socket.send(bytes);
            channel.sendDone += bytes.length;
            if (bytes.length == 0) {
                endSend(channel, -Errno.ENODATA);
            } else if (channel.sendDone == channel.sendLength) {
                endSend(channel, channel.sendLength);
            }
        }
    }

    /** The next bytes of a send; none if the file has ended. */
    private byte[] content(Channel channel, int length) {
        if (channel.file == null) {
            return slab.view(channel.sendAddress + channel.sendDone, length).toArray(ValueLayout.JAVA_BYTE);
        }
        try {
            ByteBuffer bytes = ByteBuffer.allocate(length);
            int count = channel.file.read(bytes, channel.filePosition + channel.sendDone);
            return Arrays.copyOf(bytes.array(), Math.max(0, count));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void endSend(Channel channel, long result) {
        channel.sendEnded = true;
        closeFile(channel);
        events.add(new Event(channel.token(SEND), result, -1, 0));
    }

    private static void closeFile(Channel channel) {
        if (channel.file != null) {
            try {
                channel.file.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            channel.file = null;
        }
    }

    private static void produceFinish(Channel channel) {
        if (channel.finishing && !channel.closing) {
            channel.socket.backendFinished = true;
        }
    }

    private void produceClose(Channel channel) {
        if (channel.closing && !channel.closeEnded && (!channel.sending || channel.sendEnded)) {
            channel.closeEnded = true;
            closeSocket(channel);
            events.add(new Event(channel.token(CLOSE), 0, -1, 0));
        }
    }

    private void closeSocket(Channel channel) {
        if (channel.number != NO_SOCKET) {
            network.closeSocket(channel.number);
        }
    }

    // ---- what is reported, and when

    private int report(Completions completions) {
        int reported = 0;
        int batch = random.nextInt(1, MAX_BATCH + 1);
        for (int i = 0; i < batch && !events.isEmpty(); i++) {
            int index = pick();
            if (index < 0) {
                break;
            }
            if (dispatch(events.remove(index), completions)) {
                reported++;
            }
            if (random.nextInt(8) == 0) {
                break; // the rest comes later
            }
        }
        return reported;
    }

    /** The index of a random event that may be reported now; -1 if there is none. */
    private int pick() {
        int start = random.nextInt(events.size());
        for (int i = 0; i < events.size(); i++) {
            int index = (start + i) % events.size();
            if (mayReport(index)) {
                return index;
            }
        }
        return -1;
    }

    private boolean mayReport(int index) {
        long token = events.get(index).token;
        Channel channel = present(token);
        boolean paused = channel != null && !channel.receiving && !channel.mayReportLate && !channel.closing;
        return switch (Token.operation(token)) {
            case ACCEPT -> isFirst(index, token);
            // Of a closing connection mostly later, when the slot may have another owner.
            case RECEIVE -> isFirst(index, token) && !paused
                    && (channel == null || !channel.closing || random.nextInt(8) == 0);
            case SEND, CONNECT -> true;
            case CLOSE -> channel == null || isFirst(index, channel.token(SEND));
            default -> throw new AssertionError(token);
        };
    }

    /** Whether no event with this token stands before the index. */
    private boolean isFirst(int index, long token) {
        for (int i = 0; i < index; i++) {
            if (events.get(i).token == token) {
                return false;
            }
        }
        return true;
    }

    /** The channel that a token speaks of; null if that is gone, whoever has the slot now. */
    private @Nullable Channel present(long token) {
        Channel channel = channels[Token.slot(token)];
        return channel != null && channel.generation == Token.generation(token) ? channel : null;
    }

    /** Reports an event, or drops it if nobody is to hear of it. */
    private boolean dispatch(Event event, Completions completions) {
        if (Token.operation(event.token) == ACCEPT) {
            if (event.result < 0) {
                accepting = false;
                acceptFailing = false;
            }
            completions.accepted((int) event.result);
            return true;
        }
        Channel channel = present(event.token);
        if (channel == null) {
            counters.staleReports.increment();
            drop(event);
            return false;
        }
        switch (Token.operation(event.token)) {
            case RECEIVE -> {
                channel.chunks--;
                if (channel.closing) {
                    drop(event);
                    return false;
                }
                channel.mayReportLate = false;
                completions.received(channel.slot, event.buffer, event.offset, (int) event.result);
            }
            case CONNECT -> {
                if (channel.closing) {
                    return false;
                }
                completions.connected(channel.slot, (int) event.result);
            }
            case SEND -> {
                channel.sending = false;
                completions.sent(channel.slot, event.result);
            }
            case CLOSE -> {
                channels[channel.slot] = null;
                active.remove(channel);
                completions.closed(channel.slot);
            }
            default -> throw new AssertionError(event);
        }
        return true;
    }

    private void drop(Event event) {
        if (event.buffer >= 0) {
            freeBuffers.add(event.buffer);
        }
    }

    // ---- the end

    /** Ends all connections, and tells the network what was not given back, which only a crash may do. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (Event event : events) {
            drop(event);
            if (Token.operation(event.token) == ACCEPT && event.result >= 0) {
                network.closeSocket((int) event.result);
            }
        }
        for (Channel channel : active) {
            closeFile(channel);
            if (!channel.closeEnded) {
                closeSocket(channel);
            }
        }
        stopListening();
        int sendBuffers = slab.buffers() - slab.receiveBuffers();
        found(active.size(), "connections were open");
        found(slab.receiveBuffers() - freeBuffers.size(), "receive buffers were not released");
        found(sendBuffers - slab.freeSendBuffers(), "send buffers were not released");
        network.backendClosed();
    }

    private void found(int count, String what) {
        if (count != 0) {
            network.finding("when the backend was closed, " + count + " " + what);
        }
    }
}
