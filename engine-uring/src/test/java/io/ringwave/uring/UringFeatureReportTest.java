package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendFeature;
import io.ringwave.spi.BackendFeature.Use;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.RecordingCompletions;
import io.ringwave.testkit.SocketPeers;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is said about each feature, and what the options make of it. */
class UringFeatureReportTest {

    /** Each option that makes use of something that is off by default. */
    private static final Map<String, String> EVERYTHING_ON = Map.of(RingOptions.ZERO_COPY, "512", RingOptions.NAPI, "5",
            RingOptions.MIN_WAIT, "50");

    @Test
    void everyFeatureIsReportedInOrder() throws BackendException {
        assertEquals(Arrays.stream(RingFeature.values()).map(RingFeature::optionName).toList(),
                report(Map.of()).stream().map(BackendFeature::name).toList());
    }

    @ParameterizedTest
    @EnumSource(value = RingFeature.class, names = {"SEND_ZC", "REGISTERED_BUFFERS", "MIN_TIMEOUT", "NAPI", "SQPOLL"})
    void whatHasACostIsOffUnlessAskedFor(RingFeature feature) throws BackendException {
        BackendFeature reported = reported(feature, Map.of());
        assertEquals(Use.OFF, reported.use());
        assertFalse(reported.detail().isEmpty());
    }

    @ParameterizedTest
    @EnumSource(value = RingFeature.class, mode = EnumSource.Mode.EXCLUDE, names = {"FULL_SIZE_QUEUES", "SQPOLL"})
    void aFeatureIsSwitchedOffByItsNameAlone(RingFeature feature) throws BackendException {
        Map<String, String> properties = new HashMap<>(EVERYTHING_ON);
        properties.put(RingFeature.OFF, feature.optionName());
        BackendFeature reported = reported(feature, properties);
        assertEquals(Use.OFF, reported.use(), reported.detail());
        assertEquals("-Dringwave.uring.off", reported.detail());
    }

    @ParameterizedTest
    @EnumSource(value = RingFeature.class, mode = EnumSource.Mode.EXCLUDE, names = "SQPOLL")
    void whatAKernelHasAndNobodySwitchesOffIsUsed(RingFeature feature) throws BackendException {
        BackendFeature reported = reported(feature, EVERYTHING_ON);
        if (reported.use() == Use.UNAVAILABLE) { // the kernel that runs this test may be older
            assertTrue(reported.detail().contains("the kernel lacks it"), reported.toString());
        } else {
            assertEquals(Use.USED, reported.use(), reported.detail());
        }
    }

    @Test
    void ordinaryDescriptorsHaveAPropertyOfTheirOwn() throws BackendException {
        BackendFeature reported = reported(RingFeature.DIRECT_DESCRIPTORS, Map.of(Features.DIRECT_PROPERTY, "false"));
        assertEquals(Use.OFF, reported.use());
        assertEquals("-Dringwave.uring.direct", reported.detail());
    }

    @Test
    void submissionsAreLookedForByTheKernelIfAsked() throws BackendException {
        List<BackendFeature> features = report(Map.of(RingOptions.SQPOLL, "20"));
        assertEquals(Use.USED, find(RingFeature.SQPOLL, features).use());
        assertEquals(Use.OFF, find(RingFeature.DEFER_TASKRUN, features).use());
        assertEquals("sqpoll excludes it", find(RingFeature.DEFER_TASKRUN, features).detail());
        assertEquals(Use.OFF, find(RingFeature.DIRECT_DESCRIPTORS, features).use());
        assertEquals(Use.OFF, find(RingFeature.MSG_RING, features).use());
        assertEquals(Use.OFF,
                reported(RingFeature.SQPOLL, Map.of(RingOptions.SQPOLL, "20", RingFeature.OFF, "sqpoll")).use());
    }

    @ParameterizedTest
    @EnumSource(value = RingFeature.class, mode = EnumSource.Mode.EXCLUDE, names = {"FULL_SIZE_QUEUES", "SQPOLL"})
    void anOlderKernelsLackIsReportedWithItsReason(RingFeature feature) throws BackendException {
        Map<String, String> properties = new HashMap<>(EVERYTHING_ON);
        properties.put(KernelRelease.PROPERTY, "5.11");
        BackendFeature reported = reported(feature, properties);
        if (feature == RingFeature.REGISTERED_BUFFERS || feature == RingFeature.MULTISHOT_RECEIVE) {
            assertEquals(Use.OFF, reported.use()); // what they serve is not there
        } else {
            assertEquals(Use.UNAVAILABLE, reported.use(), reported.detail());
            assertEquals("newer than Linux 5.11, -Dringwave.kernel", reported.detail());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ringwave.uring.off|send_zc,bundles|-Dringwave.uring.off=send_zc,bundles: there is no feature 'bundles'",
        "ringwave.uring.off|full_size_queues|-Dringwave.uring.off=full_size_queues: there is no feature 'full_size_queues'",
        "ringwave.uring.off|napi,|-Dringwave.uring.off=napi,: there is no feature ''",
        "ringwave.uring.napi|much|-Dringwave.uring.napi=much is not a number from 0 to 1000000",
        "ringwave.uring.min_wait|-1|-Dringwave.uring.min_wait=-1 is not a number from 0 to 1000000",
        "ringwave.uring.sqpoll|60001|-Dringwave.uring.sqpoll=60001 is not a number from 0 to 60000",
        "ringwave.uring.zero_copy|0|-Dringwave.uring.zero_copy=0 is not a number from 1 to 2147483647"})
    void aMalformedOptionIsRefusedInOneLine(String name, String value, String message) {
        UringBackendProvider provider = new UringBackendProvider(Map.of(name, value));
        assertEquals(message, provider.probe().reason());
        assertFalse(provider.probe().remedy().isEmpty());
        assertEquals(message, assertThrows(BackendException.class, () -> report(Map.of(name, value))).getMessage());
    }

    private static BackendFeature reported(RingFeature feature, Map<String, String> properties)
            throws BackendException {
        return find(feature, report(properties));
    }

    private static BackendFeature find(RingFeature feature, List<BackendFeature> features) {
        return features.stream().filter(each -> each.name().equals(feature.optionName())).findFirst().orElseThrow();
    }

    /** The report of a backend that also does its work: it echoes a byte. */
    private static List<BackendFeature> report(Map<String, String> properties) throws BackendException {
        try (SocketPeers peers = new SocketPeers();
                BackendRig rig = new BackendRig(new UringBackendProvider(properties), peers).listening()) {
            var peer = rig.connect();
            int socket = rig.awaitSocket();
            RecordingCompletions.Channel channel = rig.completions().opened(0);
            rig.backend().open(0, 1, socket);
            rig.backend().receive(0);
            peer.write(new byte[]{7});
            rig.until("a byte arrives", () -> channel.byteCount() == 1);
            rig.backend().send(0, rig.place(new byte[]{7}), 1, 0);
            rig.until("a byte is sent", () -> channel.sent().size() == 1);
            assertEquals(1, channel.sent().getFirst());
            return rig.backend().features();
        }
    }
}
