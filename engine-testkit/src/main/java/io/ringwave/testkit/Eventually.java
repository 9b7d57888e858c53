package io.ringwave.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition that another thread or the kernel brings about, with a deadline. Any thread. */
public final class Eventually {

    /** How long a test waits before it gives up. Long enough for a busy machine: a test that passes never waits it. */
    public static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final long POLL_NANOS = 200_000;

    private Eventually() {}

    /**
     * Returns as soon as the condition holds.
     *
     * @param what the condition in words, for the message
     * @throws AssertionError if it does not within {@link #PATIENCE}
     */
    public static void eventually(String what, BooleanSupplier condition) {
        eventually(what, PATIENCE, condition);
    }

    /** As {@link #eventually(String, BooleanSupplier)}, with a deadline of one's own. */
    public static void eventually(String what, Duration patience, BooleanSupplier condition) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("not within " + patience + ": " + what);
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }
}
