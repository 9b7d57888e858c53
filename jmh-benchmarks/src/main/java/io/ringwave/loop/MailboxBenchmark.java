package io.ringwave.loop;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What handing a task to a loop costs besides the wake-up, from one thread, so without contention. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class MailboxBenchmark {

    private static final Runnable TASK = () -> {
    };

    private int wakeups;
    private final Mailbox mailbox = new Mailbox(1024, () -> wakeups++);

    /** The loop is awake: a task costs the queue only. */
    @Benchmark
    public @Nullable Object taskForAnAwakeLoop() {
        mailbox.offer(TASK);
        return mailbox.poll();
    }

    /** The loop sleeps: besides, the flag is turned, and the loop is woken (here by counting only). */
    @Benchmark
    public @Nullable Object taskForASleepingLoop() {
        mailbox.fallAsleep();
        mailbox.offer(TASK);
        mailbox.wake();
        return mailbox.poll();
    }

    /** What each turn of a loop pays that has no tasks. */
    @Benchmark
    public boolean turnWithoutTasks() {
        boolean mayWait = mailbox.fallAsleep();
        mailbox.wake();
        return mayWait && mailbox.poll() == null;
    }
}
