package io.ringwave.testkit;

import io.ringwave.linux.Errno;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The world of a {@link SimulatedBackend}: connections, their other ends, the clock, and a seed that decides everything.
 * The same seed and the same calls give the same run.
 *
 * <p>Confined to the thread that drives the backend, from when that exists; before, it may be set up elsewhere.
 * {@link #nanoTime} and {@link #awaitActors} may be called from any thread. Time passes only within
 * {@link io.ringwave.spi.Backend#submitAndAwait}.
 */
public final class SimulatedNetwork implements Peers {

    private static final int FIRST_SOCKET = 3;
    private static final int FIRST_PORT = 40_000;
    private static final int FIRST_PEER_PORT = 20_000;
    private static final SocketAddress SILENT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 2);
    private static final int MAX_STEP_NANOS = 50_000;

    private final SplittableRandom random;
    private final Faults faults;
    private final AtomicLong nanos = new AtomicLong();
    private final Map<Integer, Listener> listeners = new HashMap<>();
    private final List<@Nullable SimulatedSocket> sockets = new ArrayList<>();
    private final List<SimulatedPeer> peers = new ArrayList<>();
    private final List<BooleanSupplier> actors = new ArrayList<>();
    private final List<ContractMonitor> monitors = new ArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final List<String> findings = new ArrayList<>();
    private long stepsLeft = Long.MAX_VALUE;
    private boolean descriptorsExhausted;
    private final Map<SocketAddress, SimulatedListener> peerListeners = new HashMap<>();
    private int nextPeerPort = FIRST_PEER_PORT;

    /** A port, the connections that wait there, and how many backends listen. */
    static final class Listener {
        final ArrayDeque<SimulatedSocket> backlog = new ArrayDeque<>();
        private final boolean shared;
        private int backends = 1;

        private Listener(boolean shared) {
            this.shared = shared;
        }
    }

    /** A world without connections. */
    public SimulatedNetwork(long seed, Faults faults) {
        this.random = new SplittableRandom(seed);
        this.faults = faults;
    }

    /** The clock: how many nanoseconds the simulation has lasted. Any thread. */
    public long nanoTime() {
        return nanos.get();
    }

    /**
     * Adds somebody who acts of its own accord, a little in each step, on the thread of the backend; false: it is done.
     * What it throws ends the simulation.
     */
    public void addActor(BooleanSupplier actor) {
        actors.add(actor);
    }

    /** Ends the simulation with a finding after so many steps. */
    public void limitSteps(long steps) {
        stepsLeft = steps;
    }

    /**
     * Waits until every actor is done, or nothing more can happen: the simulation was ended by a finding, or its
     * backend was closed. Any thread.
     */
    public void awaitActors() throws InterruptedException {
        ended.await();
    }

    /** How many actors are not done. After the end of the backend only. */
    public int actorsLeft() {
        return actors.size();
    }

    /** The lowest port on which somebody listens; 0 if nobody does. */
    public int port() {
        return listeners.keySet().stream().min(Integer::compare).orElse(0);
    }

    /** Whether accepting fails with EMFILE. */
    public void exhaustDescriptors(boolean exhausted) {
        descriptorsExhausted = exhausted;
    }

    /**
     * What was found wrong: errors of actors, breaches of the contract, things that were lost. After the end of the
     * backend only.
     */
    public List<String> findings() {
        List<String> all = new ArrayList<>(findings);
        monitors.forEach(monitor -> all.addAll(monitor.breaches()));
        return all;
    }

    /** How many events outlived their connection and were dropped. After the end of the backend only. */
    public long staleReports() {
        return monitors.stream().mapToLong(monitor -> monitor.counters().staleReports.get()).sum();
    }

    @Override
    public SimulatedPeer connect(int port) {
        Listener listener = listeners.get(port);
        if (listener == null) {
            throw new IllegalStateException("nobody listens on port " + port);
        }
        SimulatedSocket socket = new SimulatedSocket(random.split());
        listener.backlog.add(socket);
        SimulatedPeer peer = new SimulatedPeer(socket);
        peers.add(peer);
        return peer;
    }

    @Override
    public Accepted accepted() {
        SimulatedSocket socket = new SimulatedSocket(random.split());
        SimulatedPeer peer = new SimulatedPeer(socket);
        peers.add(peer);
        return new Accepted(peer, number(socket));
    }

    @Override
    public PeerListener listen() {
        return listenAt(new InetSocketAddress(InetAddress.getLoopbackAddress(), nextPeerPort++));
    }

    @Override
    public PeerListener listenOnPath() {
        return listenAt(UnixDomainSocketAddress.of("/simulated/" + nextPeerPort++));
    }

    private PeerListener listenAt(SocketAddress address) {
        SimulatedListener listener = new SimulatedListener(address);
        peerListeners.put(address, listener);
        return listener;
    }

    @Override
    public SocketAddress nobody() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    }

    @Override
    public SocketAddress silent() {
        return SILENT;
    }

    @Override
    public void close() {
        peers.forEach(SimulatedPeer::close);
        peers.clear();
        peerListeners.clear();
    }

    private final class SimulatedListener implements PeerListener {

        private final SocketAddress address;
        private final ArrayDeque<SimulatedPeer> waiting = new ArrayDeque<>();

        SimulatedListener(SocketAddress address) {
            this.address = address;
        }

        @Override
        public SocketAddress address() {
            return address;
        }

        @Override
        public @Nullable Peer accept() {
            return waiting.poll();
        }

        @Override
        public void close() {
            peerListeners.remove(address, this);
        }
    }

    // ---- for the backend

    SplittableRandom random() {
        return random;
    }

    Faults faults() {
        return faults;
    }

    boolean descriptorsExhausted() {
        return descriptorsExhausted;
    }

    boolean happens(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    /** How much of something to do: often all, often little, often one. */
    int portion(int most) {
        return switch (random.nextInt(8)) {
            case 0 -> 1;
            case 1 -> Math.min(most, random.nextInt(1, 100));
            case 2, 3 -> random.nextInt(1, most + 1);
            default -> most;
        };
    }

    void watch(ContractMonitor monitor) {
        monitors.add(monitor);
    }

    void backendClosed() {
        ended.countDown();
    }

    void finding(String finding) {
        findings.add(finding);
    }

    boolean hasActors() {
        return !actors.isEmpty();
    }

    /** A little time passes, in which the actors act. False if the simulation has ended. */
    boolean step() {
        nanos.addAndGet(random.nextInt(1, MAX_STEP_NANOS));
        for (int i = 0; i < actors.size(); i++) {
            if (random.nextInt(3) == 0) {
                continue;
            }
            try {
                if (!actors.get(i).getAsBoolean()) {
                    actors.remove(i--);
                }
            } catch (RuntimeException | AssertionError e) {
                return end(e.toString());
            }
        }
        if (actors.isEmpty()) {
            ended.countDown();
        }
        return --stepsLeft > 0 || end("no end within the bound of steps");
    }

    private boolean end(String why) {
        finding(why);
        actors.clear();
        ended.countDown();
        stepsLeft = 0;
        return false;
    }

    void advance(long byNanos) {
        nanos.addAndGet(byNanos);
    }

    /** Connects a backend's socket to who listens at an address. Returns 0 or {@code -errno}. */
    int connect(SimulatedSocket socket, SocketAddress address) {
        SimulatedListener listener = peerListeners.get(address);
        if (listener == null) {
            return address instanceof UnixDomainSocketAddress ? -Errno.ENOENT : -Errno.ECONNREFUSED;
        }
        SimulatedPeer peer = new SimulatedPeer(socket);
        peers.add(peer);
        listener.waiting.add(peer);
        return 0;
    }

    /** Returns the port, or {@code -errno}. */
    int listen(int port, boolean shared) {
        int chosen = port;
        while (chosen == 0 || port == 0 && listeners.containsKey(chosen)) {
            chosen = chosen == 0 ? FIRST_PORT : chosen + 1;
        }
        Listener present = listeners.get(chosen);
        if (present == null) {
            listeners.put(chosen, new Listener(shared));
        } else if (present.shared && shared) {
            present.backends++;
        } else {
            return -Errno.EADDRINUSE;
        }
        return chosen;
    }

    void unlisten(int port) {
        Listener listener = listener(port);
        if (--listener.backends == 0) {
            listeners.remove(port);
            listener.backlog.forEach(SimulatedSocket::closeBackend);
        }
    }

    Listener listener(int port) {
        Listener listener = listeners.get(port);
        if (listener == null) {
            throw new IllegalStateException("nobody listens on port " + port);
        }
        return listener;
    }

    /** Gives a connection the lowest free number, as the kernel does. */
    int number(SimulatedSocket socket) {
        int index = sockets.indexOf(null);
        if (index >= 0) {
            sockets.set(index, socket);
        } else {
            index = sockets.size();
            sockets.add(socket);
        }
        return FIRST_SOCKET + index;
    }

    SimulatedSocket socket(int number) {
        SimulatedSocket socket = sockets.get(number - FIRST_SOCKET);
        if (socket == null) {
            throw new AssertionError("socket " + number + " is closed");
        }
        return socket;
    }

    void closeSocket(int number) {
        socket(number).closeBackend();
        sockets.set(number - FIRST_SOCKET, null);
    }
}
