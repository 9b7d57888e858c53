package io.ringwave.server;

import java.util.ArrayDeque;

/**
 * The samples of the last minute, one a second; their latencies are kept for the last seconds only, since they are large.
 * Not thread-safe.
 */
final class StatsHistory {

    /** The longest time over which rates can be told. */
    static final int SECONDS = 60;
    /** The longest time of which latencies can be told. */
    static final int LATENCY_SECONDS = 10;

    /** How many samples keep theirs: one may be a second late, and the next one then comes soon after it. */
    private static final int KEPT_LATENCIES = LATENCY_SECONDS + 2;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    /** Samples are taken at nearly the same time of each second. */
    private static final long TOLERANCE_NANOS = NANOS_PER_SECOND / 2;

    private final ArrayDeque<Sample> samples = new ArrayDeque<>(SECONDS + 2); // the newest first

    /** For another thread. */
    StatsHistory copy() {
        StatsHistory copy = new StatsHistory();
        copy.samples.addAll(samples);
        return copy;
    }

    /** Adds a sample, and forgets what is too old. */
    void add(Sample sample) {
        samples.addFirst(sample);
        if (samples.size() > SECONDS + 1) {
            samples.removeLast();
        }
        if (samples.size() > KEPT_LATENCIES) {
            forgetLatencies();
        }
    }

    /** Of the one that has just become too old for them; all before it have none any more. */
    private void forgetLatencies() {
        Sample[] all = samples.toArray(new Sample[0]);
        all[KEPT_LATENCIES] = all[KEPT_LATENCIES].withoutLatencies();
        samples.clear();
        for (Sample each : all) {
            samples.addLast(each);
        }
    }

    Sample newest() {
        return samples.getFirst();
    }

    /** The newest sample that is so many seconds older than the last one, nearly; or else the oldest. */
    Sample before(int seconds) {
        long latest = newest().nanoTime() - seconds * NANOS_PER_SECOND + TOLERANCE_NANOS;
        for (Sample each : samples) {
            if (each.nanoTime() - latest <= 0) {
                return each;
            }
        }
        return samples.getLast();
    }

    int size() {
        return samples.size();
    }
}
