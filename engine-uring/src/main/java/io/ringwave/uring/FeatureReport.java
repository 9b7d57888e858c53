package io.ringwave.uring;

import io.ringwave.linux.Errno;
import io.ringwave.spi.BackendFeature;
import io.ringwave.spi.BackendFeature.Use;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Decides, while a ring is set up, which features may be asked for, and keeps what became of each. The first word on a
 * feature that is not used stays: who switched it off wants to read that.
 */
final class FeatureReport {

    private final RingOptions options;
    private final Map<RingFeature, BackendFeature> features = new EnumMap<>(RingFeature.class);

    FeatureReport(RingOptions options) {
        this.options = options;
    }

    RingOptions options() {
        return options;
    }

    /** Whether a feature may be asked for: it is neither switched off nor masked. If not, that is reported. */
    boolean allows(RingFeature feature) {
        String switchedOffBy = options.off().get(feature);
        if (switchedOffBy != null) {
            off(feature, "-D" + switchedOffBy);
        } else if (!options.limit().isAtLeast(feature.since())) {
            unavailable(feature, "newer than Linux " + options.limit() + ", -D" + KernelRelease.PROPERTY);
        } else {
            return true;
        }
        return false;
    }

    /** Whether a feature is used: if it may be, and the kernel has it. Reports it either way. */
    boolean decide(RingFeature feature, boolean present) {
        if (!allows(feature)) {
            return false;
        }
        if (present) {
            used(feature, "");
        } else {
            unavailable(feature, "the kernel lacks it; Linux " + feature.since() + " or newer has it");
        }
        return present;
    }

    /** As {@link #decide(RingFeature, boolean)} by what a registration returned: {@code >= 0}, or {@code -errno}. */
    boolean registered(RingFeature feature, int result, String detail) {
        if (result >= 0) {
            used(feature, detail);
        } else if (result == -Errno.EINVAL) {
            decide(feature, false);
        } else {
            unavailable(feature, "the kernel says " + Errno.describe(-result));
        }
        return result >= 0;
    }

    void used(RingFeature feature, String detail) {
        put(feature, Use.USED, detail);
    }

    void unavailable(RingFeature feature, String why) {
        put(feature, Use.UNAVAILABLE, why);
    }

    void off(RingFeature feature, String why) {
        put(feature, Use.OFF, why);
    }

    private void put(RingFeature feature, Use use, String detail) {
        BackendFeature before = features.get(feature);
        if (before == null || before.use() == Use.USED) {
            features.put(feature, new BackendFeature(feature.optionName(), use, detail));
        }
    }

    /** What became of each feature, once the ring is set up. */
    List<BackendFeature> features() {
        assert features.size() == RingFeature.values().length : features;
        return List.copyOf(features.values());
    }
}
