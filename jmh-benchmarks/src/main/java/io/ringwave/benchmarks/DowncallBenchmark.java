package io.ringwave.benchmarks;

import io.ringwave.linux.EventFd;
import io.ringwave.linux.Libc;
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

/** What a system call costs from Java, and how much of it is the way there. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DowncallBenchmark {

    private final EventFd eventFd = make();

    private static EventFd make() {
        try {
            return EventFd.create();
        } catch (io.ringwave.linux.ErrnoException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The cheapest system call. */
    @Benchmark
    public int getpid() {
        return Libc.getpid();
    }

    /** A call that fails, so that errno is read. */
    @Benchmark
    public int failingShutdown() {
        return Libc.shutdown(-1, 0);
    }

    /** Two calls that work: write and read of an eventfd. */
    @Benchmark
    public void signalAndDrain() {
        eventFd.signal();
        eventFd.drain();
    }
}
