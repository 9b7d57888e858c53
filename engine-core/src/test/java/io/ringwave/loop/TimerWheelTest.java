package io.ringwave.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerWheelTest {

    private static final long TICK = 1L << TimerWheel.TICK_SHIFT;
    private static final long START = 12_345_678_901L; // no multiple of a tick
    private static final long SECOND = 1_000_000_000;

    private final TimerWheel wheel = new TimerWheel(8, START);
    private final List<Integer> expired = new ArrayList<>();

    private void advance(long now) {
        wheel.advance(now, expired::add);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, TICK - 1, TICK, TICK + 1, 5 * SECOND, 17 * SECOND, 60 * SECOND, 3600 * SECOND})
    void aTimerExpiresOnceNeverEarlyAndAtMostATickLate(long delay) {
        wheel.set(3, START + delay);
        for (long elapsed = 0; elapsed < delay; elapsed += Math.max(TICK / 2, delay / 5000)) {
            advance(START + elapsed);
            assertEquals(List.of(), expired, "expired early");
        }
        advance(START + delay + TICK);
        advance(START + delay + 100 * SECOND);

        assertEquals(List.of(3), expired);
        assertEquals(Long.MAX_VALUE, wheel.nanosToNext(START + delay + 100 * SECOND));
    }

    @Test
    void aTimerMovedLaterExpiresLater() {
        wheel.set(1, START + SECOND);
        wheel.set(1, START + 3 * SECOND);
        advance(START + 2 * SECOND);
        assertEquals(List.of(), expired);

        advance(START + 3 * SECOND + TICK);
        assertEquals(List.of(1), expired);
    }

    @Test
    void aTimerMovedEarlierExpiresEarlier() {
        wheel.set(1, START + 30 * SECOND);
        wheel.set(1, START + SECOND);
        advance(START + SECOND + TICK);

        assertEquals(List.of(1), expired);
    }

    @Test
    void cancelledTimersDoNotExpire() {
        wheel.set(1, START + SECOND);
        wheel.set(2, START + SECOND);
        wheel.cancel(1);
        wheel.set(2, Long.MAX_VALUE);
        advance(START + 5 * SECOND);

        assertEquals(List.of(), expired);
    }

    @Test
    void theTimeToTheNextTimerIsNeverLongerThanItsDeadline() {
        wheel.set(1, START + 5 * SECOND);
        assertTrue(wheel.nanosToNext(START) <= 5 * SECOND + TICK);
        assertTrue(wheel.nanosToNext(START) > 4 * SECOND);
    }

    @Test
    void anExpiryMaySetAndCancelTimersOfItsOwnBucket() {
        for (int id = 0; id < 4; id++) {
            wheel.set(id, START + SECOND);
        }
        wheel.advance(START + SECOND + TICK, id -> {
            expired.add(id);
            if (expired.size() == 1) {
                for (int other = 0; other < 4; other++) {
                    if (other != id) {
                        wheel.set(other, START + 2 * SECOND);
                    }
                }
                wheel.set(id, START + SECOND); // at once, as it were: the next advance
            }
        });
        assertEquals(1, expired.size());

        int first = expired.getFirst();
        advance(START + SECOND + 3 * TICK);
        assertEquals(List.of(first, first), expired);

        advance(START + 2 * SECOND + TICK);
        assertEquals(5, expired.size());
    }

    @Test
    void timersFarApartSurviveALongSleep() {
        wheel.set(0, START + SECOND);
        wheel.set(1, START + 40 * SECOND);
        wheel.set(2, START + 400 * SECOND);
        advance(START + 100 * SECOND);
        assertEquals(List.of(0, 1), expired.stream().sorted().toList());

        advance(START + 400 * SECOND + TICK);
        assertEquals(3, expired.size());
    }

    @Test
    void agreesWithAListOfDeadlinesOverRandomOperations() {
        SplittableRandom random = new SplittableRandom(42);
        TimerWheel tested = new TimerWheel(200, START);
        long[] deadlines = new long[200];
        Arrays.fill(deadlines, Long.MAX_VALUE);
        long now = START;
        for (int step = 0; step < 20_000; step++) {
            int id = random.nextInt(200);
            switch (random.nextInt(4)) {
                case 0, 1 ->
                    tested.set(id, deadlines[id] = now + random.nextLong(random.nextBoolean() ? SECOND : 50 * SECOND));
                case 2 -> {
                    tested.cancel(id);
                    deadlines[id] = Long.MAX_VALUE;
                }
                default -> {
                    now += random.nextLong(random.nextInt(100) == 0 ? 60 * SECOND : SECOND / 10);
                    long present = now;
                    long sleep = tested.nanosToNext(now);
                    tested.advance(now, expiredId -> {
                        assertTrue(deadlines[expiredId] <= present, "expired early");
                        deadlines[expiredId] = Long.MAX_VALUE;
                    });
                    for (long deadline : deadlines) {
                        assertTrue(deadline > now - TICK, "expires more than a tick late");
                    }
                    assertTrue(sleep >= 0);
                }
            }
        }
    }

    @Test
    void timersOfHighIdsExpireAndNoOthersDo() {
        TimerWheel large = new TimerWheel(100_000, START);
        large.cancel(99_999);
        int[] ids = {0, 63, 64, 65, 1_000, 54_321, 99_999};
        for (int id : ids) {
            large.set(id, START + SECOND + id);
        }
        large.cancel(1_000);
        large.advance(START + SECOND - 1, expired::add);
        assertEquals(List.of(), expired);
        large.advance(START + 2 * SECOND, expired::add);
        assertEquals(List.of(0, 63, 64, 65, 54_321, 99_999), expired.stream().sorted().toList());
        assertEquals(0, large.size());
    }

    @Test
    void distantDeadlinesWakeAnIdleLoopOnceASecond() {
        TimerWheel large = new TimerWheel(5_000, START);
        long now = START;
        for (int id = 0; id < 5_000; id++, now += 10_000_000) {
            large.advance(now, expired::add);
            large.set(id, now + 3600 * SECOND);
        }
        int wakes = 0;
        for (long end = now + 60 * SECOND; now < end; wakes++) {
            now += Math.max(1, large.nanosToNext(now));
            large.advance(now, expired::add);
        }
        assertTrue(wakes <= 60, wakes + " times in a minute");
        assertEquals(List.of(), expired);
    }
}
