package io.ringwave.spi;

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

/** What every operation and every completion pays for the check of generations. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TokenBenchmark {

    private int generation;
    private int slot;
    private long token = Token.of(2, 77, 4711);

    @Benchmark
    public long pack() {
        generation = Token.nextGeneration(generation);
        slot = slot + 1 & 0xffff;
        return Token.of(2, generation, slot);
    }

    /** Takes a token apart, and compares its generation with another. */
    @Benchmark
    public int unpack() {
        token += 1L << 32;
        return Token.operation(token) + Token.slot(token) + (Token.generation(token) == generation ? 1 : 0);
    }
}
