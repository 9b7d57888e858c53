package io.ringwave.http;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What all loops have recorded since the start. Whoever reads merges what was recorded since the last reading; the loops
 * have no part in that. Thread-safe, but not for the threads of loops: see {@link LatencyRecorder#interval}.
 */
final class LatencyTotals {

    private final LatencyRecorder[] loops;
    private final Histogram[] byClass = histograms(LatencyRecorder.CLASSES); // guarded by this
    private final Histogram[] byLoop; // guarded by this
    private final @Nullable Histogram[][] intervals; // guarded by this

    /** @param loops of all loops */
    LatencyTotals(LatencyRecorder[] loops) {
        this.loops = loops;
        this.byLoop = histograms(loops.length);
        this.intervals = new Histogram[loops.length][LatencyRecorder.CLASSES];
    }

    private static Histogram[] histograms(int count) {
        Histogram[] histograms = new Histogram[count];
        for (int i = 0; i < count; i++) {
            histograms[i] = new Histogram(LatencyRecorder.RESOLUTION_NANOS, LatencyRecorder.HIGHEST_NANOS,
                    LatencyRecorder.DIGITS);
        }
        return histograms;
    }

    /** What was recorded up to now. */
    synchronized Latencies read() {
        long cut = 0;
        for (int loop = 0; loop < loops.length; loop++) {
            for (int routeClass = 0; routeClass < LatencyRecorder.CLASSES; routeClass++) {
                Histogram interval = loops[loop].interval(routeClass, intervals[loop][routeClass]);
                intervals[loop][routeClass] = interval;
                if (interval.getTotalCount() > 0) {
                    byClass[routeClass].add(interval);
                    byLoop[loop].add(interval);
                }
            }
            cut += loops[loop].cut();
        }
        return new Latencies(copies(byClass), copies(byLoop), cut);
    }

    private static Histogram[] copies(Histogram[] histograms) {
        Histogram[] copies = new Histogram[histograms.length];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = histograms[i].copy();
        }
        return copies;
    }
}
