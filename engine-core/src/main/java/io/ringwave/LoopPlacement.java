package io.ringwave;

/**
 * Where a loop runs. A snapshot.
 *
 * @param loop its number
 * @param thread the kernel's number of its thread (gettid(2))
 * @param pinned whether it runs on one CPU only
 * @param cpu that CPU, or the one on which it ran last; -1 if it has ended
 * @param node the NUMA node of that CPU; -1 if it is not known
 */
public record LoopPlacement(int loop, int thread, boolean pinned, int cpu, int node) {}
