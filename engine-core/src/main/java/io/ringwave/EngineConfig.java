package io.ringwave;

import io.ringwave.cpu.CpuAllowance;
import io.ringwave.cpu.Pinning;
import io.ringwave.spi.BackendProvider;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How an engine is set up. Made by {@link #builder}; immutable, and valid once built.
 *
 * @param address where to listen: an {@link InetSocketAddress}, whose port 0 picks a free one, or a {@link
 *     UnixDomainSocketAddress}. That one's file is made with the permissions that the umask leaves (who may
 *     write to it may connect), takes the place of one on which nobody answers, and is deleted when the engine closes
 * @param loops how many event loops, each with its own thread, listener and memory; by default as many as CPUs are
 *     listed for pinning, else as the process may use ({@link CpuAllowance#parallelism})
 * @param pinning whether loops are pinned to CPUs, and to which; {@link io.ringwave.cpu.PinningPlan} says when the
 *     automatic choice does
 * @param acceptMode how connections come to loops
 * @param backend the name of the backend, or {@link #AUTO}
 * @param provider a provider to use instead of those that are installed, or null
 * @param backlog the length of each listener's accept queue
 * @param maxConnections the most connections that one loop holds at a time; then it stops accepting until one has left.
 *     {@link Engine#maxConnections} says how many the limits of the process allow
 * @param bufferBytes the size of every buffer: a power of two
 * @param hugePages whether a loop's buffers are to stand in huge pages: reserved ones if there are enough, else transparent
 *     ones, else plain pages; the log says which it became
 * @param receiveBuffers how many buffers each loop has for received bytes: a power of two
 * @param sendBuffers how many buffers each loop has for output
 * @param sendQueueLimit how many queued sends make a connection unwritable; fewer where send buffers run short
 * @param mailboxCapacity how many tasks from other threads a loop queues
 * @param drainTimeout how long {@link Connection#closeAfterSend} waits for the peer, and {@link Engine#close} for all
 * @param connectTimeout how long {@link Engine#connect} and {@link LoopContext#connect} wait for an answer
 * @param clock the monotonic clock, in nanoseconds
 */
public record EngineConfig(SocketAddress address, int loops, Pinning pinning, AcceptMode acceptMode, String backend,
        @Nullable BackendProvider provider, int backlog, int maxConnections, int bufferBytes, boolean hugePages,
        int receiveBuffers, int sendBuffers, int sendQueueLimit, int mailboxCapacity, Duration drainTimeout,
        Duration connectTimeout, LongSupplier clock) {

    /** The backend is chosen automatically: io_uring where it works, else epoll. */
    public static final String AUTO = "auto";
    /** The default of {@link #maxConnections}: above what the usual limits of a process allow. Memory is taken as needed. */
    public static final int DEFAULT_MAX_CONNECTIONS = 1 << 15;

    /** @throws IllegalArgumentException naming the option that is out of range */
    public EngineConfig {
        if (!(address instanceof InetSocketAddress) && !(address instanceof UnixDomainSocketAddress)) {
            throw new IllegalArgumentException(
                    "address must be of the internet or of a Unix-domain socket: " + address);
        }
        requireRange("loops", loops, 1, 1024);
        requireRange("backlog", backlog, 1, 1 << 20);
        requireRange("maxConnections", maxConnections, 1, 1 << 24);
        requirePowerOfTwo("bufferBytes", bufferBytes, 512, 1 << 20);
        requirePowerOfTwo("receiveBuffers", receiveBuffers, 2, 1 << 15);
        requireRange("sendBuffers", sendBuffers, 2, 1 << 20);
        requireRange("sendQueueLimit", sendQueueLimit, 1, 1 << 16);
        requireRange("mailboxCapacity", mailboxCapacity, 4, 1 << 24);
        if (drainTimeout.isNegative()) {
            throw new IllegalArgumentException("drainTimeout must not be negative: " + drainTimeout);
        }
        if (!connectTimeout.isPositive()) {
            throw new IllegalArgumentException("connectTimeout must be positive: " + connectTimeout);
        }
    }

    /** The same with another {@link #maxConnections}. */
    EngineConfig withMaxConnections(int perLoop) {
        return new EngineConfig(address, loops, pinning, acceptMode, backend, provider, backlog, perLoop, bufferBytes,
                hugePages, receiveBuffers, sendBuffers, sendQueueLimit, mailboxCapacity, drainTimeout, connectTimeout,
                clock);
    }

    /** A builder with the default values. */
    public static Builder builder() {
        return new Builder();
    }

    private static void requireRange(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(option + " must be between " + min + " and " + max + ": " + value);
        }
    }

    private static void requirePowerOfTwo(String option, int value, int min, int max) {
        requireRange(option, value, min, max);
        if (Integer.bitCount(value) != 1) {
            throw new IllegalArgumentException(option + " must be a power of two: " + value);
        }
    }

    /** Collects the options of an {@link EngineConfig}. */
    public static final class Builder {
        private SocketAddress address = new InetSocketAddress("127.0.0.1", 0);
        private @Nullable Integer loops;
        private Pinning pinning = Pinning.AUTO;
        private AcceptMode acceptMode = AcceptMode.AUTO;
        private String backend = AUTO;
        private @Nullable BackendProvider provider;
        private int backlog = 4096;
        private int maxConnections = DEFAULT_MAX_CONNECTIONS;
        private int bufferBytes = 16 * 1024;
        private boolean hugePages;
        private int receiveBuffers = 512;
        private int sendBuffers = 1024;
        private int sendQueueLimit = 16;
        private int mailboxCapacity = 4096;
        private Duration drainTimeout = Duration.ofSeconds(5);
        private Duration connectTimeout = Duration.ofSeconds(10);
        private LongSupplier clock = System::nanoTime;

        private Builder() {}

        public Builder address(SocketAddress address) {
            this.address = address;
            return this;
        }

        /** Listens on a port of the loopback address. */
        public Builder port(int port) {
            return address(new InetSocketAddress("127.0.0.1", port));
        }

        public Builder loops(int loops) {
            this.loops = loops;
            return this;
        }

        public Builder pinning(Pinning pinning) {
            this.pinning = pinning;
            return this;
        }

        public Builder acceptMode(AcceptMode acceptMode) {
            this.acceptMode = acceptMode;
            return this;
        }

        public Builder backend(String backend) {
            this.backend = backend;
            return this;
        }

        public Builder provider(BackendProvider provider) {
            this.provider = provider;
            return this;
        }

        public Builder backlog(int backlog) {
            this.backlog = backlog;
            return this;
        }

        public Builder maxConnections(int maxConnections) {
            this.maxConnections = maxConnections;
            return this;
        }

        public Builder bufferBytes(int bufferBytes) {
            this.bufferBytes = bufferBytes;
            return this;
        }

        public Builder hugePages(boolean hugePages) {
            this.hugePages = hugePages;
            return this;
        }

        public Builder receiveBuffers(int receiveBuffers) {
            this.receiveBuffers = receiveBuffers;
            return this;
        }

        public Builder sendBuffers(int sendBuffers) {
            this.sendBuffers = sendBuffers;
            return this;
        }

        public Builder sendQueueLimit(int sendQueueLimit) {
            this.sendQueueLimit = sendQueueLimit;
            return this;
        }

        public Builder mailboxCapacity(int mailboxCapacity) {
            this.mailboxCapacity = mailboxCapacity;
            return this;
        }

        public Builder drainTimeout(Duration drainTimeout) {
            this.drainTimeout = drainTimeout;
            return this;
        }

        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = connectTimeout;
            return this;
        }

        public Builder clock(LongSupplier clock) {
            this.clock = clock;
            return this;
        }

        /** @throws IllegalArgumentException naming the option that is out of range */
        public EngineConfig build() {
            return new EngineConfig(address, loops != null ? loops : defaultLoops(), pinning, acceptMode, backend,
                    provider, backlog, maxConnections, bufferBytes, hugePages, receiveBuffers, sendBuffers,
                    sendQueueLimit, mailboxCapacity, drainTimeout, connectTimeout, clock);
        }

        private int defaultLoops() {
            return pinning instanceof Pinning.Listed listed
                    ? listed.cpus().size()
                    : CpuAllowance.read().parallelism();
        }
    }
}
