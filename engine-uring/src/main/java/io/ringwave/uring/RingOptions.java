package io.ringwave.uring;

import io.ringwave.spi.BackendException;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How the rings of a process are set up, from system properties. What is not given has the default that suits a server.
 *
 * @param limit masks what is newer than a release ({@code -Dringwave.kernel=X.Y})
 * @param off features to leave alone, with the property that says so ({@code -Dringwave.uring.off=NAME,NAME}, and {@code
 *        -Dringwave.uring.direct=false})
 * @param minWaitMicros how long a wait collects completions at least; 0: it ends with the first
 *        ({@code -Dringwave.uring.min_wait=MICROSECONDS})
 * @param napiMicros how long a wait polls the network card; 0: not at all ({@code -Dringwave.uring.napi=MICROSECONDS})
 * @param sqpollMillis after how long without submissions the kernel's thread that looks for them sleeps; 0: there is no
 *        such thread ({@code -Dringwave.uring.sqpoll=MILLISECONDS})
 * @param zeroCopyBytes sends of this length or longer are not copied, where the kernel can
 *        ({@code -Dringwave.uring.zero_copy=BYTES})
 */
record RingOptions(KernelRelease limit, Map<RingFeature, String> off, int minWaitMicros, int napiMicros,
        int sqpollMillis,
        int zeroCopyBytes) {

    static final String MIN_WAIT = "ringwave.uring.min_wait";
    static final String NAPI = "ringwave.uring.napi";
    static final String SQPOLL = "ringwave.uring.sqpoll";
    static final String ZERO_COPY = "ringwave.uring.zero_copy";

    private static final int MAX_MICROS = 1_000_000;
    private static final int MAX_MILLIS = 60_000;
    /**
     * Until the peer has acknowledged a zero-copy send, nothing else of its connection is sent: one send per round trip.
     * With this length that still fills 5 Gbit/s in a network with round trips of 100 microseconds.
     */
    static final int DEFAULT_ZERO_COPY_BYTES = 64 << 10;

    /**
     * Reads the options.
     *
     * @param properties the value of a property, or null
     * @throws BackendException naming the property that is malformed or out of range
     */
    static RingOptions of(UnaryOperator<@Nullable String> properties) throws BackendException {
        return new RingOptions(KernelRelease.parse(text(properties, KernelRelease.PROPERTY)),
                switchedOff(properties), number(properties, MIN_WAIT, 0, 0, MAX_MICROS),
                number(properties, NAPI, 0, 0, MAX_MICROS), number(properties, SQPOLL, 0, 0, MAX_MILLIS),
                number(properties, ZERO_COPY, DEFAULT_ZERO_COPY_BYTES, 1, Integer.MAX_VALUE));
    }

    /** The default options of a release. */
    static RingOptions of(KernelRelease limit) {
        return new RingOptions(limit, Map.of(), 0, 0, 0, DEFAULT_ZERO_COPY_BYTES);
    }

    private static Map<RingFeature, String> switchedOff(UnaryOperator<@Nullable String> properties)
            throws BackendException {
        Map<RingFeature, String> off = new EnumMap<>(RingFeature.class);
        if ("false".equals(text(properties, Features.DIRECT_PROPERTY))) {
            off.put(RingFeature.DIRECT_DESCRIPTORS, Features.DIRECT_PROPERTY);
        }
        for (RingFeature feature : RingFeature.parse(text(properties, RingFeature.OFF))) {
            off.put(feature, RingFeature.OFF);
        }
        return off;
    }

    private static String text(UnaryOperator<@Nullable String> properties, String name) {
        String value = properties.apply(name);
        return value == null ? "" : value;
    }

    private static int number(UnaryOperator<@Nullable String> properties, String name, int otherwise, int min, int max)
            throws BackendException {
        String value = text(properties, name);
        if (value.isEmpty()) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // falls through to the one message
        }
        throw new BackendException("-D" + name + "=" + value + " is not a number from " + min + " to " + max,
                "Correct it, or leave it out.");
    }
}
