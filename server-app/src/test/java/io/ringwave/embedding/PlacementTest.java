package io.ringwave.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.LoopPlacement;
import io.ringwave.cpu.Pinning;
import io.ringwave.linux.Libc;
import io.ringwave.linux.ThreadAffinity;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Where loops run, as an embedding program asks for it and sees it, on each backend. */
@ParameterizedClass(name = "{0}")
@ValueSource(strings = {"io_uring", "epoll"})
class PlacementTest {

    private static final List<Integer> USABLE = ThreadAffinity.ofProcess().stream().boxed().toList();

    @Parameter
    String backend = "";

    private final Map<Integer, BitSet> masks = new ConcurrentHashMap<>();
    private final Map<Integer, Integer> threads = new ConcurrentHashMap<>();

    private EngineConfig.Builder config() {
        return EngineConfig.builder().backend(backend).receiveBuffers(16).sendBuffers(16);
    }

    private Engine start(EngineConfig.Builder config) throws EngineException {
        return Engine.start(config.build(), loop -> {
            masks.put(loop.index(), ThreadAffinity.current());
            threads.put(loop.index(), Libc.gettid());
            return (connection, bytes) -> connection.send(bytes.retain());
        });
    }

    @Test
    void aListedCpuForEachLoop() throws EngineException {
        List<Integer> reversed = USABLE.reversed();
        try (Engine engine = start(config().pinning(Pinning.to(reversed)))) {
            List<LoopPlacement> placements = engine.placements();
            assertEquals(reversed, placements.stream().map(LoopPlacement::cpu).toList());
            for (LoopPlacement placement : placements) {
                assertTrue(placement.pinned());
                assertTrue(placement.node() >= 0);
                assertEquals(threads.get(placement.loop()), placement.thread());
                assertEquals(1, masks.get(placement.loop()).cardinality());
                assertTrue(masks.get(placement.loop()).get(placement.cpu()), "its own mask, when it was made");
                assertEquals(placement.cpu(), ThreadAffinity.lastCpu(placement.thread()));
            }
        }
    }

    @Test
    void loopsThatAreNotPinnedMayRunAnywhere() throws EngineException {
        try (Engine engine = start(config().loops(2).pinning(Pinning.NONE))) {
            for (LoopPlacement placement : engine.placements()) {
                assertEquals(USABLE, masks.get(placement.loop()).stream().boxed().toList());
                assertTrue(USABLE.contains(placement.cpu()) && !placement.pinned(), placement.toString());
            }
        }
    }

    @Test
    void aCpuThatThereIsNotIsRefusedInOneLine() {
        EngineException refusal = assertThrows(EngineException.class,
                () -> start(config().loops(1).pinning(Pinning.to(List.of(9000)))));
        assertTrue(refusal.getMessage().startsWith("Cannot pin: pinning names CPU 9000, but the process may use only "),
                refusal.getMessage());
    }
}
