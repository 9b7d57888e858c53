package io.ringwave.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MailboxTest {

    private final AtomicInteger wakeups = new AtomicInteger();
    private final Mailbox mailbox = new Mailbox(4, wakeups::incrementAndGet);

    @Test
    void aLoopThatIsAwakeIsNotWoken() {
        assertTrue(mailbox.offer(() -> {
        }));

        assertEquals(0, wakeups.get());
    }

    @Test
    void aLoopThatSleepsIsWokenOnce() {
        assertTrue(mailbox.fallAsleep());
        mailbox.offer(() -> {
        });
        mailbox.offer(() -> {
        });

        assertEquals(1, wakeups.get());
    }

    @Test
    void aLoopWithATaskMustNotFallAsleep() {
        mailbox.offer(() -> {
        });

        assertFalse(mailbox.fallAsleep());
        mailbox.offer(() -> {
        });
        assertEquals(0, wakeups.get(), "it did not fall asleep, so it needs no waking");
    }

    @Test
    void aFullMailboxRefusesTasks() {
        for (int i = 0; i < 4; i++) {
            assertTrue(mailbox.offer(() -> {
            }));
        }

        assertFalse(mailbox.offer(() -> {
        }));
    }

    @Test
    void aClosedMailboxRefusesTasksButKeepsTheOldOnes() {
        Runnable task = () -> {
        };
        mailbox.offer(task);
        mailbox.close();

        assertFalse(mailbox.offer(() -> {
        }));
        assertEquals(task, mailbox.poll());
    }

    @Test
    void aSignalWakesEvenWhereTheMailboxIsFull() {
        assertTrue(mailbox.fallAsleep());
        mailbox.signal();

        assertEquals(1, wakeups.get());
        mailbox.wake();
        assertFalse(mailbox.fallAsleep(), "it was not looked at yet");
        assertTrue(mailbox.takeSignal());
        assertFalse(mailbox.takeSignal());
        assertTrue(mailbox.fallAsleep());
    }

    @Test
    void aSignalThatIsRaisedWhileItRunsRunsAgain() {
        AtomicInteger runs = new AtomicInteger();
        RaisedSignal[] signal = new RaisedSignal[1];
        signal[0] = new RaisedSignal(mailbox, () -> {
            if (runs.incrementAndGet() == 1) {
                signal[0].raise();
            }
        });
        signal[0].raise();
        signal[0].raise();
        while (mailbox.takeSignal()) {
            signal[0].runIfRaised();
        }
        assertEquals(2, runs.get());
    }

    /** The loop sleeps on a semaphore; were a wake-up ever lost, it would not be woken within the deadline. */
    @Test
    void noTaskIsLostBetweenFallingAsleepAndOffering() throws InterruptedException {
        int tasks = 200_000;
        Semaphore bell = new Semaphore(0);
        Mailbox contended = new Mailbox(1024, bell::release);
        AtomicInteger ran = new AtomicInteger();
        Runnable task = ran::incrementAndGet;
        Thread producer = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < tasks;) {
                if (contended.offer(task)) {
                    i++;
                } else {
                    Thread.onSpinWait();
                }
            }
        });
        while (ran.get() < tasks) {
            if (contended.fallAsleep()) {
                assertTrue(bell.tryAcquire(30, TimeUnit.SECONDS), "a wake-up was lost after " + ran.get() + " tasks");
                bell.drainPermits();
                contended.wake();
            }
            for (Runnable next = contended.poll(); next != null; next = contended.poll()) {
                next.run();
            }
        }
        producer.join();
    }
}
