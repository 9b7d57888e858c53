package io.ringwave.uring;

import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;

/**
 * io_uring keeps the contract with every feature off that can be, with those on that are off by default, and with queues
 * so short that they overflow all the time. {@link UringFeatureReportTest} shows that the switches do switch.
 */
class UringOptionsTest {

    @Nested
    class EverythingOff extends UringEagerContract {

        @Override
        protected BackendProvider provider() {
            return new UringBackendProvider(Map.of(RingFeature.OFF,
                    Arrays.stream(RingFeature.values()).filter(feature -> feature != RingFeature.FULL_SIZE_QUEUES)
                            .map(RingFeature::optionName).collect(Collectors.joining(","))));
        }
    }

    @Nested
    class EverythingOn extends UringDirectContractTest {

        @Override
        protected BackendProvider provider() {
            return new UringBackendProvider(Map.of(RingOptions.ZERO_COPY, "1", RingOptions.MIN_WAIT, "200",
                    RingOptions.NAPI, "20"));
        }
    }

    /** Zero-copy sends that the slab is not registered for. */
    @Nested
    class UnregisteredBuffers extends UringContractTest {

        @Override
        protected BackendProvider provider() {
            return new UringBackendProvider(
                    Map.of(RingOptions.ZERO_COPY, "1", RingFeature.OFF, "registered_buffers,direct_descriptors"));
        }
    }

    @Nested
    class PolledSubmissions extends UringEagerContract {

        @Override
        protected BackendProvider provider() {
            return new UringBackendProvider(Map.of(RingOptions.SQPOLL, "20"));
        }
    }

    @Nested
    class TinyQueues extends UringContractTest { // direct descriptors lose a peer's address where queues overflow

        @Override
        protected BackendProvider provider() {
            try {
                return UringOverflowTest.tinyQueues(false);
            } catch (BackendException e) {
                throw new AssertionError(e);
            }
        }

        /** An operation ends when the queue of completions is full. */
        @Override
        boolean receivesFarAhead() {
            return false;
        }
    }
}
