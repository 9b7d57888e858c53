package io.ringwave.http;

import java.time.Duration;

/**
 * How each event loop keeps and sends files. Immutable.
 *
 * @param strategy how their bytes are sent
 * @param cacheBytes the most bytes of files that each loop keeps in memory, 0 to 64 GiB; rounded down to whole KiB
 * @param revalidate how long a file is taken for the one at its path without a look, at most a day; zero looks each time
 */
public record FileCacheConfig(FileStrategy strategy, long cacheBytes, Duration revalidate) {

    private static final long MAX_CACHE_BYTES = 1L << 36;
    private static final FileCacheConfig DEFAULTS = new FileCacheConfig(FileStrategy.AUTO, 32L << 20,
            Duration.ofSeconds(1));

    /** @throws IllegalArgumentException naming the option that is out of range */
    public FileCacheConfig {
        if (cacheBytes < 0 || cacheBytes > MAX_CACHE_BYTES) {
            throw new IllegalArgumentException(
                    "cacheBytes must be between 0 and " + MAX_CACHE_BYTES + ": " + cacheBytes);
        }
        if (revalidate.isNegative() || revalidate.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("revalidate must be between 0 and a day: " + revalidate);
        }
    }

    /** {@link FileStrategy#AUTO}, 32 MiB, one second. */
    public static FileCacheConfig defaults() {
        return DEFAULTS;
    }

    /** The same with another strategy. */
    public FileCacheConfig withStrategy(FileStrategy newStrategy) {
        return new FileCacheConfig(newStrategy, cacheBytes, revalidate);
    }

    /** The same with another bound on what is kept in memory. */
    public FileCacheConfig withCacheBytes(long newCacheBytes) {
        return new FileCacheConfig(strategy, newCacheBytes, revalidate);
    }

    /** The same with another time between two looks. */
    public FileCacheConfig withRevalidate(Duration newRevalidate) {
        return new FileCacheConfig(strategy, cacheBytes, newRevalidate);
    }
}
