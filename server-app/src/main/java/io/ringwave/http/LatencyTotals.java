package io.ringwave.http;

import java.util.Arrays;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What all loops have recorded since the start. Whoever reads merges what was recorded since the last reading; the loops
 * have no part in that. Only what has changed is touched, since a server reads once a second, beside loops that want the
 * CPU. Thread-safe, but not for the threads of loops: see {@link LatencyRecorder#interval}.
 */
final class LatencyTotals {

    private final LatencyRecorder[] loops;
    // Guarded by this, by loop and class.
    private Histogram[][] totals; // snapshots have the arrays and the histograms, so neither is changed
    private final long[][] merged; // how much was recorded when it was merged last
    private final @Nullable Histogram[][] intervals;

    /** @param loops of all loops */
    LatencyTotals(LatencyRecorder[] loops) {
        this.loops = loops;
        this.totals = new Histogram[loops.length][LatencyRecorder.CLASSES];
        this.merged = new long[loops.length][LatencyRecorder.CLASSES];
        this.intervals = new Histogram[loops.length][LatencyRecorder.CLASSES];
        for (Histogram[] loop : totals) {
            Arrays.fill(loop, Histograms.EMPTY);
        }
    }

    /** What was recorded up to now. */
    synchronized Latencies read() {
        Histogram[][] now = new Histogram[loops.length][];
        long cut = 0;
        for (int loop = 0; loop < loops.length; loop++) {
            now[loop] = totals[loop].clone();
            for (int i = 0; i < LatencyRecorder.CLASSES; i++) {
                // Read before: what is recorded meanwhile is merged now, and looked for once more the next time.
                long recorded = loops[loop].recorded(i);
                if (recorded != merged[loop][i]) {
                    merged[loop][i] = recorded;
                    now[loop][i] = totals[loop][i].copy();
                    now[loop][i].add(interval(loop, i));
                }
            }
            cut += loops[loop].cut();
        }
        totals = now;
        return new Latencies(now, cut);
    }

    private Histogram interval(int loop, int routeClass) {
        Histogram interval = loops[loop].interval(routeClass, intervals[loop][routeClass]);
        intervals[loop][routeClass] = interval;
        return interval;
    }
}
