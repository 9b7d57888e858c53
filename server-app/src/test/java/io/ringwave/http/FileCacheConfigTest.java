package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FileCacheConfigTest {

    @Test
    void whatIsOutOfRangeIsNamed() {
        FileCacheConfig config = FileCacheConfig.defaults();
        assertEquals(0, config.withCacheBytes(0).cacheBytes());
        assertRefused("cacheBytes", () -> config.withCacheBytes(-1));
        assertRefused("cacheBytes", () -> config.withCacheBytes((1L << 36) + 1));
        assertRefused("revalidate", () -> config.withRevalidate(Duration.ofNanos(-1)));
        assertRefused("revalidate", () -> config.withRevalidate(Duration.ofDays(1).plusNanos(1)));
    }

    @Test
    void strategiesHaveTheirNames() {
        for (FileStrategy strategy : FileStrategy.values()) {
            assertEquals(strategy, FileStrategy.named(strategy.optionName()));
        }
        assertRefused("auto, memory, mmap, sendfile, splice, uring: 'magic'", () -> FileStrategy.named("magic"));
    }

    private static void assertRefused(String part, org.junit.jupiter.api.function.Executable call) {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, call);
        assertTrue(String.valueOf(refusal.getMessage()).contains(part), refusal::getMessage);
    }
}
