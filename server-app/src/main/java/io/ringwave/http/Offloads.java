package io.ringwave.http;

import io.ringwave.LoopContext;
import io.ringwave.workers.WorkerLane;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * How requests of one event loop get to other threads: to the workers by the loop's lane, or to virtual threads. Owns
 * the copies of requests that are under way; there are as many as were needed at a time, and their number is bounded by
 * what the lane holds, the workers, and {@link #MAX_VIRTUAL_THREADS}. Confined to the loop's thread.
 */
final class Offloads {

    /** How many requests of one loop may be with virtual threads at a time: each holds a copy of its request. */
    static final int MAX_VIRTUAL_THREADS = 1024;

    private static final HttpHeaderBytes RETRY_AFTER = HttpHeaderBytes.of("Retry-After", "1");

    private final LoopContext loop;
    private final HttpConfig config;
    private final WorkerLane lane;
    private final LoopReturns returns;
    private final HttpCounters counters;
    private final ArrayDeque<OffloadedCall> free = new ArrayDeque<>();
    private int virtualThreads;

    Offloads(LoopContext loop, HttpConfig config, WorkerLane lane, LoopReturns returns, HttpCounters counters) {
        this.loop = loop;
        this.config = config;
        this.lane = lane;
        this.returns = returns;
        this.counters = counters;
    }

    /** Has a handler called by a worker. The lane is this loop's own, so that room in it stays until it is used. */
    void toWorkers(HttpHandler handler, HttpRequest request, HttpResponse response) {
        if (lane.size() >= lane.capacity()) {
            refuse(response);
            return;
        }
        OffloadedCall call = prepare(handler, request, response, false);
        if (!lane.offer(call)) {
            call.refuse(); // the pool was closed: the server is ending
        }
    }

    /** Has a handler called by a virtual thread of its own. */
    void toVirtualThread(HttpHandler handler, HttpRequest request, HttpResponse response) {
        if (virtualThreads >= MAX_VIRTUAL_THREADS) {
            refuse(response);
            return;
        }
        virtualThreads++;
        Thread.ofVirtual().name("ringwave-handler").start(prepare(handler, request, response, true));
    }

    private OffloadedCall prepare(HttpHandler handler, HttpRequest request, HttpResponse response, boolean virtual) {
        @Nullable
        OffloadedCall reused = free.poll();
        OffloadedCall call = reused != null ? reused : new OffloadedCall(this, config, loop);
        call.begin(handler, request, response, virtual);
        return call;
    }

    /** A call has ended, however: its copy of the request is free again. */
    void release(OffloadedCall call) {
        if (call.end()) {
            virtualThreads--;
        }
        free.push(call);
    }

    /** Too much waits already. */
    static void refuse(HttpResponse response) {
        response.header(RETRY_AFTER).sendError(503);
    }

    /** The loop's clock. */
    long nanoTime() {
        return loop.nanoTime();
    }

    LoopReturns returns() {
        return returns;
    }

    /** The loop: a handler on another thread has failed. */
    void countFailure() {
        counters.handlerFailures.increment();
    }
}
