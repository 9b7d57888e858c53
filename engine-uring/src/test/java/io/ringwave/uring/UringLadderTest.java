package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ringwave.linux.Errno;
import io.ringwave.spi.BackendProvider;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.Peer;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * io_uring keeps the contract on every rung of the kernel ladder: what is newer than a release is masked. The kernel
 * underneath is what runs, so this shows that the operations suffice, not how an old kernel behaves. {@link
 * UringSubmissionsTest} shows that no others are asked for.
 */
class UringLadderTest {

    @Nested
    class Linux511 extends EagerRung {
        Linux511() {
            super("5.11");
        }
    }

    @Nested
    class Linux515 extends EagerRung {
        Linux515() {
            super("5.15");
        }
    }

    @Nested
    class Linux519 extends EagerRung {
        Linux519() {
            super("5.19");
        }
    }

    @Nested
    class Linux60 extends EagerRung {
        Linux60() {
            super("6.0");
        }
    }

    @Nested
    class Linux61 extends Rung {
        Linux61() {
            super("6.1");
        }
    }

    @Nested
    class Linux66 extends Rung {
        Linux66() {
            super("6.6");
        }
    }

    /** The contract of a backend that acts for a release; {@link UringContractTest} walks it on the real kernel. */
    private abstract static class Rung extends UringContractTest {

        private final String release;

        Rung(String release) {
            this.release = release;
        }

        @Override
        protected BackendProvider provider() {
            return new UringBackendProvider(release);
        }
    }

    /** Before 6.1 the kernel accepts as soon as somebody connects, not only while it is entered (DEFER_TASKRUN). */
    private abstract static class EagerRung extends Rung {

        EagerRung(String release) {
            super(release);
        }

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
}
