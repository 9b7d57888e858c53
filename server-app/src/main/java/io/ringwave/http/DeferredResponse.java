package io.ringwave.http;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer that comes later: completed once, from any thread, and then sent by the loop. Made by
 * {@link HttpResponse#defer}.
 *
 * <pre>
 *   PENDING --complete--> COMPLETED --(loop)--> sent
 *      |                      +------(loop: the connection is gone)--> dropped
 *      +--client left, too late ({@link HttpConfig#answerTimeout}: 503), handler failed (500)--> CANCELLED
 * </pre>
 */
public final class DeferredResponse extends OpenAnswer {

    private static final Logger LOG = LoggerFactory.getLogger(DeferredResponse.class);

    private static final int PENDING = 0;
    private static final int COMPLETED = 1;
    private static final int CANCELLED = 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(DeferredResponse.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final HttpConnection http; // the loop's
    private final HttpResponse loopResponse; // the loop's
    private final LoopReturns returns;
    final boolean head;
    final boolean persistent;
    final int minorVersion;
    private volatile int state = PENDING;
    private @Nullable RecordedResponse recorded; // written before it is handed to the loop

    DeferredResponse(HttpConnection http, HttpResponse loopResponse, LoopReturns returns, boolean head,
            boolean persistent, int minorVersion) {
        this.http = http;
        this.loopResponse = loopResponse;
        this.returns = returns;
        this.head = head;
        this.persistent = persistent;
        this.minorVersion = minorVersion;
    }

    /**
     * Completes the answer. The writer is called at once, on the caller's thread; what it wrote goes to the loop, which
     * sends it. If the writer fails, that is logged, and the answer is 500.
     *
     * @return false if this was refused, and the writer not called: there is an answer already, or nobody waits for one
     */
    public boolean complete(ResponseWriter writer) {
        if (!claim()) {
            return false;
        }
        RecordedResponse answer = new RecordedResponse(this);
        HttpResponse response = loopResponse.detached(answer);
        try {
            writer.write(response);
            if (!response.isSent()) {
                throw new IllegalStateException("no send method was called");
            }
            answer.requireAnswer();
        } catch (Throwable failure) {
            LOG.error("What should have completed a response failed", failure);
            answer.fail();
        }
        handOver(answer);
        return true;
    }

    /** Whether it is still to be answered. Any thread. */
    boolean isPending() {
        return state == PENDING;
    }

    /** Whoever gets true answers; nobody else does. */
    boolean claim() {
        return STATE.compareAndSet(this, PENDING, COMPLETED);
    }

    /** After {@link #claim}: lets the loop send an answer. */
    void handOver(RecordedResponse answer) {
        recorded = answer;
        returns.push(this::arrive);
    }

    /** The same, and then something else, together: so that the loop is woken once. */
    void handOver(RecordedResponse answer, Runnable afterwards) {
        recorded = answer;
        returns.push(() -> {
            try {
                arrive();
            } finally {
                afterwards.run();
            }
        });
    }

    /** A stream for an answer that another thread has claimed. */
    ResponseStream newStream(boolean claimed) {
        return new ResponseStream(http, returns, !claimed);
    }

    private void arrive() {
        RecordedResponse answer = recorded;
        assert answer != null;
        http.answer(this, answer);
    }

    /** The loop: takes the right to answer away. False if there is an answer, on its way. */
    boolean withdraw() {
        if (!STATE.compareAndSet(this, PENDING, CANCELLED)) {
            return false;
        }
        cancelled();
        return true;
    }

    @Override
    void abandon() {
        if (!withdraw()) {
            cancelled(); // the answer is on its way, and will be dropped
        }
    }
}
