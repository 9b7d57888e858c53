package io.ringwave.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.HandlerFactory;
import io.ringwave.spi.Availability;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.ConnectionLimit;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How an engine starts and does not: the message is one line that a person can act on. */
class EngineStartTest {

    private static final HandlerFactory ECHO = loop -> (connection, bytes) -> connection.send(bytes.retain());

    private static EngineConfig.Builder config(BackendProvider provider) {
        return EngineConfig.builder().provider(provider).loops(2).sendBuffers(8).receiveBuffers(8)
                .drainTimeout(Duration.ofSeconds(30));
    }

    /** A provider that probes well or badly, and whose backends can fail to be made from a certain loop on. */
    private static class Fragile implements BackendProvider {

        private final BackendProvider sound = new SimulatedBackendProvider(new SimulatedNetwork(1, Faults.NONE));
        private final boolean available;
        private final int soundLoops;
        private final AtomicInteger made = new AtomicInteger();

        Fragile(boolean available, int soundLoops) {
            this.available = available;
            this.soundLoops = soundLoops;
        }

        @Override
        public String name() {
            return "fragile";
        }

        @Override
        public int preference() {
            return 0;
        }

        @Override
        public Availability probe() {
            return available
                    ? Availability.yes(name(), "it looks sound")
                    : Availability.no(name(), "it is missing", "install it");
        }

        @Override
        public Backend create(BackendResources resources) throws BackendException {
            if (resources.loop() >= soundLoops) {
                throw new BackendException("no memory for loop " + resources.loop(), "raise the limit");
            }
            made.incrementAndGet();
            return sound.create(resources);
        }
    }

    @Test
    void aBackendThatIsNotAvailableIsNamedWithReasonAndRemedy() {
        EngineException refusal = assertThrows(EngineException.class,
                () -> Engine.start(config(new Fragile(false, 2)).build(), ECHO));

        assertEquals("No backend works here: fragile: it is missing (install it)", refusal.getMessage());
    }

    @Test
    void theLimitsOfTheProcessBoundTheConnections() throws EngineException {
        BackendProvider provider = new Fragile(true, 2) {
            @Override
            public ConnectionLimit connectionLimit(int loops) {
                return new ConnectionLimit(100 / loops, "there are 100", "buy more");
            }
        };
        try (Engine engine = Engine.start(config(provider).build(), ECHO)) {
            assertEquals(100, engine.maxConnections());
        }
        try (Engine engine = Engine.start(config(provider).maxConnections(7).build(), ECHO)) {
            assertEquals(14, engine.maxConnections());
        }
    }

    @Test
    void aBackendThatFailsOnALaterLoopEndsTheEarlierLoops() throws InterruptedException {
        Fragile provider = new Fragile(true, 1);
        EngineException refusal = assertThrows(EngineException.class,
                () -> Engine.start(config(provider).build(), ECHO));

        assertEquals("No backend works here: fragile: no memory for loop 1 (raise the limit)", refusal.getMessage());
        assertEquals(1, provider.made.get());
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith("ringwave-loop-")), "a loop's thread is left");
    }

    @Test
    void anUnknownBackendIsRefusedByName() {
        EngineConfig unknown = EngineConfig.builder().backend("kqueue").build();

        EngineException refusal = assertThrows(EngineException.class, () -> Engine.start(unknown, ECHO));

        assertTrue(refusal.getMessage().contains("No backend"), refusal.getMessage());
        assertFalse(refusal.getMessage().contains("\n"));
    }

    @Test
    void aPortInUseIsRefusedEvenIfItsOwnerShares() throws Exception {
        try (ServerSocket other = new ServerSocket()) {
            other.setOption(java.net.StandardSocketOptions.SO_REUSEPORT, true);
            other.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            EngineConfig taken = config(new Fragile(true, 2)).port(other.getLocalPort()).build();

            EngineException refusal = assertThrows(EngineException.class, () -> Engine.start(taken, ECHO));

            assertEquals("Cannot listen on 127.0.0.1, port " + other.getLocalPort() + ": the port is in use",
                    refusal.getMessage());
        }
    }

    @Test
    void anUnknownHostIsRefused() {
        EngineConfig unknown = config(new Fragile(true, 2))
                .address(InetSocketAddress.createUnresolved("host.invalid", 80)).build();

        assertThrows(EngineException.class, () -> Engine.start(unknown, ECHO));
    }

    @Test
    void aHandlerFactoryThatFailsFailsTheStart() {
        EngineException refusal = assertThrows(EngineException.class,
                () -> Engine.start(config(new Fragile(true, 2)).build(), loop -> {
                    throw new IllegalStateException("no handler today");
                }));

        assertTrue(refusal.getMessage().contains("no handler today"), refusal.getMessage());
    }

    @Test
    void tasksRunOnTheirLoopAndAreRefusedAfterTheEnd() throws Exception {
        CountDownLatch ran = new CountDownLatch(2);
        io.ringwave.LoopContext[] loops = new io.ringwave.LoopContext[2];
        Engine engine = Engine.start(config(new Fragile(true, 2)).build(), loop -> {
            loops[loop.index()] = loop;
            return ECHO.create(loop);
        });
        for (io.ringwave.LoopContext loop : loops) {
            assertTrue(loop.execute(() -> {
                assertEquals("ringwave-loop-" + loop.index(), Thread.currentThread().getName());
                ran.countDown();
            }));
        }
        assertTrue(ran.await(30, TimeUnit.SECONDS));
        engine.close();
        engine.close();
        engine.awaitTermination();

        assertFalse(loops[0].execute(() -> {
        }));
    }

    @Test
    void optionsOutOfRangeAreNamed() {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> EngineConfig.builder().bufferBytes(5000).build());

        assertEquals("bufferBytes must be a power of two: 5000", refusal.getMessage());
        assertThrows(IllegalArgumentException.class, () -> EngineConfig.builder().loops(0).build());
    }
}
