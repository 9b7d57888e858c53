package io.ringwave.server;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/** Waits for something that tells nobody when it happens. */
final class Await {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final long BETWEEN_LOOKS_NANOS = 5_000_000;

    private Await() {}

    /** Looks again and again until the value is as wanted; fails with the last value at the deadline. Returns it. */
    static <T> T until(String what, Callable<T> value, Predicate<T> wanted) throws Exception {
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        T last = value.call();
        while (!wanted.test(last)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError(what + ": still " + last + " after " + DEADLINE);
            }
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
            last = value.call();
        }
        return last;
    }
}
