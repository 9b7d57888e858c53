package io.ringwave.workers;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * The lanes, stealing from them, and workers that fall asleep just when there is work. No thread of a pool runs here.
 */
public class WorkerStress {

    /** A task that is told from others. */
    private record Numbered(int number) implements Runnable {
        @Override
        public void run() {}
    }

    private static final Runnable FIRST = new Numbered(1);
    private static final Runnable SECOND = new Numbered(2);

    private static int take(WorkerLane lane) {
        return lane.poll() instanceof Numbered task ? task.number() : 0;
    }

    /** A pool whose workers are led by the test. */
    public static class Pool {
        final WorkerPool pool;
        final WorkerLane lane;

        Pool(int workers) {
            pool = WorkerPool.withoutThreads(WorkerConfig.of(workers, 1).withLaneCapacity(4));
            lane = pool.lane(0);
        }
    }

    @JCStressTest
    @Outcome(id = {"1, 0", "0, 1"}, expect = ACCEPTABLE, desc = "one of the two has got it")
    @Outcome(id = "1, 1", expect = FORBIDDEN, desc = "both have: it would run twice")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "neither has, though it was there: it would be lost")
    @State
    public static class TwoThievesOfOneTask extends Pool {

        public TwoThievesOfOneTask() {
            super(2);
            lane.offer(FIRST);
        }

        @Actor
        public void one(II_Result result) {
            result.r1 = take(lane);
        }

        @Actor
        public void other(II_Result result) {
            result.r2 = take(lane);
        }
    }

    /** First and second: what the thief got. Third: what was left. */
    @JCStressTest
    @Outcome(id = {"0, 0, 1", "0, 1, 2", "1, 0, 2", "1, 2, 0"}, expect = ACCEPTABLE, desc = "each once, and in order")
    @Outcome(expect = FORBIDDEN, desc = "a task was lost, doubled, or overtook another")
    @State
    public static class ThiefWhileHandingOver extends Pool {

        public ThiefWhileHandingOver() {
            super(1);
        }

        @Actor
        public void loop() {
            lane.offer(FIRST);
            lane.offer(SECOND);
        }

        @Actor
        public void thief(III_Result result) {
            result.r1 = take(lane);
            result.r2 = take(lane);
        }

        @Arbiter
        public void left(III_Result result) {
            result.r3 = take(lane);
        }
    }

    /**
     * The lane is full: who is refused must be right to be. First: whether it was taken. Second: what the thief got.
     */
    @JCStressTest
    @Outcome(id = {"1, 1"}, expect = ACCEPTABLE, desc = "the thief had made room")
    @Outcome(id = {"0, 1"}, expect = ACCEPTABLE, desc = "there was no room yet")
    @Outcome(expect = FORBIDDEN, desc = "a task was lost")
    @State
    public static class FullLane extends Pool {

        public FullLane() {
            super(1);
            lane.offer(FIRST);
            for (int i = 1; i < lane.capacity(); i++) {
                lane.offer(SECOND);
            }
        }

        @Actor
        public void loop(II_Result result) {
            result.r1 = lane.offer(SECOND) ? 1 : 0;
        }

        @Actor
        public void thief(II_Result result) {
            result.r2 = take(lane);
        }
    }

    /** First: whether the worker waits. Second: whether it was woken. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "it fell asleep, and was woken")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "it saw the task, and counted as searching when that was handed over")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "it saw the task, and was woken without need")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "it waits for ever beside a task: a lost wake-up")
    @State
    public static class TaskWhileFallingAsleep extends Pool {
        private final Worker worker = pool.worker(0);

        public TaskWhileFallingAsleep() {
            super(1);
            pool.search();
        }

        @Actor
        public void worker(II_Result result) {
            result.r1 = worker.fallAsleep() ? 1 : 0;
        }

        @Actor
        public void loop() {
            lane.offer(FIRST);
        }

        @Arbiter
        public void woken(II_Result result) {
            result.r2 = pool.stats().wakeups() > 0 ? 1 : 0;
        }
    }

    /** One worker sleeps; the other, the last that was searching, takes the first task while a second comes. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the sleeper was woken, by the loop or by the worker that has the first")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "each relied on the other: the second task waits beside a sleeper")
    @State
    public static class TaskWhileTheLastSearcherFinds extends Pool {

        public TaskWhileTheLastSearcherFinds() {
            super(2);
            pool.search();
            pool.search();
            lane.offer(FIRST); // wakes nobody: they are searching
            lane.poll();
            pool.worker(1).fallAsleep();
            lane.offer(FIRST);
        }

        @Actor
        public void worker() {
            lane.poll();
            pool.found();
        }

        @Actor
        public void loop() {
            lane.offer(SECOND);
        }

        @Arbiter
        public void woken(I_Result result) {
            result.r1 = pool.worker(1).isAsleep() ? 0 : 1;
        }
    }

    /** Two loops hand over while both workers sleep: nobody is left asleep beside work that nobody searches for. */
    @JCStressTest
    @Outcome(id = {"1", "2"}, expect = ACCEPTABLE, desc = "one was woken, which will look for both; or each was")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "each relied on the other: a lost wake-up")
    @State
    public static class TwoTasksForSleepers extends Pool {

        public TwoTasksForSleepers() {
            super(2);
            pool.search();
            pool.worker(0).fallAsleep();
            pool.search();
            pool.worker(1).fallAsleep();
        }

        @Actor
        public void loop() {
            lane.offer(FIRST);
        }

        @Actor
        public void other() {
            pool.execute(SECOND);
        }

        @Arbiter
        public void woken(I_Result result) {
            result.r1 = (pool.worker(0).isAsleep() ? 0 : 1) + (pool.worker(1).isAsleep() ? 0 : 1);
        }
    }
}
