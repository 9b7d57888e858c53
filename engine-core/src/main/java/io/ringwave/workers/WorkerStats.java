package io.ringwave.workers;

/**
 * What a pool counted since its start, over all workers. A snapshot: the values were read one after the other.
 *
 * @param executed tasks that were run, also those that failed
 * @param stolen those among them that were taken from the lane of which another worker is the home
 * @param failures exceptions that tasks threw
 * @param wakeups times that a sleeping worker was woken
 * @param discarded tasks that were never run because the pool was closed
 * @param waiting tasks that wait now
 */
public record WorkerStats(long executed, long stolen, long failures, long wakeups, long discarded, long waiting) {}
