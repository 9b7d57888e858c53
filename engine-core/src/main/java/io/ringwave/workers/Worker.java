package io.ringwave.workers;

import io.ringwave.spi.Counter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread of a {@link WorkerPool}. Its counters are written by itself; waking is for any thread.
 *
 * <pre>
 *   AWAKE --(worker: found nothing)--> ASLEEP --(any thread: a task)--> NOTIFIED --(worker: woke)--> AWAKE
 *                                        +------(worker: a last look found some)------------------> AWAKE
 * </pre>
 *
 * <p>Where it looks, in this order: the lanes of which it is the home, then the queue of other threads, then the other
 * lanes, beginning with a random one so that thieves do not all meet at the first. A thief takes one task, the
 * oldest: the victim's lane has no owner that would have to be spared, and the oldest has waited longest. Every
 * {@link #FOREIGN_INTERVAL}th time it looks into the queue of other threads first, lest a busy lane starve it.
 *
 * <p>Who finds nothing looks {@link #SEARCHES} times, with pauses that double ({@link Thread#onSpinWait}), then sleeps;
 * at once where the process has a single CPU, since nobody can bring work while it spins.
 */
final class Worker {

    /**
     * A prime, so that it does not fall into step with the pattern of arrivals; the number is that of Go's scheduler.
     */
    private static final int FOREIGN_INTERVAL = 61;
    /** Some microseconds in all: about what a wake-up costs. */
    private static final int SEARCHES = Runtime.getRuntime().availableProcessors() > 1 ? 6 : 0;
    private static final int FIRST_PAUSE_SPINS = 8;

    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;
    private static final int NOTIFIED = 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Worker.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    final Counter executed = new Counter();
    final Counter stolen = new Counter();
    final Counter failures = new Counter();

    private final WorkerPool pool;
    private final int index;
    private final Thread thread;
    private volatile int state = AWAKE;
    private int rounds;
    private int random;

    Worker(WorkerPool pool, int index) {
        this.pool = pool;
        this.index = index;
        this.random = index * 0x9E37_79B9 | 1;
        this.thread = Thread.ofPlatform().name("ringwave-worker-" + index).daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    void interrupt() {
        thread.interrupt();
    }

    /** Any thread: false if it still runs at the deadline. An interrupt is kept for the caller. */
    boolean join(long deadline) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            long nanos = deadline - System.nanoTime();
            if (nanos <= 0) {
                break;
            }
            try {
                TimeUnit.NANOSECONDS.timedJoin(thread, nanos);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }

    /**
     * Any thread: wakes it if it sleeps. The caller has counted it as searching. False if it is awake, or woken
     * already.
     */
    boolean notifyIfAsleep() {
        if (state != ASLEEP || !STATE.compareAndSet(this, ASLEEP, NOTIFIED)) {
            return false;
        }
        LockSupport.unpark(thread);
        return true;
    }

    /** Any thread. */
    boolean isAsleep() {
        return state == ASLEEP;
    }

    /** Whether a lane is served by this worker before all others. With fewer workers than lanes each has several. */
    boolean isHomeOf(int lane) {
        int workers = pool.config().threads();
        int lanes = pool.config().lanes();
        return workers < lanes ? lane % workers == index : index % lanes == lane;
    }

    /** Whether a queue that it may take from is not empty. */
    boolean seesWork() {
        WorkerLane[] lanes = pool.lanes();
        for (int lane = 0; lane < lanes.length; lane++) {
            if (!lanes[lane].isEmpty() && (pool.config().stealing() || isHomeOf(lane))) {
                return true;
            }
        }
        return !pool.isInjectorEmpty();
    }

    // ---- The thread

    private void run() {
        boolean searching = true; // counted by the pool when it started the thread
        while (true) {
            Runnable task = next();
            if (task == null) {
                if (!searching) {
                    searching = true;
                    pool.search();
                }
                task = searchFor();
            }
            if (task != null) {
                if (searching) {
                    searching = false;
                    pool.found();
                }
                execute(task);
            } else if (!pool.isOpen() && !seesWork()) {
                pool.leave();
                return;
            } else {
                sleep();
            }
        }
    }

    /** Looks again and again, at growing intervals. */
    private @Nullable Runnable searchFor() {
        int spins = FIRST_PAUSE_SPINS;
        for (int search = 0; search < SEARCHES; search++) {
            Runnable task = next();
            if (task != null) {
                return task;
            }
            for (int spin = 0; spin < spins; spin++) {
                Thread.onSpinWait();
            }
            spins *= 2;
        }
        return null;
    }

    private @Nullable Runnable next() {
        if (++rounds % FOREIGN_INTERVAL == 0) {
            Runnable task = pool.pollInjector();
            if (task != null) {
                return task;
            }
        }
        WorkerLane[] lanes = pool.lanes();
        int step = Math.min(pool.config().threads(), lanes.length);
        for (int lane = index % step; lane < lanes.length; lane += step) {
            Runnable task = lanes[lane].poll();
            if (task != null) {
                return task;
            }
        }
        Runnable task = pool.pollInjector();
        return task != null || !pool.config().stealing() ? task : steal(lanes);
    }

    private @Nullable Runnable steal(WorkerLane[] lanes) {
        random ^= random << 13; // xorshift (Marsaglia 2003): any victim is as good, as long as they differ
        random ^= random >>> 17;
        random ^= random << 5;
        int first = Math.floorMod(random, lanes.length);
        for (int i = 0; i < lanes.length; i++) {
            int lane = first + i < lanes.length ? first + i : first + i - lanes.length;
            Runnable task = lanes[lane].poll();
            if (task != null) {
                if (!isHomeOf(lane)) {
                    stolen.increment();
                }
                return task;
            }
        }
        return null;
    }

    private void execute(Runnable task) {
        try {
            task.run();
        } catch (Throwable failure) {
            failures.increment();
            LOG.error("A task failed on worker {}", index, failure);
        } finally {
            executed.increment();
        }
        if (pool.isOpen()) {
            Thread.interrupted(); // an interrupt of one task is not the next one's
        }
    }

    /** Sleeps until it is notified, unless a last look finds work; counts as searching again afterwards. */
    private void sleep() {
        if (fallAsleep()) {
            while (state != NOTIFIED) {
                LockSupport.park(this);
                Thread.interrupted(); // nobody's but a task's; kept, it would turn the wait into a spin
            }
            STATE.setRelease(this, AWAKE);
        }
    }

    /**
     * A worker that was searching in vain says so. False if it is awake again, and searching, because there is work.
     */
    boolean fallAsleep() {
        STATE.setVolatile(this, ASLEEP);
        if (pool.mustNotSleep(this) && STATE.compareAndSet(this, ASLEEP, AWAKE)) {
            pool.search();
            return false;
        }
        return true; // it may have been notified, and counted, already
    }
}
