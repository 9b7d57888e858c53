package io.ringwave;

import io.ringwave.linux.Errno;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Sockets;
import io.ringwave.loop.EventLoop;
import io.ringwave.loop.LoopThread;
import io.ringwave.spi.Availability;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.ConnectionLimit;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A running engine: a set of event loops that listen on one address. Started by {@link #start}, ended by {@link #close};
 * thread-safe.
 *
 * {@snippet :
 * try (Engine engine = Engine.start(EngineConfig.builder().port(7000).build(),
 *         loop -> (connection, bytes) -> connection.send(bytes.retain()))) {
 *     engine.awaitTermination();
 * }
 * }
 */
public final class Engine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

    private final List<LoopThread> threads;
    private final int port;
    private final int maxConnections;
    private final BackendChoice backend;

    private Engine(List<LoopThread> threads, int port, int maxConnections, BackendChoice backend) {
        this.threads = List.copyOf(threads);
        this.port = port;
        this.maxConnections = maxConnections;
        this.backend = backend;
    }

    /**
     * Starts the loops and listens.
     *
     * @throws EngineException if no backend works or the address cannot be bound; the message is one line
     */
    public static Engine start(EngineConfig config, HandlerFactory handlers) throws EngineException {
        List<BackendProvider> candidates = candidates(config);
        requireFree(config.address());
        List<Availability> considered = new ArrayList<>();
        for (BackendProvider provider : candidates) {
            Availability availability = provider.probe();
            if (availability.available() || isNamed(config)) { // who names a backend gets it wherever it can be made
                try {
                    return start(config, handlers, provider, availability, considered);
                } catch (io.ringwave.spi.BackendException e) {
                    availability = Availability.no(provider.name(), e.getMessage(), e.remedy());
                }
            }
            considered.add(availability);
        }
        throw new EngineException("No backend works here: " + considered.stream()
                .map(a -> a.backend() + ": " + a.reason() + (a.remedy().isEmpty() ? "" : " (" + a.remedy() + ")"))
                .collect(Collectors.joining("; ")));
    }

    /** The port that the engine listens on. */
    public int port() {
        return port;
    }

    /**
     * The most connections that it holds at a time, over all loops: what was configured, or less if the limits of the
     * process do not allow that. Each loop has an equal part of it; at its part a loop stops accepting until one has left.
     */
    public int maxConnections() {
        return maxConnections;
    }

    /** Which backend it runs on, and why. */
    public BackendChoice backend() {
        return backend;
    }

    /** What it counted so far, over all loops. */
    public EngineStats stats() {
        long accepted = 0;
        long closed = 0;
        long refused = 0;
        long received = 0;
        long sent = 0;
        long failures = 0;
        long pauses = 0;
        long waits = 0;
        long completions = 0;
        long shortages = 0;
        for (LoopThread thread : threads) {
            var counters = thread.loop().counters();
            closed += counters.closed.get(); // before accepted, so that the difference is never negative
            accepted += counters.accepted.get();
            refused += counters.refused.get();
            received += counters.bytesReceived.get();
            sent += counters.bytesSent.get();
            failures += counters.handlerFailures.get();
            pauses += counters.acceptPauses.get();
            BackendCounters backendCounters = thread.loop().backendCounters();
            waits += backendCounters.waits.get();
            completions += backendCounters.completions.get();
            shortages += backendCounters.bufferShortages.get();
        }
        return new EngineStats(accepted, accepted - closed, refused, received, sent, failures, pauses, waits,
                completions, shortages);
    }

    /** Waits until every loop has ended: after {@link #close}, or because its backend failed. */
    public void awaitTermination() throws InterruptedException {
        for (LoopThread thread : threads) {
            thread.join();
        }
    }

    /**
     * Stops accepting, tells every handler to finish ({@link ConnectionHandler#onDrain}), closes what is still open
     * after {@link EngineConfig#drainTimeout}, and returns when all loops have ended. Idempotent.
     *
     * @throws IllegalStateException if called from a loop, which would wait for itself
     */
    @Override
    public void close() {
        if (threads.stream().anyMatch(LoopThread::isCurrent)) {
            throw new IllegalStateException("an engine cannot be closed from one of its loops");
        }
        for (LoopThread thread : threads) {
            thread.loop().shutdown();
        }
        LoopThread.joinAll(threads);
    }

    private static Engine start(EngineConfig wanted, HandlerFactory handlers, BackendProvider provider,
            Availability availability, List<Availability> considered)
            throws EngineException, io.ringwave.spi.BackendException {
        ConnectionLimit limit = provider.connectionLimit(wanted.loops());
        EngineConfig config = wanted.withMaxConnections(Math.min(wanted.maxConnections(), limit.perLoop()));
        List<LoopThread> threads = new ArrayList<>();
        InetSocketAddress address = config.address();
        boolean started = false;
        try {
            for (int index = 0; index < config.loops(); index++) {
                LoopThread thread = LoopThread.start(index, config, handlers, provider);
                threads.add(thread);
                int port = thread.awaitReady(address);
                if (port < 0) {
                    throw cannotListen(address, -port);
                }
                address = new InetSocketAddress(address.getAddress(), port); // the others share the port picked first
            }
            started = true;
        } finally {
            threads.forEach(started ? LoopThread::begin : LoopThread::abandon);
            if (!started) {
                LoopThread.joinAll(threads);
            }
        }
        BackendChoice choice = choice(config, availability, considered);
        LOG.info("Backend {}: {}{}", choice.name(), choice.reason(),
                choice.remedy().isEmpty() ? "" : "; remedy: " + choice.remedy());
        if (config.maxConnections() < wanted.maxConnections()) {
            tellLimit(wanted, config, limit);
        }
        return new Engine(threads, address.getPort(), (int) total(config), choice);
    }

    private static void tellLimit(EngineConfig wanted, EngineConfig config, ConnectionLimit limit) {
        boolean asked = wanted.maxConnections() != EngineConfig.DEFAULT_MAX_CONNECTIONS;
        LOG.atLevel(asked ? Level.WARN : Level.INFO).log("At most {} connections{}: {}; remedy: {}", total(config),
                asked ? ", not " + total(wanted) : "", limit.reason(), limit.remedy());
    }

    private static long total(EngineConfig config) {
        return Math.min(Integer.MAX_VALUE, (long) config.loops() * config.maxConnections());
    }

    private static BackendChoice choice(EngineConfig config, Availability chosen, List<Availability> considered) {
        List<Availability> all = new ArrayList<>(considered);
        all.add(chosen);
        if (!considered.isEmpty()) {
            Availability preferred = considered.getFirst();
            return new BackendChoice(chosen.backend(),
                    preferred.backend() + " is not available: " + preferred.reason(), preferred.remedy(), all);
        }
        String reason = config.backend().equals(EngineConfig.AUTO)
                ? chosen.reason()
                : "chosen by configuration; " + chosen.reason();
        return new BackendChoice(chosen.backend(), reason, chosen.remedy(), all);
    }

    private static boolean isNamed(EngineConfig config) {
        return config.provider() == null && !config.backend().equals(EngineConfig.AUTO);
    }

    private static List<BackendProvider> candidates(EngineConfig config) throws EngineException {
        BackendProvider given = config.provider();
        if (given != null) {
            return List.of(given);
        }
        List<BackendProvider> installed = StreamSupport
                .stream(ServiceLoader.load(BackendProvider.class, Engine.class.getClassLoader()).spliterator(), false)
                .sorted(Comparator.comparingInt(BackendProvider::preference).reversed()).toList();
        if (installed.isEmpty()) {
            throw new EngineException(
                    "No backend is installed: add io.ringwave:engine-uring or io.ringwave:engine-epoll as a dependency");
        }
        if (config.backend().equals(EngineConfig.AUTO)) {
            return installed;
        }
        return installed.stream().filter(provider -> provider.name().equals(config.backend())).findFirst()
                .map(List::of)
                .orElseThrow(() -> new EngineException("No backend is called '" + config.backend() + "'; installed: "
                        + installed.stream().map(BackendProvider::name).collect(Collectors.joining(", "))));
    }

    /** The loops share their port by SO_REUSEPORT, so binding alone would not notice another server of the same user. */
    private static void requireFree(InetSocketAddress address) throws EngineException {
        if (address.isUnresolved()) {
            throw new EngineException("Cannot listen on " + address.getHostString() + ": unknown host");
        }
        if (address.getPort() != 0) {
            int result = Sockets.probe(address);
            if (result < 0) {
                throw cannotListen(address, -result);
            }
        }
    }

    private static EngineException cannotListen(InetSocketAddress address, int errno) {
        String where = address.getAddress().getHostAddress() + ", port " + address.getPort();
        String why = switch (errno) {
            case Errno.EADDRINUSE -> "the port is in use";
            case Errno.EADDRNOTAVAIL -> "no interface of this machine has that address";
            case Errno.EACCES -> "ports below 1024 need the CAP_NET_BIND_SERVICE capability";
            default -> Errno.describe(errno);
        };
        return new EngineException("Cannot listen on " + where + ": " + why,
                new ErrnoException("bind", errno, why, ""));
    }
}
