package io.ringwave.workers;

/**
 * How a {@link WorkerPool} is set up. Immutable, and valid once made.
 *
 * @param threads how many workers
 * @param lanes how many event loops hand work over, each by a lane of its own
 * @param laneCapacity how many tasks of one loop may wait; more are refused
 * @param injectorCapacity how many tasks from other threads may wait; rounded up to a power of two
 * @param stealing whether idle workers take work from lanes of which they are not the home; for comparison
 */
public record WorkerConfig(int threads, int lanes, int laneCapacity, int injectorCapacity, boolean stealing) {

    /** Enough for a burst; at a millisecond for each it is a quarter of a second's work of one worker. */
    public static final int DEFAULT_CAPACITY = 256;

    /** @throws IllegalArgumentException naming the option that is out of range */
    public WorkerConfig {
        requireRange("threads", threads, 1, 4096);
        requireRange("lanes", lanes, 1, 1024);
        requireRange("laneCapacity", laneCapacity, 1, 1 << 20);
        requireRange("injectorCapacity", injectorCapacity, 2, 1 << 20);
    }

    /** So many workers for so many loops, with the default capacities. */
    public static WorkerConfig of(int threads, int lanes) {
        return new WorkerConfig(threads, lanes, DEFAULT_CAPACITY, DEFAULT_CAPACITY, true);
    }

    /** The same with another capacity of every lane. */
    public WorkerConfig withLaneCapacity(int capacity) {
        return new WorkerConfig(threads, lanes, capacity, injectorCapacity, stealing);
    }

    /** The same with workers that serve only the lanes of which they are the home. */
    public WorkerConfig withoutStealing() {
        return new WorkerConfig(threads, lanes, laneCapacity, injectorCapacity, false);
    }

    private static void requireRange(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(option + " must be between " + min + " and " + max + ": " + value);
        }
    }
}
