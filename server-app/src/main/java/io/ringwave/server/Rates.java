package io.ringwave.server;

import java.util.function.ToLongFunction;

/** What happened a second, over the last second, ten and sixty; or since the first sample, if that was later. */
record Rates(double second, double tenSeconds, double minute) {

    static Rates of(StatsHistory history, ToLongFunction<Sample> count) {
        return new Rates(over(history, 1, count), over(history, 10, count), over(history, 60, count));
    }

    private static double over(StatsHistory history, int seconds, ToLongFunction<Sample> count) {
        return between(history.before(seconds), history.newest(), count);
    }

    static double between(Sample from, Sample to, ToLongFunction<Sample> count) {
        long nanos = to.nanoTime() - from.nanoTime();
        return nanos <= 0 ? 0 : (count.applyAsLong(to) - count.applyAsLong(from)) * 1e9 / nanos;
    }
}
