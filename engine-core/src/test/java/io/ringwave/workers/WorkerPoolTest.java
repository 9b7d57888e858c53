package io.ringwave.workers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerPoolTest {

    private static final int LOOPS = 4;
    private static final Runnable NOTHING = () -> {
    };

    @Test
    void oneWorkerRunsALaneInOrder() throws InterruptedException {
        List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch done = new CountDownLatch(100);
        try (WorkerPool pool = new WorkerPool(WorkerConfig.of(1, 1))) {
            for (int i = 0; i < 100; i++) {
                int number = i;
                assertTrue(pool.lane(0).offer(() -> {
                    ran.add(number);
                    done.countDown();
                }));
            }
            await(done);
        }
        assertEquals(IntStream.range(0, 100).boxed().toList(), ran);
    }

    @Test
    void aFullLaneRefusesAndTheOthersDoNot() throws InterruptedException {
        try (Busy busy = new Busy(WorkerConfig.of(1, 2).withLaneCapacity(3))) {
            for (int i = 0; i < 3; i++) {
                assertTrue(busy.pool.lane(0).offer(NOTHING));
            }
            assertFalse(busy.pool.lane(0).offer(NOTHING));
            assertTrue(busy.pool.lane(1).offer(NOTHING));
            assertEquals(4, busy.pool.stats().waiting());
        }
    }

    @Test
    void theQueueOfOtherThreadsIsBoundedToo() throws InterruptedException {
        try (Busy busy = new Busy(new WorkerConfig(1, 1, 4, 4, true))) {
            for (int i = 0; i < 4; i++) {
                assertTrue(busy.pool.execute(NOTHING));
            }
            assertFalse(busy.pool.execute(NOTHING));
        }
    }

    /** Each of the two tasks waits for the other: one worker alone could never end the first. */
    @ParameterizedTest
    @CsvSource({"0", "1", "2", "3"})
    void twoWorkersServeOneLane(int lane) throws InterruptedException {
        assertTrue(meet(WorkerConfig.of(2, LOOPS), lane, 30_000));
    }

    @Test
    void withoutStealingALaneHasOneWorker() throws InterruptedException {
        assertFalse(meet(WorkerConfig.of(2, LOOPS).withoutStealing(), 0, 200));
    }

    private static boolean meet(WorkerConfig config, int lane, long timeoutMillis) throws InterruptedException {
        CyclicBarrier both = new CyclicBarrier(2);
        CountDownLatch done = new CountDownLatch(2);
        AtomicInteger met = new AtomicInteger();
        Runnable task = () -> {
            try {
                both.await(timeoutMillis, TimeUnit.MILLISECONDS);
                met.incrementAndGet();
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                // the other did not come
            } finally {
                done.countDown();
            }
        };
        try (WorkerPool pool = new WorkerPool(config)) {
            pool.lane(lane).offer(task);
            pool.lane(lane).offer(task);
            await(done);
            return met.get() == 2;
        }
    }

    /** Work that blocks for a while, all of it from one loop: as fast as if every loop had its part. */
    @Test
    void skewedWorkTakesNoLonger() throws InterruptedException {
        WorkerConfig config = WorkerConfig.of(2, LOOPS);
        double best = Double.MAX_VALUE;
        for (int attempt = 0; attempt < 5 && best > 1.1; attempt++) { // a busy machine delays the one or the other
            best = Math.min(best, (double) skewed(config, 1) / skewed(config, LOOPS));
        }
        assertTrue(best <= 1.1, "skewed work took " + best + " times as long");
        double without = 0;
        for (int attempt = 0; attempt < 5 && without <= 1.5; attempt++) {
            WorkerConfig own = config.withoutStealing();
            without = Math.max(without, (double) skewed(own, 1) / skewed(own, LOOPS));
        }
        assertTrue(without > 1.5, "without stealing one worker does it all, and yet it took only " + without);
    }

    /** How long 120 tasks of two milliseconds take that arrive on so many lanes. */
    private static long skewed(WorkerConfig config, int lanes) throws InterruptedException {
        int tasks = 120;
        CountDownLatch done = new CountDownLatch(tasks);
        Runnable task = () -> {
            long end = System.nanoTime() + 2_000_000;
            while (System.nanoTime() < end) {
                LockSupport.parkNanos(end - System.nanoTime()); // stands for a call that blocks
            }
            done.countDown();
        };
        try (WorkerPool pool = new WorkerPool(config)) {
            long start = System.nanoTime();
            for (int i = 0; i < tasks; i++) {
                assertTrue(pool.lane(i % lanes).offer(task));
            }
            await(done);
            return System.nanoTime() - start;
        }
    }

    @Test
    void everyLaneHasAHome() {
        for (int threads = 1; threads <= 9; threads++) {
            for (int lanes = 1; lanes <= 9; lanes++) {
                try (WorkerPool pool = new WorkerPool(WorkerConfig.of(threads, lanes))) {
                    for (int lane = 0; lane < lanes; lane++) {
                        int wanted = lane;
                        assertTrue(IntStream.range(0, threads).anyMatch(index -> new Worker(pool, index)
                                .isHomeOf(wanted)), threads + " workers, lane " + lane + " of " + lanes);
                    }
                }
            }
        }
    }

    @Test
    void aWorkerThatIsAwakeIsNotWoken() throws InterruptedException {
        try (Busy busy = new Busy(WorkerConfig.of(1, 1))) {
            for (int i = 0; i < 100; i++) {
                assertTrue(busy.pool.lane(0).offer(NOTHING));
                assertTrue(busy.pool.execute(NOTHING));
            }
            assertEquals(0, busy.pool.stats().wakeups());
        }
    }

    /** Every task is handed over when the one before has ended: often just as the workers fall asleep. */
    @ParameterizedTest
    @CsvSource({"1,1,true", "2,2,true", "3,2,true", "2,2,false"})
    void noTaskIsLostBetweenFallingAsleepAndHandingOver(int threads, int lanes, boolean stealing) throws Exception {
        WorkerConfig config = WorkerConfig.of(threads, lanes);
        try (WorkerPool pool = new WorkerPool(stealing ? config : config.withoutStealing())) {
            List<Thread> producers = new ArrayList<>();
            AtomicInteger lost = new AtomicInteger();
            for (int lane = 0; lane < lanes; lane++) {
                WorkerLane own = pool.lane(lane);
                producers.add(Thread.ofPlatform().start(() -> {
                    Semaphore ran = new Semaphore(0);
                    for (int i = 0; i < 20_000 && lost.get() == 0; i++) {
                        boolean accepted = (i & 7) == 0 ? pool.execute(ran::release) : own.offer(ran::release);
                        if (!accepted || !acquire(ran)) {
                            lost.incrementAndGet();
                        }
                        for (int spin = i & 0x3ff; spin > 0; spin--) {
                            Thread.onSpinWait();
                        }
                    }
                }));
            }
            for (Thread producer : producers) {
                producer.join();
            }
            assertEquals(0, lost.get(), "tasks that did not run");
        }
    }

    private static boolean acquire(Semaphore permit) {
        try {
            return permit.tryAcquire(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Test
    void aTaskThatFailsIsCountedAndEndsNothingElse() throws InterruptedException {
        try (WorkerPool pool = new WorkerPool(WorkerConfig.of(1, 1))) {
            CountDownLatch done = new CountDownLatch(1);
            pool.lane(0).offer(() -> {
                throw new IllegalStateException("on purpose");
            });
            pool.lane(0).offer(done::countDown);
            await(done);
            assertTrue(pool.close(Duration.ofSeconds(30)));
            assertEquals(1, pool.stats().failures());
            assertEquals(2, pool.stats().executed());
        }
    }

    @Test
    void closingRunsWhatWasAccepted() throws InterruptedException {
        AtomicInteger ran = new AtomicInteger();
        try (WorkerPool pool = new WorkerPool(WorkerConfig.of(2, 2))) {
            for (int i = 0; i < 200; i++) {
                assertTrue(pool.lane(i & 1).offer(ran::incrementAndGet));
            }
            assertTrue(pool.close(Duration.ofSeconds(30)));
            assertEquals(200, ran.get());
            assertFalse(pool.lane(0).offer(NOTHING));
            assertFalse(pool.execute(NOTHING));
        }
    }

    @Test
    void whatHasNotBegunInTimeIsDiscardedAndWhatRunsInterrupted() throws InterruptedException {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        AtomicInteger ran = new AtomicInteger();
        WorkerPool pool = new WorkerPool(WorkerConfig.of(1, 1));
        pool.lane(0).offer(() -> {
            running.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
            }
        });
        await(running);
        for (int i = 0; i < 5; i++) {
            pool.lane(0).offer(ran::incrementAndGet);
        }
        assertFalse(pool.close(Duration.ofMillis(1)));
        await(interrupted);
        assertEquals(0, ran.get());
        assertEquals(5, pool.stats().discarded());
    }

    @Test
    void anUnusedPoolHasNoThreadsAndUsedOnesAreDaemons() throws InterruptedException {
        WorkerPool pool = new WorkerPool(WorkerConfig.of(2, 1));
        assertEquals(0, pool.stats().executed());
        List<Boolean> daemons = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(1);
        pool.execute(() -> {
            daemons.add(Thread.currentThread().isDaemon());
            done.countDown();
        });
        await(done);
        assertEquals(List.of(true), daemons);
        pool.close();
        assertTrue(new WorkerPool(WorkerConfig.of(2, 1)).close(Duration.ZERO));
    }

    @Test
    void configurationIsCheckedByName() {
        String message = assertThrows(IllegalArgumentException.class, () -> WorkerConfig.of(0, 1)).getMessage();
        assertTrue(message.contains("threads"), message);
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertTrue(latch.await(30, TimeUnit.SECONDS), "it did not happen in time");
    }

    /** A pool whose one worker has a task that does not end before this is closed. */
    private static final class Busy implements AutoCloseable {
        final WorkerPool pool;
        private final CountDownLatch release = new CountDownLatch(1);

        Busy(WorkerConfig config) throws InterruptedException {
            pool = new WorkerPool(config);
            CountDownLatch running = new CountDownLatch(1);
            pool.execute(() -> {
                running.countDown();
                acquireQuietly();
            });
            await(running);
        }

        private void acquireQuietly() {
            try {
                release.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void close() {
            release.countDown();
            assertTrue(pool.close(Duration.ofSeconds(30)));
        }
    }
}
