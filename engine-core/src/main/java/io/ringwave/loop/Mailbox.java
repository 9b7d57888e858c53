package io.ringwave.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jctools.queues.varhandle.MpscVarHandleArrayQueue;

/**
 * Tasks for a loop from other threads: a bounded queue, a flag that stands for the loop's signals, and the one that
 * spares the loop needless wake-ups.
 *
 * <pre>
 *   AWAKE --(loop: nothing to do)--> ASLEEP --(any thread: a task)--> NOTIFIED --(loop: woke)--> AWAKE
 * </pre>
 *
 * Only the thread that turns ASLEEP into NOTIFIED wakes the loop. Neither side can miss the other: the loop first
 * says that it sleeps and then looks into the queue, a thread first puts its task into the queue and then looks at the
 * flag, and both use sequentially consistent accesses.
 */
final class Mailbox {

    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;
    private static final int NOTIFIED = 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Mailbox.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final MpscVarHandleArrayQueue<Runnable> tasks;
    private final Runnable wakeup;
    private volatile boolean closed;
    private volatile boolean signalled;
    private volatile int state = AWAKE;

    /** @param wakeup ends the loop's wait; called from any thread */
    Mailbox(int capacity, Runnable wakeup) {
        this.tasks = new MpscVarHandleArrayQueue<>(capacity);
        this.wakeup = wakeup;
    }

    /** Any thread. False if the queue is full or closed. */
    boolean offer(Runnable task) {
        if (closed || !tasks.offer(task)) {
            return false;
        }
        notifyLoop();
        return true;
    }

    /** Any thread: a signal was raised. */
    void signal() {
        signalled = true;
        notifyLoop();
    }

    /** The loop: whether a signal was raised since the last call. */
    boolean takeSignal() {
        if (!signalled) {
            return false;
        }
        signalled = false;
        return true;
    }

    /** Any thread: makes the loop look around soon. */
    void notifyLoop() {
        if (STATE.compareAndSet(this, ASLEEP, NOTIFIED)) {
            wakeup.run();
        }
    }

    /** The loop: announces that it is about to wait. False if it must not, because there are tasks or signals. */
    boolean fallAsleep() {
        STATE.setVolatile(this, ASLEEP);
        if (tasks.isEmpty() && !signalled) {
            return true;
        }
        wake();
        return false;
    }

    /** The loop: it has woken. */
    void wake() {
        STATE.setRelease(this, AWAKE); // release is enough: a stale ASLEEP costs another thread one needless wake-up
    }

    /** The loop: takes the next task, or null. */
    @org.jspecify.annotations.Nullable
    Runnable poll() {
        return tasks.poll();
    }

    /** Any thread: whether nothing is accepted any more. */
    boolean isClosed() {
        return closed;
    }

    /** The loop: accepts nothing more. Tasks that were offered before can still be polled. */
    void close() {
        closed = true;
    }
}
