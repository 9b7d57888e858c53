package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.linux.Ring;
import io.ringwave.spi.Availability;
import io.ringwave.spi.BackendException;
import io.ringwave.uring.Features.Receiving;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which features belong to which release, and what {@code -Dringwave.kernel} makes of them. */
class UringFeaturesTest {

    private static final int REQUIRED = Uring.IORING_SETUP_CQSIZE() | Uring.IORING_SETUP_CLAMP();
    private static final int SUBMIT_ALL = Uring.IORING_SETUP_SUBMIT_ALL();
    private static final int COOP = Uring.IORING_SETUP_COOP_TASKRUN();
    private static final int SINGLE = Uring.IORING_SETUP_SINGLE_ISSUER();
    private static final int DEFER = Uring.IORING_SETUP_DEFER_TASKRUN();
    private static final int NO_ARRAY = UringNewer.IORING_SETUP_NO_SQARRAY();

    @Test
    void theFlagsOfARingGrowWithTheRelease() throws BackendException {
        assertArrayEquals(new int[]{REQUIRED}, flags("5.11"));
        assertArrayEquals(new int[]{REQUIRED}, flags("5.17"));
        assertEquals(REQUIRED | SUBMIT_ALL, flags("5.18")[0]);
        assertEquals(REQUIRED | SUBMIT_ALL | COOP, flags("5.19")[0]);
        assertEquals(REQUIRED | SUBMIT_ALL | COOP | SINGLE, flags("6.0")[0]);
        assertEquals(REQUIRED | SUBMIT_ALL | SINGLE | DEFER, flags("6.1")[0]);
        assertEquals(REQUIRED | SUBMIT_ALL | SINGLE | DEFER | NO_ARRAY, flags("6.6")[0]);
        assertArrayEquals(flags("6.6"), flags(""));
        assertEquals(6, flags("").length);
    }

    /** The mask is on top of what the kernel has: an older one may refuse the first flags. */
    @ParameterizedTest
    @ValueSource(strings = {"5.11", "5.15", "5.19", "6.0", "6.1", "6.6", "6.12", ""})
    void aRingIsMadeWithFlagsOfItsStep(String release) throws BackendException {
        try (Ring ring = RingSetup.create(new FeatureReport(RingOptions.of(KernelRelease.parse(release))))) {
            int made = ring.setupFlags();
            assertTrue(java.util.Arrays.stream(flags(release)).anyMatch(flags -> flags == made),
                    () -> "made with " + Integer.toHexString(made));
        }
    }

    @ParameterizedTest
    @CsvSource({"5.11,false,false,false,POLLED,false", "5.13,true,false,false,POLLED,false",
        "5.15,true,false,false,POLLED,false", "5.17,true,true,false,POLLED,false", "5.19,true,true,true,ONE_SHOT,false",
        "6.0,true,true,true,MULTISHOT,false", "6.12,true,true,true,MULTISHOT,false",
        "6.14,true,true,true,MULTISHOT,true", "'',true,true,true,MULTISHOT,true"})
    void theFeaturesOfARelease(String release, boolean multishotPoll, boolean skipSuccess, boolean since519,
            Receiving receiving, boolean direct) throws BackendException {
        assertEquals(new Features(multishotPoll, skipSuccess, since519, since519, receiving, direct),
                Features.of(KernelRelease.parse(release)));
    }

    @Test
    void theAutomaticChoiceAsksForMultishotReceive() {
        Availability older = new UringBackendProvider("5.19").probe();
        assertFalse(older.available());
        assertTrue(older.reason().contains("-Dringwave.kernel masks what is newer than Linux 5.19"), older.reason());
        assertEquals("Use Linux 6.0 or newer.", older.remedy());

        Availability newer = new UringBackendProvider("6.1").probe();
        assertTrue(newer.available(), newer.reason());
        assertTrue(newer.reason().contains("6.1"), newer.reason());

        assertFalse(new UringBackendProvider("").probe().reason().contains("mask"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"6", "6.", "6.1.2", "latest", " 6.1", "-6.1", "6.123456"})
    void aMalformedReleaseIsRefusedInOneLine(String value) {
        BackendException refusal = assertThrows(BackendException.class, () -> KernelRelease.parse(value));
        assertEquals("-Dringwave.kernel=" + value + " is not a release of Linux", refusal.getMessage());
        assertEquals(refusal.getMessage(), new UringBackendProvider(value).probe().reason());
    }

    @Test
    void aReleaseThatIsTooOldIsRefused() {
        Availability tooOld = new UringBackendProvider("5.10").probe();
        assertFalse(tooOld.available());
        assertEquals("-Dringwave.kernel=5.10 is older than Linux 5.11", tooOld.reason());
    }

    private static int[] flags(String release) throws BackendException {
        return RingSetup.flags(KernelRelease.parse(release));
    }
}
