package io.ringwave.http;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The {@link WaitingOutput}s of a loop that no connection has: used again, the last one first, since each large file is
 * one. Confined to the loop's thread.
 */
final class WaitingOutputs {

    /** More are not kept: together they take some 100 KB. */
    private static final int MAX_FREE = 1024;

    private final HttpConnectionHandler handler;
    private final ArrayDeque<WaitingOutput> free = new ArrayDeque<>();

    WaitingOutputs(HttpConnectionHandler handler) {
        this.handler = handler;
    }

    /** One for a connection, which has it until it is empty. */
    WaitingOutput take(HttpConnection http) {
        @Nullable
        WaitingOutput reused = free.poll();
        WaitingOutput taken = reused != null ? reused : new WaitingOutput(handler);
        taken.begin(http);
        return taken;
    }

    /** It is empty, and nobody's. */
    void putBack(WaitingOutput output) {
        if (free.size() < MAX_FREE) {
            free.push(output);
        }
    }
}
