package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an engine makes of a kernel that is too old for the automatic choice: it goes by the property here. */
class UringChoiceTest {

    @BeforeEach
    void mask() {
        System.setProperty(KernelRelease.PROPERTY, "5.15");
    }

    @AfterEach
    void unmask() {
        System.clearProperty(KernelRelease.PROPERTY);
    }

    @Test
    void whoChoosesItByNameGetsIt() throws EngineException {
        try (Engine engine = start("io_uring")) {
            assertEquals("io_uring", engine.backend().name());
            assertTrue(engine.backend().reason().startsWith("chosen by configuration; "), engine.backend().reason());
            assertTrue(engine.backend().reason().contains("5.15"), engine.backend().reason());
            assertFalse(engine.backend().considered().getFirst().available());
        }
    }

    @Test
    void theAutomaticChoiceLeavesItOut() {
        EngineException refusal = assertThrows(EngineException.class, () -> start(EngineConfig.AUTO).close());
        assertTrue(refusal.getMessage().contains("the kernel has no multishot receive"), refusal.getMessage());
    }

    @Test
    void aMalformedReleaseIsSaidOnce() {
        System.setProperty(KernelRelease.PROPERTY, "new");
        EngineException refusal = assertThrows(EngineException.class, () -> start("io_uring").close());
        assertEquals("No backend works here: io_uring: -Dringwave.kernel=new is not a release of Linux"
                + " (Write it as major.minor, for example 5.15, or leave it out.)", refusal.getMessage());
    }

    private static Engine start(String backend) throws EngineException {
        return Engine.start(EngineConfig.builder().backend(backend).loops(1).build(),
                loop -> (connection, bytes) -> connection.send(bytes.retain()));
    }
}
