package io.ringwave.loop;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the deadlines of connections cost. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TimerWheelBenchmark {

    private static final int TIMERS = 16_384;
    private static final long TIMEOUT = 60_000_000_000L;

    private final TimerWheel wheel = new TimerWheel(TIMERS, 0);
    private long now;
    private int id;
    private int expired;
    private final TimerWheel.Expiry count = ended -> expired++; // kept, as the loop does

    /** Per request, a deadline moves later: 1,000,000 requests a second over all connections. */
    @Benchmark
    public int moveLater() {
        now += 1000;
        id = id + 1 & TIMERS - 1;
        wheel.set(id, now + TIMEOUT);
        wheel.advance(now, count);
        return expired;
    }

    /** Per connection, a deadline is filed and taken out again. */
    @Benchmark
    public int setAndCancel() {
        id = id + 1 & TIMERS - 1;
        wheel.set(id, now + TIMEOUT);
        wheel.cancel(id);
        return wheel.size();
    }
}
