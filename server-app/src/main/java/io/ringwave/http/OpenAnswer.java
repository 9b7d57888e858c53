package io.ringwave.http;

import io.ringwave.Connection;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer that its handler left open. Its connection is blocked meanwhile: it looks at no further request, which is
 * what keeps pipelined answers in order whatever is finished first. Belongs to one request, so that whoever comes
 * late cannot mistake another request of the same connection object for it: the connection knows its open answer,
 * and answers nothing else.
 *
 * <p>What the connection needs to know of it is confined to the loop; cancellation can be seen from any thread.
 */
abstract sealed class OpenAnswer permits DeferredResponse, ResponseStream {

    private static final Logger LOG = LoggerFactory.getLogger(OpenAnswer.class);
    private static final Runnable NOTHING = () -> {
    };

    private final AtomicReference<Runnable> cancelAction = new AtomicReference<>(NOTHING);
    private volatile boolean cancelled;

    /** When it is too late; loop only. */
    long deadline = Connection.NO_DEADLINE;

    /** The loop: the connection is gone, or waits no longer. */
    abstract void abandon();

    /** Whether nobody waits for the answer any more: what is still being done for it is in vain. Any thread. */
    public final boolean isCancelled() {
        return cancelled;
    }

    /**
     * Has an action run once, if and when this is cancelled; at once if it was already. It runs on the loop's thread,
     * or the caller's, and must not block. A second action takes the place of the first. Any thread.
     */
    public final void onCancel(Runnable action) {
        cancelAction.set(action);
        if (cancelled) {
            runCancelAction();
        }
    }

    /** Lets everybody see that nobody waits any more. */
    final void cancelled() {
        cancelled = true;
        runCancelAction();
    }

    private void runCancelAction() {
        runSafely(cancelAction.getAndSet(NOTHING));
    }

    /** Runs what a handler gave; what it throws is its own affair. */
    static void runSafely(@Nullable Runnable action) {
        if (action != null) {
            try {
                action.run();
            } catch (Throwable failure) {
                LOG.error("What a handler wanted to be told failed", failure);
            }
        }
    }
}
