package io.ringwave.http;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** What is asked of histograms, none of which is changed. Never loaded where HdrHistogram is absent. */
final class Histograms {

    /** Not to be changed. */
    static final Histogram EMPTY = new Histogram(LatencyRecorder.RESOLUTION_NANOS, LatencyRecorder.HIGHEST_NANOS,
            LatencyRecorder.DIGITS);

    private Histograms() {}

    /** How much was recorded. */
    static long count(Histogram histogram) {
        return histogram.getTotalCount();
    }

    /** As {@link Latencies#counts}. */
    static List<Long> counts(Histogram histogram, List<Long> boundsNanos) {
        List<Long> counts = new ArrayList<>();
        long total = histogram.getTotalCount();
        long below = 0;
        for (long bound : boundsNanos) {
            long upTo = total == 0 ? 0 : histogram.getCountBetweenValues(0, bound);
            counts.add(upTo - below);
            below = upTo;
        }
        counts.add(total - below);
        return counts;
    }

    /** The sum of what was recorded, as exact as it is. */
    static double sumNanos(Histogram histogram) {
        double sum = 0;
        for (HistogramIterationValue value : histogram.recordedValues()) {
            sum += (double) histogram.medianEquivalentValue(value.getValueIteratedTo())
                    * value.getCountAtValueIteratedTo();
        }
        return sum;
    }

    /** What is in one and not in an earlier one. */
    static Histogram less(Histogram later, Histogram earlier) {
        if (later == earlier) {
            return EMPTY;
        }
        Histogram difference = later.copy();
        difference.subtract(earlier);
        return difference;
    }

    /** One of them, if nothing is in the others. */
    static Histogram sum(Histogram[] histograms) {
        Histogram sum = EMPTY;
        boolean own = false;
        for (Histogram each : histograms) {
            if (each.getTotalCount() == 0) {
                continue;
            }
            if (sum == EMPTY) {
                sum = each;
                continue;
            }
            sum = own ? sum : sum.copy();
            own = true;
            sum.add(each);
        }
        return sum;
    }

    static LatencySummary summary(Histogram histogram) {
        return histogram.getTotalCount() == 0
                ? LatencySummary.NOTHING
                : new LatencySummary(histogram.getTotalCount(), histogram.getValueAtPercentile(50),
                        histogram.getValueAtPercentile(95), histogram.getValueAtPercentile(99),
                        histogram.getValueAtPercentile(99.9), histogram.getMaxValue());
    }
}
