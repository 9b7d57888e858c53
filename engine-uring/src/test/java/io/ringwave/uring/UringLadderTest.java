package io.ringwave.uring;

import io.ringwave.spi.BackendProvider;
import org.junit.jupiter.api.Nested;

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

    @Nested
    class Linux612 extends Rung {
        Linux612() {
            super("6.12");
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

    /** A rung before 6.1, whose rings do not defer their work. */
    private abstract static class EagerRung extends UringEagerContract {

        private final String release;

        EagerRung(String release) {
            this.release = release;
        }

        @Override
        protected BackendProvider provider() {
            return new UringBackendProvider(release);
        }
    }
}
