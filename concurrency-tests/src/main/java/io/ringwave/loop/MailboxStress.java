package io.ringwave.loop;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The mailbox's sleep flag: a loop that falls asleep just when another thread has something for it. */
public class MailboxStress {

    private static final Runnable TASK = () -> {
    };

    /** A mailbox whose wake-ups are counted. */
    public static class CountedMailbox {
        final AtomicInteger wakeups = new AtomicInteger();
        final Mailbox mailbox = new Mailbox(4, wakeups::incrementAndGet);
    }

    /** First: whether the loop waits. Second: how often it was woken. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "it fell asleep, and was woken")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "it saw the task, and the flag said that it is awake")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "it saw the task, and was woken without need")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "it waits for ever beside a task: a lost wake-up")
    @State
    public static class TaskWhileFallingAsleep extends CountedMailbox {

        @Actor
        public void loop(II_Result result) {
            result.r1 = mailbox.fallAsleep() ? 1 : 0;
        }

        @Actor
        public void other() {
            mailbox.offer(TASK);
        }

        @Arbiter
        public void wakeups(II_Result result) {
            result.r2 = wakeups.get();
        }
    }

    /** First: whether the loop waits. Second: how often it was woken. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "it fell asleep, and was woken")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "it saw the signal, and the flag said that it is awake")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "it saw the signal, and was woken without need")
    @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "it waits for ever beside a signal: a lost wake-up")
    @State
    public static class SignalWhileFallingAsleep extends CountedMailbox {

        @Actor
        public void loop(II_Result result) {
            result.r1 = mailbox.fallAsleep() ? 1 : 0;
        }

        @Actor
        public void other() {
            mailbox.signal();
        }

        @Arbiter
        public void wakeups(II_Result result) {
            result.r2 = wakeups.get();
        }
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "one of the two woke the loop")
    @Outcome(id = "2", expect = FORBIDDEN, desc = "both did: a system call too many")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "neither did: a lost wake-up")
    @State
    public static class TwoTasksForASleeper extends CountedMailbox {

        public TwoTasksForASleeper() {
            mailbox.fallAsleep();
        }

        @Actor
        public void one() {
            mailbox.offer(TASK);
        }

        @Actor
        public void other() {
            mailbox.offer(TASK);
        }

        @Arbiter
        public void wakeups(I_Result result) {
            result.r1 = wakeups.get();
        }
    }

    /** The loop looks at a signal that is raised once more: it runs its task for that, now or the next time. */
    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "the task ran for each")
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the task ran once, after both")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "the task did not see what came with the second")
    @State
    public static class SignalWhileItRuns extends CountedMailbox {
        private int runs;
        private volatile int brought = 1;
        private int seen;
        private final RaisedSignal signal = new RaisedSignal(mailbox, () -> {
            runs++;
            seen = brought;
        });

        public SignalWhileItRuns() {
            signal.raise();
        }

        @Actor
        public void loop() {
            look();
        }

        @Actor
        public void other() {
            brought = 2;
            signal.raise();
        }

        @Arbiter
        public void look(I_Result result) {
            look();
            result.r1 = seen == 2 ? runs : -1;
        }

        private void look() {
            if (mailbox.takeSignal()) {
                signal.runIfRaised();
            }
        }
    }
}
