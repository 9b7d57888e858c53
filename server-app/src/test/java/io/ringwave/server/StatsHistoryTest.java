package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineStats;
import io.ringwave.http.HttpStats;
import io.ringwave.http.Latencies;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Rates over windows of time, by a clock that the test moves. */
class StatsHistoryTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final StatsHistory history = new StatsHistory();
    private long now = Long.MAX_VALUE - 30 * SECOND; // a monotonic clock may overflow
    private long requests;

    private static Sample sample(long nanoTime, long requests) {
        HttpStats http = new HttpStats(requests, 0, 0, 0, 0, 0, 0, 0, new HttpStats.Files(0, 0, 0, 0, 0, 0, 0, 0, 0));
        EngineStats engine = new EngineStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                List.of(), Map.of());
        return new Sample(nanoTime, 0, List.of(engine), List.of(http), Latencies.nothing(), new long[1]);
    }

    private void second(long more, long nanos) {
        now += nanos;
        requests += more;
        history.add(sample(now, requests));
    }

    private Rates rates() {
        return Rates.of(history, Sample::requests);
    }

    @Test
    void thereIsNoRateBeforeASecondHasPassed() {
        second(1000, 0);
        assertEquals(new Rates(0, 0, 0), rates());
    }

    @Test
    void aWindowThatIsNotFullYetIsOfTheTimeSinceTheStart() {
        second(0, 0);
        second(100, SECOND);
        second(300, SECOND);
        assertEquals(new Rates(300, 200, 200), rates());
    }

    @Test
    void eachWindowHasItsOwnRate() {
        second(0, 0);
        for (int i = 0; i < 100; i++) {
            second(i < 80 ? 10 : i < 99 ? 100 : 1000, SECOND);
        }
        assertEquals(new Rates(1000, (9 * 100 + 1000) / 10.0, (40 * 10 + 19 * 100 + 1000) / 60.0), rates());
    }

    /** Samples come a little early or late: the rates are those of the time that has passed. */
    @Test
    void aRateIsOfTheTimeThatHasPassed() {
        second(0, 0);
        for (int i = 0; i < 80; i++) {
            long nanos = SECOND + (i % 2 == 0 ? 150_000_000 : -150_000_000);
            second(nanos / 1_000_000, nanos);
        }
        Rates rates = rates();
        for (double each : List.of(rates.second(), rates.tenSeconds(), rates.minute())) {
            assertEquals(1000, each, 0.001);
        }
    }

    /** The machine slept: what came before is old, and no window is longer than it says it is by more than that. */
    @Test
    void aGapIsPartOfTheWindow() {
        second(0, 0);
        second(100, SECOND);
        second(100, 20 * SECOND);
        assertEquals(5, rates().second());
        assertEquals(5, rates().tenSeconds());
    }

    /** Samples are up to a second late: those that windows of latencies begin with have them still. */
    @Test
    void latenciesAreKeptAsLongAsTheyAreAskedFor() {
        SplittableRandom random = new SplittableRandom(1);
        long due = now;
        for (int i = 0; i < 1000; i++) {
            due += SECOND;
            second(1, due + (long) (random.nextDouble(0.999) * SECOND) - now);
            assertNotNull(history.before(1).latencies());
            assertNotNull(history.before(StatsHistory.LATENCY_SECONDS).latencies());
        }
        assertNull(history.before(StatsHistory.LATENCY_SECONDS + 4).latencies());
    }

    @Test
    void itIsBounded() {
        for (int i = 0; i < 1000; i++) {
            second(1, SECOND);
        }
        assertEquals(StatsHistory.SECONDS + 1, history.size());
        assertTrue(now < 0, "the clock has overflowed meanwhile");
    }
}
