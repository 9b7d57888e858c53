package io.ringwave.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ringwave.AcceptMode;
import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.HandlerFactory;
import io.ringwave.OwnedBuffer;
import io.ringwave.cpu.Pinning;
import io.ringwave.linux.ThreadAffinity;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What each way of accepting promises, on two pinned loops of each backend. */
@ParameterizedClass(name = "{0}")
@ValueSource(strings = {"io_uring", "epoll"})
class AcceptModesIT {

    private static final List<Integer> CPUS = ThreadAffinity.ofProcess().stream().limit(2).boxed().toList();
    private static final int CONNECTIONS = 64;
    private static final long COMPUTE_NANOS = 200_000;
    private static final Duration WARM_UP = Duration.ofMillis(500);
    private static final int LOAD_SECONDS = Integer.getInteger("ringwave.loadSeconds", 3);
    /** Two loops instead of one could be twice as fast, but the client takes its share of the two CPUs. */
    private static final double GAIN = 1.7;
    /** In a short run beside who knows what. The acceptance run has the real one. */
    private static final double GAIN_AT_LEAST = 1.35;
    private static final int ACCEPTANCE_SECONDS = 30;

    @Parameter
    String backend = "";

    @BeforeEach
    void twoCpus() {
        assumeTrue(CPUS.size() == 2, "needs two CPUs, one for each loop");
    }

    /** Computes for a while at each byte, and answers with the number of the loop. */
    private static HandlerFactory computing(long nanos) {
        return loop -> (connection, bytes) -> {
            for (long end = System.nanoTime() + nanos; System.nanoTime() < end;) {
                Thread.onSpinWait();
            }
            OwnedBuffer buffer = Objects.requireNonNull(connection.acquireBuffer());
            buffer.memory().set(ValueLayout.JAVA_BYTE, buffer.offset(), (byte) loop.index());
            buffer.length(1);
            connection.send(buffer);
        };
    }

    private Engine start(AcceptMode mode, List<Integer> cpus, HandlerFactory handlers) throws EngineException {
        return Engine.start(EngineConfig.builder().backend(backend).acceptMode(mode).pinning(Pinning.to(cpus))
                .receiveBuffers(128).sendBuffers(128).build(), handlers);
    }

    private static SocketChannel connect(int port) throws IOException {
        return SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    private static int loopOf(SocketChannel client) throws IOException {
        client.write(ByteBuffer.wrap(new byte[]{1}));
        ByteBuffer answer = ByteBuffer.allocate(1);
        while (answer.hasRemaining()) {
            assertTrue(client.read(answer) >= 0, "the connection ended");
        }
        return answer.get(0);
    }

    /** Runs something on a thread that stays on one CPU. */
    private static <T> T on(int cpu, Callable<T> work) throws Exception {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                assertEquals(0, ThreadAffinity.pin(cpu));
                result.complete(work.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        return result.get(60, TimeUnit.SECONDS);
    }

    private static int connectionsThatReach(int loop, int from, int port, int count) throws Exception {
        return on(from, () -> {
            int reached = 0;
            for (int i = 0; i < count; i++) {
                try (SocketChannel client = connect(port)) {
                    reached += loopOf(client) == loop ? 1 : 0;
                }
            }
            return reached;
        });
    }

    @Test
    void everyConnectionReachesTheLoopOfItsCpu() throws Exception {
        for (List<Integer> cpus : List.of(CPUS, CPUS.reversed())) {
            try (Engine engine = start(AcceptMode.REUSEPORT, cpus, computing(0))) {
                assertTrue(engine.acceptance().steered(), engine.acceptance().reason());
                for (int loop = 0; loop < 2; loop++) {
                    assertEquals(200, connectionsThatReach(loop, cpus.get(loop), engine.port(), 200));
                }
            }
        }
    }

    @Test
    void withoutSteeringConnectionsAreSpreadByHash() throws Exception {
        try (Engine engine = Engine.start(EngineConfig.builder().backend(backend).loops(2).pinning(Pinning.NONE)
                .acceptMode(AcceptMode.REUSEPORT).build(), computing(0))) {
            assertTrue(!engine.acceptance().steered(), engine.acceptance().reason());
            int reached = connectionsThatReach(0, CPUS.get(0), engine.port(), 200);
            assertTrue(reached > 50 && reached < 150, reached + " of 200 reached the first loop");
        }
    }

    /** All come from one CPU, so that all land on one loop, unless they are dealt. */
    @Test
    void aHandlerThatComputesGainsFromHandoff() throws Exception {
        double one = answersPerSecond(AcceptMode.REUSEPORT, 1);
        double two = answersPerSecond(AcceptMode.HANDOFF, 2);
        double expected = LOAD_SECONDS >= ACCEPTANCE_SECONDS ? GAIN : GAIN_AT_LEAST;
        String found = "%s: %.0f answers a second on one loop, %.0f on two: %.2f times".formatted(backend, one, two,
                two / one);
        System.out.println(found);
        assertTrue(two / one >= expected, found + ", expected " + expected);
    }

    private double answersPerSecond(AcceptMode mode, int loops) throws Exception {
        try (Engine engine = start(mode, CPUS, computing(COMPUTE_NANOS))) {
            List<SocketChannel> clients = new ArrayList<>();
            try (Selector selector = Selector.open()) {
                for (int i = 0; i < CONNECTIONS; i++) {
                    clients.add(on(CPUS.get(0), () -> connect(engine.port())));
                }
                boolean[] reached = new boolean[2];
                for (SocketChannel client : clients) {
                    reached[loopOf(client)] = true;
                }
                assertEquals(loops, (reached[0] ? 1 : 0) + (reached[1] ? 1 : 0), "loops with connections");
                for (SocketChannel client : clients) {
                    client.configureBlocking(false);
                    client.register(selector, SelectionKey.OP_READ);
                    ask(client);
                }
                exchange(selector, WARM_UP);
                Duration measured = Duration.ofMillis(LOAD_SECONDS * 500L);
                long begin = System.nanoTime();
                long answers = exchange(selector, measured);
                return answers * 1e9 / (System.nanoTime() - begin);
            } finally {
                for (SocketChannel client : clients) {
                    client.close();
                }
            }
        }
    }

    private static void ask(SocketChannel client) throws IOException {
        assertEquals(1, client.write(ByteBuffer.wrap(new byte[]{1})));
    }

    /** Asks again wherever an answer has come, so that one question is open on every connection. Returns the answers. */
    private static long exchange(Selector selector, Duration duration) throws IOException {
        long answers = 0;
        ByteBuffer answer = ByteBuffer.allocateDirect(2);
        for (long end = System.nanoTime() + duration.toNanos(); System.nanoTime() < end;) {
            assertTrue(selector.select(10_000) > 0, "no answer within ten seconds");
            for (SelectionKey key : selector.selectedKeys()) {
                SocketChannel client = (SocketChannel) key.channel();
                assertEquals(1, client.read(answer.clear()));
                answers++;
                ask(client);
            }
            selector.selectedKeys().clear();
        }
        return answers;
    }
}
