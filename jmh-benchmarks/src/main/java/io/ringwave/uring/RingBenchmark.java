package io.ringwave.uring;

import io.ringwave.bindings.uring.Uring;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Ring;
import io.ringwave.spi.BackendException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A round trip through a ring with the flags of the backend: entries into the mapped queue, one io_uring_enter(2), and
 * their completions out again. The operation does nothing (NOP), so that what is left is the way there and back.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RingBenchmark {

    private static final int BATCH = 32;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final int ENTRY_SHIFT = 6; // struct io_uring_sqe: 64 bytes
    private static final long TOKEN_AT = 32; // user_data
    private static final int NOP = Uring.IORING_OP_NOP();
    private static final int GETEVENTS = Uring.IORING_ENTER_GETEVENTS();

    private Ring ring;
    private CompletionQueue completed;
    private MemorySegment entries;
    private MemorySegment kernelTail;
    private int mask;
    private int tail;

    /** JMH runs this on the thread of the benchmark, to which a ring is confined. */
    @Setup
    public void open() throws BackendException {
        ring = RingSetup.create(new FeatureReport(RingOptions.of(KernelRelease.ANY)));
        completed = new CompletionQueue(ring);
        entries = ring.submissionEntries();
        kernelTail = ring.submissionTail();
        mask = (int) (entries.byteSize() >> ENTRY_SHIFT) - 1;
        tail = (int) INT.get(kernelTail, 0L);
    }

    /** One operation by itself. */
    @Benchmark
    public int nop() {
        return roundTrip(1);
    }

    /** 32 operations that share an enter; the time is that of one. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int nopInABatch() {
        return roundTrip(BATCH);
    }

    @TearDown
    public void close() {
        ring.close();
    }

    private int roundTrip(int count) {
        for (int i = 0; i < count; i++) {
            long at = (long) (tail & mask) << ENTRY_SHIFT;
            for (long word = 0; word < 1L << ENTRY_SHIFT; word += Long.BYTES) {
                entries.set(ValueLayout.JAVA_LONG, at + word, word == 0 ? NOP : word == TOKEN_AT ? tail : 0);
            }
            tail++;
        }
        INT.setRelease(kernelTail, 0L, tail);
        int entered = ring.enter(count, count, GETEVENTS, 0, 0);
        completed.refresh();
        int seen = 0;
        while (completed.next()) {
            seen++;
        }
        completed.advance();
        if (seen != count) {
            throw new IllegalStateException(
                    seen + " of " + count + " completed: " + Errno.describe(Math.max(0, -entered)));
        }
        return seen;
    }
}
