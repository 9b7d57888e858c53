package io.ringwave.workers;

import org.jctools.queues.varhandle.SpmcVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The way of one event loop to the workers: a bounded queue with one producer, the loop, and many consumers. Taken from
 * in the order of arrival; with several workers that says nothing about the order in which work ends.
 *
 * <p>The array behind it has twice the places that the bound allows: a producer meets a place that a worker has taken
 * but not cleared yet only if that worker stands still while the others go through half of the array, and so it does
 * not wait for a worker that lost its CPU.
 */
public final class WorkerLane {

    private final WorkerPool pool;
    private final int index;
    private final int capacity;
    private final SpmcVarHandleArrayQueue<Runnable> tasks;

    WorkerLane(WorkerPool pool, int index, int capacity) {
        this.pool = pool;
        this.index = index;
        this.capacity = capacity;
        this.tasks = new SpmcVarHandleArrayQueue<>(2 * capacity);
    }

    /**
     * Hands a task to the workers. By one thread only, the loop that has this lane; allocates nothing, and does not
     * block.
     *
     * @return false if as many tasks as the lane holds are waiting, or the pool was closed; the task will then not run
     */
    public boolean offer(Runnable task) {
        if (!pool.isOpen() || tasks.size() >= capacity || !tasks.offer(task)) {
            return false;
        }
        pool.submitted(index);
        return true;
    }

    /** How many tasks wait; any thread, and true only at some time during the call. */
    public int size() {
        return tasks.size();
    }

    /** How many tasks may wait. */
    public int capacity() {
        return capacity;
    }

    /** Any worker: the task that waits longest, or null. */
    @Nullable
    Runnable poll() {
        return tasks.poll();
    }

    boolean isEmpty() {
        return tasks.isEmpty();
    }
}
