package io.ringwave.http;

import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * How long requests took, by route class and by event loop: from the reading of the loop's clock with which a request was
 * complete and taken up, to that by which the kernel had taken the last byte of its response. A snapshot, of everything
 * since the start of the server or, by {@link #since}, of a time between two. To be treated as immutable; any thread.
 *
 * <p>Each request that reached routing is counted once, when its response is sent or its connection has ended before that
 * ({@link #cut}). The clock is read once a turn of a loop (over epoll also once for each group of sends): durations are
 * those of batches, to two digits, between 1 microsecond and 60 seconds, as which longer ones are counted. Requests that
 * come in one piece share their beginning. Where a peer sends on without taking its answers, several pieces can share the
 * earliest's beginning, so that durations are too long, never too short.
 *
 * <p>Where the library is absent, this says that there are none: so this class only passes histograms on to {@link Histograms},
 * which is the one that is loaded with it.
 */
public final class Latencies {

    private static final Latencies NOTHING = new Latencies(null, 0);

    private final Histogram @Nullable [][] byLoop; // and by class; snapshots share those to which nothing was added
    private final long cut;

    /** @param byLoop of each loop, a histogram of each class, not to be changed any more; null if nothing is recorded */
    Latencies(Histogram @Nullable [][] byLoop, long cut) {
        this.byLoop = byLoop;
        this.cut = cut;
    }

    /** Of no server, or one that records none. */
    public static Latencies nothing() {
        return NOTHING;
    }

    /** Whether latencies are recorded at all. */
    public boolean isRecorded() {
        return byLoop != null;
    }

    private Histogram[][] histograms() {
        return Objects.requireNonNull(byLoop, "nothing is recorded");
    }

    /** How many requests of a class were answered. */
    public long count(RouteClass routeClass) {
        return isRecorded() ? Histograms.count(ofAllLoops(routeClass)) : 0;
    }

    /** How many requests were answered on an event loop. */
    public long count(int loop) {
        return isRecorded() ? Histograms.count(Histograms.sum(histograms()[loop])) : 0;
    }

    /** How many requests were not, or not wholly, answered before their connection ended. */
    public long cut() {
        return cut;
    }

    /** The requests of a class. */
    public LatencySummary ofClass(RouteClass routeClass) {
        return isRecorded() ? Histograms.summary(ofAllLoops(routeClass)) : LatencySummary.NOTHING;
    }

    /** The requests of an event loop. */
    public LatencySummary ofLoop(int loop) {
        return isRecorded() ? Histograms.summary(Histograms.sum(histograms()[loop])) : LatencySummary.NOTHING;
    }

    /**
     * The requests of a class, in buckets.
     *
     * @param boundsNanos the upper bounds of all buckets but the last, inclusive, ascending
     * @return as many counts, and that of the last bucket
     */
    public List<Long> counts(RouteClass routeClass, List<Long> boundsNanos) {
        if (!isRecorded()) {
            return Collections.nCopies(boundsNanos.size() + 1, 0L);
        }
        return Histograms.counts(ofAllLoops(routeClass), boundsNanos);
    }

    /** The sum of the durations of a class, as exact as they are. */
    public double sumNanos(RouteClass routeClass) {
        return isRecorded() ? Histograms.sumNanos(ofAllLoops(routeClass)) : 0;
    }

    /** What came after an earlier snapshot of the same server. */
    public Latencies since(Latencies earlier) {
        if (!isRecorded()) {
            return this;
        }
        Histogram[][] now = histograms();
        Histogram[][] before = earlier.histograms();
        Histogram[][] differences = new Histogram[now.length][LatencyRecorder.CLASSES];
        for (int loop = 0; loop < now.length; loop++) {
            for (int i = 0; i < LatencyRecorder.CLASSES; i++) {
                differences[loop][i] = Histograms.less(now[loop][i], before[loop][i]);
            }
        }
        return new Latencies(differences, cut - earlier.cut);
    }

    private Histogram ofAllLoops(RouteClass routeClass) {
        Histogram[][] all = histograms();
        Histogram[] histograms = new Histogram[all.length];
        for (int loop = 0; loop < all.length; loop++) {
            histograms[loop] = all[loop][routeClass.ordinal()];
        }
        return Histograms.sum(histograms);
    }
}
