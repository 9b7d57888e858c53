package io.ringwave.benchmarks;

import io.ringwave.EngineConfig;
import io.ringwave.linux.Mapping;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.Completions;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to wake a loop that sleeps in its backend, as far as the two ends are concerned: the write of the
 * eventfd, and the turn that finds it. From one thread, so without the time that a sleeper takes to get up.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class WakeupBenchmark {

    private static final int BUFFER_BYTES = 4096;
    private static final int BUFFERS = 16;

    @Param({"io_uring", "epoll"})
    public String backend = EngineConfig.AUTO;

    private final Nobody nobody = new Nobody();
    private Mapping memory;
    private Backend loop;

    /** JMH runs this on the thread of the benchmark, to which a backend is confined. */
    @Setup
    public void open() throws Exception {
        BackendProvider provider = ServiceLoader.load(BackendProvider.class).stream().map(ServiceLoader.Provider::get)
                .filter(candidate -> candidate.name().equals(backend)).findFirst().orElseThrow();
        memory = Mapping.anonymous(BufferSlab.memoryBytes(2 * BUFFERS, BUFFER_BYTES));
        loop = provider.create(
                new BackendResources(0, 1, new BufferSlab(memory.memory(), BUFFER_BYTES, BUFFERS, BUFFERS)));
    }

    @Benchmark
    public int wakeup() {
        loop.wakeup();
        return loop.submitAndAwait(Long.MAX_VALUE, nobody);
    }

    @TearDown
    public void close() {
        loop.close();
        memory.close();
    }

    /** A wake-up is no completion: nothing may be reported. */
    private static final class Nobody implements Completions {
        @Override
        public void accepted(int result) {
            throw new AssertionError("accepted");
        }

        @Override
        public void received(int slot, int buffer, int offset, int result) {
            throw new AssertionError("received");
        }

        @Override
        public void sent(int slot, long result) {
            throw new AssertionError("sent");
        }

        @Override
        public void connected(int slot, int result) {
            throw new AssertionError("connected");
        }

        @Override
        public void closed(int slot) {
            throw new AssertionError("closed");
        }
    }
}
