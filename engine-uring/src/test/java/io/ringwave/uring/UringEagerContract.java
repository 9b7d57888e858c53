package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ringwave.linux.Errno;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.Peer;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The contract on a ring whose kernel accepts as soon as somebody connects, not only while it is entered: one that does
 * not defer its work (DEFER_TASKRUN).
 */
abstract class UringEagerContract extends UringContractTest {

    /** Whoever connects before the descriptors run out would be accepted: so accepting begins afterwards. */
    @Override
    @Test
    public void acceptResumesAfterDescriptorsRanOut() throws Exception {
        BackendRig rig = rig().listening();
        rig.link(); // everything was in use once
        rig.backend().pauseAccept();
        rig.turns(2);
        List<Peer> waiting = List.of(rig.connect(), rig.connect());
        AutoCloseable exhausted = exhaustDescriptors();
        try {
            rig.backend().accept();
            rig.until("the shortage is reported", () -> !rig.completions().acceptErrors().isEmpty());
            rig.turns(10); // reported once: accepting has stopped
        } finally {
            exhausted.close();
        }
        assertEquals(List.of(-Errno.EMFILE), rig.completions().acceptErrors());
        assertEquals(0, rig.completions().sockets().size());
        rig.backend().accept();
        rig.until("those that waited are accepted", () -> rig.completions().sockets().size() == waiting.size());
    }
}
