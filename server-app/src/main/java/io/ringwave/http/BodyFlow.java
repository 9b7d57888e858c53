package io.ringwave.http;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Holds back the rest of a request body until its receiver can take it. While it is paused the connection does not
 * receive, and so in the end the client cannot send. A pause longer than {@link HttpConfig#answerTimeout} ends the
 * connection.
 */
public final class BodyFlow {

    private final HttpConnection http; // the loop's
    private final LoopReturns returns;
    private final AtomicBoolean paused = new AtomicBoolean();

    BodyFlow(HttpConnection http, LoopReturns returns) {
        this.http = http;
        this.returns = returns;
    }

    /**
     * No more {@link BodyReceiver#received} from now on, if called from within it or on the loop's thread. Any
     * thread.
     */
    public void pause() {
        paused.set(true);
    }

    /** Goes on. Any thread. */
    public void resume() {
        if (paused.compareAndSet(true, false)) {
            returns.push(() -> http.resumeBody(this));
        }
    }

    boolean isPaused() {
        return paused.get();
    }
}
