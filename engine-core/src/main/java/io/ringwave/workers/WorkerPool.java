package io.ringwave.workers;

import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jctools.queues.varhandle.MpmcVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that run what an event loop must not: work that blocks, or computes for long. Each loop hands its tasks over
 * by a {@link WorkerLane} of its own, other threads by {@link #execute}; every lane has a worker that is its home, and
 * workers without work at home take some from the other lanes. Owns its threads, which are daemons and begin with the
 * first task: a pool that is never used costs a few arrays.
 *
 * <pre>
 *   OPEN --close: nothing more is taken--> CLOSING --all was run, or the time is over--> CLOSED
 * </pre>
 *
 * Guarantees:
 * <ol>
 * <li>Handing over neither locks nor blocks, and is refused when a queue is full.
 * <li>A task that was accepted is run once, or counted as discarded when the pool was closed. (One that is handed over
 * while another thread closes the pool may find neither.)
 * <li>A task never waits while a worker that may run it sleeps. Handing over wakes at most one, and none while one is
 *     searching: see {@link #submitted}.
 * <li>What a task throws is logged once, and ends nothing but that task.
 * </ol>
 */
public final class WorkerPool implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(WorkerPool.class);

    /** How long a worker that was interrupted at the end may take to leave its task. */
    private static final long INTERRUPTED_NANOS = 1_000_000_000;
    /** In place of a lane: the queue of other threads. */
    private static final int INJECTOR = -1;

    private final WorkerConfig config;
    private final WorkerLane[] lanes;
    private final MpmcVarHandleArrayQueue<Runnable> injector;
    private final Worker[] workers;
    /** Workers that are awake and without a task. Who is woken is counted by whoever wakes it. */
    private final AtomicInteger searching = new AtomicInteger();
    private final AtomicBoolean starting = new AtomicBoolean();
    private final AtomicLong wakeups = new AtomicLong();
    private final AtomicLong discarded = new AtomicLong();
    private volatile boolean started;
    private volatile boolean open = true;

    /** Makes a pool; its threads begin with the first task. */
    public WorkerPool(WorkerConfig config) {
        this.config = config;
        lanes = new WorkerLane[config.lanes()];
        for (int lane = 0; lane < lanes.length; lane++) {
            lanes[lane] = new WorkerLane(this, lane, config.laneCapacity());
        }
        injector = new MpmcVarHandleArrayQueue<>(config.injectorCapacity());
        workers = new Worker[config.threads()];
        for (int worker = 0; worker < workers.length; worker++) {
            workers[worker] = new Worker(this, worker);
        }
    }

    /** For tests of what workers and loops see of each other: its workers have no threads. */
    static WorkerPool withoutThreads(WorkerConfig config) {
        WorkerPool pool = new WorkerPool(config);
        pool.starting.set(true);
        pool.started = true;
        return pool;
    }

    /** How it was set up. */
    public WorkerConfig config() {
        return config;
    }

    /** The lane of a loop, by the loop's {@link io.ringwave.LoopContext#index}. */
    public WorkerLane lane(int loop) {
        return lanes[loop];
    }

    /**
     * Hands a task over from any thread. Loops use their lane.
     *
     * @return false if as many tasks as there is room for are waiting, or the pool was closed; the task will then not
     * run
     */
    public boolean execute(Runnable task) {
        if (!open || !injector.offer(task)) {
            return false;
        }
        submitted(INJECTOR);
        return true;
    }

    /** What it counted so far. */
    public WorkerStats stats() {
        long executed = 0;
        long stolen = 0;
        long failures = 0;
        for (Worker worker : workers) {
            executed += worker.executed.get();
            stolen += worker.stolen.get();
            failures += worker.failures.get();
        }
        return new WorkerStats(executed, stolen, failures, wakeups.get(), discarded.get(), waiting());
    }

    /** Takes no more tasks, and discards those that were not begun; those that run are waited for a second. */
    @Override
    public void close() {
        close(Duration.ZERO);
    }

    /**
     * Takes no more tasks, and lets those that were accepted be run. What has not begun when the time is over is
     * discarded; what runs then is interrupted, and left behind if it does not end within a second. Idempotent.
     *
     * @return whether all ended in time
     */
    public boolean close(Duration timeout) {
        open = false;
        long deadline = System.nanoTime() + timeout.toNanos();
        for (Worker worker : workers) {
            wake(worker);
        }
        boolean ended = joinUntil(deadline);
        if (!ended || !started) {
            discardAll();
            for (Worker worker : workers) {
                worker.interrupt();
            }
            if (!joinUntil(System.nanoTime() + INTERRUPTED_NANOS)) {
                LOG.warn("A task did not end with its worker pool; its thread is left behind");
            }
        }
        long left = discarded.get();
        if (left > 0) {
            LOG.warn("{} tasks were not run, since their worker pool was closed", left);
        }
        return ended && left == 0;
    }

    boolean isOpen() {
        return open;
    }

    Worker worker(int index) {
        return workers[index];
    }

    WorkerLane[] lanes() {
        return lanes;
    }

    // ---- Waking

    /**
     * A task was put into a queue. Wakes a worker unless one is searching, for that one will find it: it either
     * takes a task, and then, if it was the last that searched, wakes another as long as there is work ({@link
     * #found}); or it finds none, says that it sleeps, stops counting as searching, and looks once more ({@link
     * #mustNotSleep}). The fence puts the task before the look at the counter, as the counter's decrement stands before
     * that last look; so either this thread sees nobody searching, or that one sees the task.
     */
    void submitted(int lane) {
        if (!started) {
            start();
        }
        VarHandle.fullFence();
        if (!config.stealing() && lane != INJECTOR) {
            wakeHomeOf(lane);
        } else if (searching.get() == 0) {
            wakeOne();
        }
    }

    /**
     * A worker that was searching has found a task. The last one makes sure that what is left is looked for as well.
     */
    void found() {
        if (searching.decrementAndGet() == 0 && waiting() > 0) {
            wakeOne();
        }
    }

    /** A worker begins to search by itself, without having been woken. */
    void search() {
        searching.getAndIncrement();
    }

    /** A worker that was searching ends. */
    void leave() {
        searching.getAndDecrement();
    }

    /** A worker that has said that it sleeps asks whether it must not: it stops searching, and looks once more. */
    boolean mustNotSleep(Worker worker) {
        searching.getAndDecrement();
        VarHandle.fullFence();
        return !open || worker.seesWork();
    }

    /**
     * Wakes the first worker that sleeps. While it looks for one it counts as searching itself, in the place of the one
     * that will: so others need not look too. If there is none, it stops counting as whoever searches in vain does.
     */
    private void wakeOne() {
        do {
            searching.getAndIncrement();
            for (Worker worker : workers) {
                if (worker.notifyIfAsleep()) {
                    wakeups.getAndIncrement();
                    return;
                }
            }
        } while (searching.decrementAndGet() == 0 && waiting() > 0 && isAnyAsleep());
    }

    private void wakeHomeOf(int lane) {
        for (Worker worker : workers) {
            if (worker.isHomeOf(lane) && wake(worker)) {
                return;
            }
        }
    }

    private boolean wake(Worker worker) {
        searching.getAndIncrement();
        if (!worker.notifyIfAsleep()) {
            searching.getAndDecrement();
            return false;
        }
        wakeups.getAndIncrement();
        return true;
    }

    private boolean isAnyAsleep() {
        for (Worker worker : workers) {
            if (worker.isAsleep()) {
                return true;
            }
        }
        return false;
    }

    private long waiting() {
        long waiting = injector.size();
        for (WorkerLane lane : lanes) {
            waiting += lane.size();
        }
        return waiting;
    }

    @Nullable
    Runnable pollInjector() {
        return injector.poll();
    }

    boolean isInjectorEmpty() {
        return injector.isEmpty();
    }

    // ---- Beginning and end

    private void start() {
        if (starting.compareAndSet(false, true)) {
            searching.addAndGet(workers.length); // they begin by searching
            for (Worker worker : workers) {
                worker.start();
            }
            started = true;
        }
    }

    private boolean joinUntil(long deadline) {
        boolean ended = true;
        for (Worker worker : workers) {
            ended &= worker.join(deadline);
        }
        return ended;
    }

    private void discardAll() {
        long count = 0;
        while (injector.poll() != null) {
            count++;
        }
        for (WorkerLane lane : lanes) {
            while (lane.poll() != null) {
                count++;
            }
        }
        discarded.addAndGet(count);
    }
}
