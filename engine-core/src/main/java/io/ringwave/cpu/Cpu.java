package io.ringwave.cpu;

/**
 * One CPU as the kernel counts them, which is a hardware thread. What it shares with others is named by the lowest CPU
 * of those who share it, since the kernel numbers cores anew in each socket, and caches not everywhere.
 *
 * @param id the kernel's number
 * @param socket the number of the package that it is in
 * @param node the number of its NUMA node
 * @param core the lowest CPU of its core
 * @param thread its place among the hardware threads (SMT siblings) of its core, from 0
 * @param cache the lowest CPU with which it shares its level 3 cache; where none is known, the lowest of its socket
 * @param kind whether its core is built for speed
 */
public record Cpu(int id, int socket, int node, int core, int thread, int cache, Kind kind) {

    /** What a core is built for. On most machines all are alike. */
    public enum Kind {
        /** A fast core, or one among equals. */
        PERFORMANCE,
        /** A core that is slower than others of this machine (an E-core, LITTLE). */
        EFFICIENCY
    }
}
