package io.ringwave.http;

/**
 * How long some requests took, in nanoseconds, to two digits. All zero if there were none.
 *
 * @param count how many they are
 * @param p50 half of them took no longer
 * @param p95 95 of 100 took no longer
 * @param p99 99 of 100 took no longer
 * @param p999 999 of 1000 took no longer
 * @param max none took longer
 */
public record LatencySummary(long count, long p50, long p95, long p99, long p999, long max) {

    /** Of no requests. */
    public static final LatencySummary NOTHING = new LatencySummary(0, 0, 0, 0, 0, 0);
}
