package io.ringwave.http;

import io.ringwave.LoopContext;
import io.ringwave.LoopSignal;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of answers from other threads back to their loop: a stack that any thread pushes to, and that the loop takes
 * whole and turns around, so that they are dealt with in the order of their coming. The thread that finds it empty
 * raises the loop's signal; so no answer is ever refused, not even where the loop's mailbox is full.
 *
 * <p>It has no bound of its own, and needs none: an open answer comes back a fixed number of times (its completion, the
 * end of its handler, and for a stream one note at a time), and there are at most as many of them as connections.
 */
final class LoopReturns {

    private static final Logger LOG = LoggerFactory.getLogger(LoopReturns.class);

    private final AtomicReference<@Nullable Return> newest = new AtomicReference<>();
    private final LoopSignal signal;

    /** One thing that came back; {@code next} is the one before it until the loop turns them around. */
    private static final class Return {
        private final Runnable action;
        private @Nullable Return next;

        Return(Runnable action) {
            this.action = action;
        }
    }

    LoopReturns(LoopContext loop) {
        signal = loop.signal(this::run);
    }

    /** Any thread: has an action run on the loop. */
    void push(Runnable action) {
        Return mine = new Return(action);
        Return before;
        do {
            before = newest.get();
            mine.next = before;
        } while (!newest.compareAndSet(before, mine));
        if (before == null) {
            signal.raise();
        }
    }

    private void run() {
        Return oldest = null;
        Return next = newest.getAndSet(null);
        while (next != null) {
            Return before = next.next;
            next.next = oldest;
            oldest = next;
            next = before;
        }
        for (Return each = oldest; each != null; each = each.next) {
            try {
                each.action.run();
            } catch (Throwable failure) {
                LOG.error("What came back to the loop failed", failure);
            }
        }
    }
}
