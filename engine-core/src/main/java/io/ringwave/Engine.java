package io.ringwave;

import io.ringwave.cpu.Cpu;
import io.ringwave.cpu.CpuTopology;
import io.ringwave.cpu.NetworkInterrupts;
import io.ringwave.cpu.Pinning;
import io.ringwave.cpu.PinningPlan;
import io.ringwave.linux.Errno;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Mapping;
import io.ringwave.linux.Sockets;
import io.ringwave.linux.ThreadAffinity;
import io.ringwave.loop.Acceptor;
import io.ringwave.loop.EventLoop;
import io.ringwave.loop.FlightRecord;
import io.ringwave.loop.LoopCounters;
import io.ringwave.loop.LoopThread;
import io.ringwave.spi.Availability;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BackendFeature;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.ConnectionLimit;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
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

    private static final int[] NOT_STEERED = {};

    private final List<LoopThread> threads;
    private final CpuTopology topology;
    private final AcceptChoice acceptance;
    private final @Nullable Acceptor acceptor; // null: each loop accepts
    private final int port;
    private final @Nullable UnixListener unixListener; // closed: only its file is left to be removed
    private final int maxConnections;
    private final BackendChoice backend;
    private final Duration connectTimeout;
    private final AtomicInteger nextLoop = new AtomicInteger(); // for connections from other threads

    private Engine(List<LoopThread> threads, CpuTopology topology, AcceptChoice acceptance, @Nullable Acceptor acceptor,
            int port, int maxConnections,
            @Nullable UnixListener unixListener,
            BackendChoice backend, Duration connectTimeout) {
        this.threads = List.copyOf(threads);
        this.topology = topology;
        this.acceptance = acceptance;
        this.acceptor = acceptor;
        this.port = port;
        this.maxConnections = maxConnections;
        this.unixListener = unixListener;
        this.backend = backend;
        this.connectTimeout = connectTimeout;
    }

    /**
     * Starts the loops and listens.
     *
     * @throws EngineException if no backend works or the address cannot be bound; the message is one line
     */
    public static Engine start(EngineConfig config, HandlerFactory handlers) throws EngineException {
        List<BackendProvider> candidates = candidates(config);
        if (config.address() instanceof InetSocketAddress address) {
            requireFree(address);
        }
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

    /** The port that the engine listens on; 0 if that is a Unix-domain socket. */
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

    /** How connections come to its loops, and why so. */
    public AcceptChoice acceptance() {
        return acceptance;
    }

    /** Which backend it runs on, and why. */
    public BackendChoice backend() {
        return backend;
    }

    /** What became of the kernel's features that its backend can do without; the same for every loop. */
    public List<BackendFeature> features() {
        return threads.getFirst().loop().features();
    }

    /** Where each loop runs, in the order of the loops. Asks the kernel about those that are not pinned. */
    public List<LoopPlacement> placements() {
        List<LoopPlacement> placements = new ArrayList<>();
        for (LoopThread thread : threads) {
            boolean pinned = thread.cpu() != LoopThread.UNPINNED;
            int cpu = pinned ? thread.cpu() : ThreadAffinity.lastCpu(thread.id());
            int node = topology.cpus().stream().filter(each -> each.id() == cpu).mapToInt(Cpu::node).findFirst()
                    .orElse(-1);
            placements.add(new LoopPlacement(placements.size(), thread.id(), pinned, cpu, node));
        }
        return placements;
    }

    /** What it counted so far, over all loops. */
    public EngineStats stats() {
        EngineStats total = EngineStats.ofAcceptPauses(acceptor == null ? 0 : acceptor.pauses());
        for (LoopThread thread : threads) {
            total = total.plus(stats(thread.loop()));
        }
        return total;
    }

    /**
     * What each loop counted, in the order of the loops; any thread. A thread that accepts for all of them
     * ({@link AcceptMode#HANDOFF}) counts its pauses in {@link #stats} only.
     */
    public List<EngineStats> loopStats() {
        EngineStats[] stats = new EngineStats[threads.size()];
        for (int loop = 0; loop < stats.length; loop++) {
            stats[loop] = stats(threads.get(loop).loop());
        }
        return List.of(stats);
    }

    private static EngineStats stats(EventLoop loop) {
        LoopCounters counters = loop.counters();
        BackendCounters backend = loop.backendCounters();
        long closed = counters.closed.get(); // before what was opened, so that the difference is never negative
        long accepted = counters.accepted.get();
        long made = counters.made.get();
        return new EngineStats(accepted, made, counters.connectFailures.get(), accepted + made - closed,
                counters.refused.get(), counters.bytesReceived.get(), counters.bytesSent.get(),
                counters.handlerFailures.get(), counters.acceptPauses.get(), backend.waits.get(),
                backend.completions.get(), backend.bufferShortages.get(), backend.operationsInFlight.get(),
                backend.receiveBuffersFree.get(), counters.sendBuffersFree.get(), backend.overflows.get(),
                backend.zeroCopySends.get(), backend.zeroCopiesCopied.get(), backend.wakeupMessages.get(),
                backend.submissions.get(), backend.rearms.get(), counters.receivePauses.get(),
                counters.sendsQueued.get(), counters.turns.get(), turnSizes(counters), closes(counters));
    }

    private static List<Long> turnSizes(LoopCounters counters) {
        Long[] sizes = new Long[LoopCounters.TURN_SIZES];
        for (int size = 0; size < sizes.length; size++) {
            sizes[size] = counters.turnsOfSize(size);
        }
        return List.of(sizes);
    }

    private static Map<CloseReason, Long> closes(LoopCounters counters) {
        Map<CloseReason, Long> closes = new EnumMap<>(CloseReason.class);
        for (CloseReason reason : CloseReason.values()) {
            closes.put(reason, counters.closedBy(reason));
        }
        return Collections.unmodifiableMap(closes);
    }

    /**
     * Connects to a server, within {@link EngineConfig#connectTimeout}. Called from one of the engine's loops, the
     * connection lives there; from any other thread, on each loop in turn. See {@link LoopContext#connect}.
     *
     * @throws RejectedExecutionException if the engine has ended, or every loop's mailbox is full. If it ends while the
     *     connection is being made, the handler may hear nothing any more
     */
    public void connect(SocketAddress address, ConnectionHandler handler) {
        connect(address, connectTimeout, handler);
    }

    /** As {@link #connect(SocketAddress, ConnectionHandler)}, with a time limit of its own; it must be positive. */
    public void connect(SocketAddress address, Duration timeout, ConnectionHandler handler) {
        for (LoopThread thread : threads) {
            if (thread.isCurrent()) {
                thread.loop().connect(address, timeout, handler);
                return;
            }
        }
        int first = Math.floorMod(nextLoop.getAndIncrement(), threads.size());
        for (int i = 0; i < threads.size(); i++) {
            EventLoop loop = threads.get((first + i) % threads.size()).loop();
            if (loop.execute(() -> loop.connect(address, timeout, handler))) {
                return;
            }
        }
        throw new RejectedExecutionException(
                "Cannot connect to " + address + ": the engine has ended, or the mailboxes of its loops are full");
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
        if (unixListener != null) {
            unixListener.removeFile();
        }
        if (acceptor != null) {
            acceptor.stop(); // first: the loops still take what it has accepted
        }
        for (LoopThread thread : threads) {
            thread.loop().shutdown();
        }
        LoopThread.joinAll(threads);
    }

    private static Engine start(EngineConfig wanted, HandlerFactory handlers, BackendProvider provider,
            Availability availability, List<Availability> considered)
            throws EngineException, io.ringwave.spi.BackendException {
        boolean handsOff = wanted.acceptMode() == AcceptMode.HANDOFF;
        ConnectionLimit limit = connectionLimit(wanted, provider);
        EngineConfig config = wanted.withMaxConnections(Math.min(wanted.maxConnections(), limit.perLoop()));
        CpuTopology topology = CpuTopology.read();
        PinningPlan plan = plan(config, topology);
        List<LoopThread> threads = new ArrayList<>();
        UnixListener unixListener = config.address() instanceof UnixDomainSocketAddress unix
                ? UnixListener.open(unix, config.backlog())
                : null;
        NetworkInterrupts interrupts = plan.pins() ? NetworkInterrupts.read() : new NetworkInterrupts(List.of());
        AcceptChoice acceptance = acceptance(config, plan, interrupts);
        Acceptor acceptor = null;
        int port = 0;
        boolean started = false;
        try {
            for (int index = 0; index < config.loops(); index++) {
                LoopThread thread = LoopThread.start(index, pin(plan, index, config, topology), config, handlers,
                        provider);
                threads.add(thread);
                if (handsOff) {
                    thread.awaitReady(loop -> 0);
                } else if (unixListener != null) {
                    listen(thread, unixListener);
                } else {
                    int[] cpus = index == 0 && acceptance.steered() ? ints(plan.cpus()) : NOT_STEERED;
                    port = listen(thread, (InetSocketAddress) config.address(), port, cpus);
                }
            }
            if (handsOff) {
                int listener = listener(config, unixListener);
                port = unixListener != null ? 0 : Sockets.port(listener);
                acceptor = new Acceptor(listener, threads.stream().map(LoopThread::loop).toList(),
                        config.maxConnections());
            }
            started = true;
        } finally {
            threads.forEach(started ? LoopThread::begin : LoopThread::abandon);
            if (!started) {
                LoopThread.joinAll(threads);
            }
            if (unixListener != null) {
                unixListener.close();
                if (!started) {
                    unixListener.removeFile();
                }
            }
        }
        if (acceptor != null) {
            acceptor.start();
        }
        int steering = threads.getFirst().loop().steering();
        if (steering < 0) {
            acceptance = new AcceptChoice(acceptance.mode(), false,
                    "spread by hash, since the kernel refuses to steer: " + Errno.describe(-steering));
        }
        BackendChoice choice = choice(config, availability, considered);
        LOG.atInfo().addKeyValue("backend", choice.name()).log("Backend {}: {}{}", choice.name(), choice.reason(),
                choice.remedy().isEmpty() ? "" : "; remedy: " + choice.remedy());
        FlightRecord.chosen(choice);
        if (config.maxConnections() < wanted.maxConnections()) {
            tellLimit(wanted, config, limit);
        }
        LOG.info("{}; {}", topology.summary(), plan.reason());
        String conflicts = interrupts.conflicts(plan);
        if (!conflicts.isEmpty()) {
            LOG.warn("Pinning and interrupts do not agree: {}", conflicts);
        }
        if (config.hugePages()) {
            tellPages(config, threads);
        }
        LOG.atInfo().addKeyValue("accept", acceptance.mode().name().toLowerCase(Locale.ROOT)).log(
                "Accepting by {}{}: {}", acceptance.mode().name().toLowerCase(Locale.ROOT),
                acceptance.steered() ? ", steered" : "", acceptance.reason());
        Engine engine = new Engine(threads, topology, acceptance, acceptor, port, (int) total(config), unixListener,
                choice, config.connectTimeout());
        logFeatures(choice.name(), engine.features());
        return engine;
    }

    /** Connections that are handed over are descriptors of the process, whatever the backend. */
    private static ConnectionLimit connectionLimit(EngineConfig config, BackendProvider provider) {
        ConnectionLimit limit = provider.connectionLimit(config.loops());
        ConnectionLimit ofDescriptors = ConnectionLimit.ofDescriptors(config.loops());
        return config.acceptMode() == AcceptMode.HANDOFF && ofDescriptors.perLoop() < limit.perLoop()
                ? ofDescriptors
                : limit;
    }

    private static AcceptChoice acceptance(EngineConfig config, PinningPlan plan, NetworkInterrupts interrupts) {
        if (config.acceptMode() == AcceptMode.HANDOFF) {
            return new AcceptChoice(AcceptMode.HANDOFF, false, "chosen by configuration");
        }
        if (config.loops() == 1) {
            return new AcceptChoice(AcceptMode.REUSEPORT, false, "there is one loop");
        }
        if (config.address() instanceof UnixDomainSocketAddress) {
            return new AcceptChoice(AcceptMode.REUSEPORT, false, "the loops share a Unix-domain socket");
        }
        if (!plan.pins()) {
            return new AcceptChoice(AcceptMode.REUSEPORT, false, "spread by hash, since loops are not pinned");
        }
        if (config.acceptMode() == AcceptMode.REUSEPORT) {
            return new AcceptChoice(AcceptMode.REUSEPORT, true, "to the loop of the CPU on which a connection arrives");
        }
        return interrupts.reachEach(plan.cpus())
                ? new AcceptChoice(AcceptMode.REUSEPORT, true,
                        "to the loop of the CPU on which a connection arrives; each has a queue of a network card")
                : new AcceptChoice(AcceptMode.REUSEPORT, false,
                        "spread by hash, since not every loop's CPU has a queue of a network card");
    }

    private static int[] ints(List<Integer> numbers) {
        return numbers.stream().mapToInt(Integer::intValue).toArray();
    }

    /** A listening socket in blocking mode. */
    private static int listener(EngineConfig config, @Nullable UnixListener unixListener) throws EngineException {
        if (unixListener != null) {
            return unixListener.share();
        }
        InetSocketAddress address = (InetSocketAddress) config.address();
        int listener = Sockets.listen(address, config.backlog(), false, false);
        if (listener < 0) {
            throw cannotListen(address, -listener);
        }
        return listener;
    }

    private static PinningPlan plan(EngineConfig config, CpuTopology topology) throws EngineException {
        try {
            return PinningPlan.of(config.pinning(), config.loops(), topology);
        } catch (IllegalArgumentException e) {
            throw new EngineException("Cannot pin: " + e.getMessage(), e);
        }
    }

    private static LoopThread.Pin pin(PinningPlan plan, int loop, EngineConfig config, CpuTopology topology) {
        if (!plan.pins()) {
            return LoopThread.Pin.NONE;
        }
        Cpu cpu = plan.places().get(loop).cpu();
        return new LoopThread.Pin(cpu.id(), config.pinning() instanceof Pinning.Listed,
                topology.nodes() > 1 ? cpu.node() : Mapping.ANY_NODE);
    }

    private static void tellPages(EngineConfig config, List<LoopThread> threads) {
        long bytes = BufferSlab.memoryBytes(config.receiveBuffers() + config.sendBuffers(), config.bufferBytes());
        Map<Mapping.Pages, Long> loops = threads.stream()
                .collect(Collectors.groupingBy(thread -> thread.loop().pages(), TreeMap::new, Collectors.counting()));
        LOG.info("Buffers of {} KiB a loop: {}", bytes / 1024, loops.entrySet().stream()
                .map(entry -> entry.getValue() + (entry.getValue() == 1 ? " loop" : " loops")
                        + switch (entry.getKey()) {
                            case RESERVED_HUGE -> " in reserved huge pages";
                            case TRANSPARENT_HUGE ->
                                " in transparent huge pages, since too few are reserved (vm.nr_hugepages)";
                            case PLAIN -> " in plain pages, since too few huge ones are reserved (vm.nr_hugepages) and "
                                    + "transparent ones are switched off (/sys/kernel/mm/transparent_hugepage/enabled)";
                        })
                .collect(Collectors.joining(", ")));
    }

    private static void logFeatures(String backend, List<BackendFeature> features) {
        if (!features.isEmpty()) {
            LOG.info("Features of {}: {}", backend, Stream.of(BackendFeature.Use.values())
                    .map(use -> use.name().toLowerCase(Locale.ROOT) + ": " + listed(features, use))
                    .collect(Collectors.joining("; ")));
        }
    }

    private static String listed(List<BackendFeature> features, BackendFeature.Use use) {
        String list = features.stream().filter(feature -> feature.use() == use)
                .map(feature -> feature.detail().isEmpty()
                        ? feature.name()
                        : feature.name() + " (" + feature.detail() + ")")
                .collect(Collectors.joining(", "));
        return list.isEmpty() ? "none" : list;
    }

    /**
     * @param picked the port that the first loop picked, which the others share; 0 for the first
     * @param cpus if not empty, for this listener and those that follow: {@link EventLoop#listen}
     * @return the port
     */
    private static int listen(LoopThread thread, InetSocketAddress configured, int picked, int[] cpus)
            throws EngineException, io.ringwave.spi.BackendException {
        InetSocketAddress address = picked == 0 ? configured : new InetSocketAddress(configured.getAddress(), picked);
        int port = thread.awaitReady(loop -> loop.listen(address, cpus));
        if (port < 0) {
            throw cannotListen(address, -port);
        }
        return port;
    }

    private static void listen(LoopThread thread, UnixListener listener)
            throws EngineException, io.ringwave.spi.BackendException {
        int descriptor = listener.share();
        boolean handedOver = false;
        try {
            int result = thread.awaitReady(loop -> loop.listenOn(descriptor));
            handedOver = true;
            if (result < 0) {
                throw new EngineException(
                        "The backend does not listen on Unix-domain sockets: " + Errno.describe(-result));
            }
        } finally {
            if (!handedOver) {
                Libc.close(descriptor); // the loop was not made
            }
        }
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
