package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.LoopContext;
import io.ringwave.spi.BackendException;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.SocketPeers;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loops wake each other. */
class RingMessagesTest {

    private static final int ROUNDS = 2000;

    /** A ball between two loops, which sleep while they don't have it. */
    @ParameterizedTest
    @CsvSource({"'',true", "skip_success,true", "msg_ring,false", "defer_taskrun,false"})
    void loopsWakeEachOther(String off, boolean byMessages) throws Exception {
        LoopContext[] loops = new LoopContext[2];
        EngineConfig config = EngineConfig.builder().loops(2).sendBuffers(8).receiveBuffers(8)
                .provider(new UringBackendProvider(Map.of(RingFeature.OFF, off))).build();
        try (Engine engine = Engine.start(config, loop -> {
            loops[loop.index()] = loop;
            return (connection, bytes) -> {
            };
        })) {
            CompletableFuture<Boolean> done = new CompletableFuture<>();
            pass(loops, 0, ROUNDS, done);
            assertTrue(done.get(30, TimeUnit.SECONDS));
            long messages = engine.stats().wakeupMessages();
            assertTrue(byMessages ? messages > ROUNDS / 2 : messages == 0, messages + " messages");
        }
    }

    private static void pass(LoopContext[] loops, int to, int left, CompletableFuture<Boolean> done) {
        assertTrue(loops[to].execute(() -> {
            if (left == 0) {
                done.complete(true);
            } else {
                pass(loops, 1 - to, left - 1, done);
            }
        }));
    }

    @Test
    void aMessageGoesAlongWithTheCallersNextTurn() throws BackendException {
        try (SocketPeers peers = new SocketPeers();
                BackendRig caller = new BackendRig(new UringBackendProvider(), peers);
                BackendRig target = new BackendRig(new UringBackendProvider(), peers)) {
            target.backend().wakeupFrom(caller.backend());
            assertEquals(1, caller.backend().counters().wakeupMessages.get());
            caller.await(0);
            assertEquals(0, target.await(Long.MAX_VALUE)); // it returns: that is the proof
        }
    }

    /** Its descriptor may belong to another ring by then, which must not hear of it. */
    @Test
    void aMessageToARingThatHasEndedReachesNobody() throws BackendException {
        try (SocketPeers peers = new SocketPeers();
                BackendRig caller = new BackendRig(new UringBackendProvider(), peers)) {
            BackendRig target = new BackendRig(new UringBackendProvider(), peers);
            target.backend().wakeupFrom(caller.backend());
            target.close();
            try (BackendRig next = new BackendRig(new UringBackendProvider(), peers)) {
                caller.turns(3);
                long waits = System.nanoTime();
                assertEquals(0, next.await(50_000_000));
                assertTrue(System.nanoTime() - waits >= 50_000_000, "it was woken");
            }
            BackendRig ended = new BackendRig(new UringBackendProvider(), peers);
            ended.close();
            ended.backend().wakeupFrom(caller.backend());
            caller.turns(3);
        }
    }

    @Test
    void whoEndsBeforeSubmittingAMessageStillWakesItsTarget() throws BackendException {
        try (SocketPeers peers = new SocketPeers();
                BackendRig target = new BackendRig(new UringBackendProvider(), peers)) {
            BackendRig caller = new BackendRig(new UringBackendProvider(), peers);
            target.backend().wakeupFrom(caller.backend());
            caller.close();
            assertEquals(0, target.await(Long.MAX_VALUE)); // it returns: that is the proof
        }
    }
}
