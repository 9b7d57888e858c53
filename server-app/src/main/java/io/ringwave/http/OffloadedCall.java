package io.ringwave.http;

import io.ringwave.LoopContext;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request on its way through another thread: a copy of its head and body, since the buffer that they came in goes
 * back to the kernel at once. Filled by the loop, run by one other thread, and then the loop's again.
 *
 * <pre>
 *   free --begin (loop)--> under way --run (worker): the handler, unless the client has left--> back --end (loop)-->
 * free
 * </pre>
 */
final class OffloadedCall implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(OffloadedCall.class);

    private final Offloads offloads;
    private final RequestParser head;
    private final HttpRequest request;
    private final Runnable release;
    private @Nullable HttpHandler handler;
    private @Nullable HttpResponse response;
    private @Nullable DeferredResponse deferred;
    private @Nullable RecordedResponse answer;
    private boolean virtual;

    OffloadedCall(Offloads offloads, HttpConfig config, LoopContext loop) {
        this.offloads = offloads;
        this.head = new RequestParser(config.maxHeadBytes(), config.maxTargetBytes(), config.maxHeaders());
        this.request = new HttpRequest(head, loop);
        this.release = () -> offloads.release(this);
    }

    /** The loop: copies a request, and defers its response. */
    void begin(HttpHandler newHandler, HttpRequest original, HttpResponse loopResponse, boolean newVirtual) {
        handler = newHandler;
        virtual = newVirtual;
        original.copyTo(request, head);
        deferred = loopResponse.defer();
        answer = new RecordedResponse(deferred);
        response = loopResponse.detached(answer);
    }

    @Override
    public void run() {
        DeferredResponse awaited = Objects.requireNonNull(deferred);
        boolean returned = false;
        try {
            if (awaited.isPending()) { // else the client has left, or waited too long
                RecordedResponse recorded = Objects.requireNonNull(answer);
                call(recorded);
                if (!recorded.isWhole()) {
                    return; // a stream that has begun, or an answer that comes later still
                }
                if (awaited.claim()) {
                    awaited.handOver(recorded, release);
                    returned = true;
                } else {
                    recorded.drop();
                }
            }
        } finally {
            if (!returned) {
                offloads.returns().push(release);
            }
        }
    }

    private void call(RecordedResponse recorded) {
        HttpResponse own = Objects.requireNonNull(response);
        try {
            Objects.requireNonNull(handler).handle(request, own);
            if (!own.isSent()) {
                LOG.error("The handler of {} returned without a response", request.line());
                recorded.fail();
            }
        } catch (Throwable failure) {
            LOG.error("The handler of {} failed", request.line(), failure);
            if (recorded.isStream()) {
                recorded.failStream();
            } else {
                recorded.fail();
            }
        }
    }

    /** The loop: nobody will run it. */
    void refuse() {
        Objects.requireNonNull(deferred).complete(Offloads::refuse);
        offloads.returns().push(release);
    }

    /** The loop: forgets the request. Whether a virtual thread had it. */
    boolean end() {
        handler = null;
        response = null;
        deferred = null;
        answer = null;
        request.withoutBody();
        return virtual;
    }
}
