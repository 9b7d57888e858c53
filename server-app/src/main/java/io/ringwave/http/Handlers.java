package io.ringwave.http;

import org.jspecify.annotations.Nullable;

/**
 * Handlers that do not run on the event loop, because they block or compute for long; and those for bodies in pieces.
 */
public final class Handlers {

    private Handlers() {}

    /**
     * Has the handler run by the server's workers ({@link HttpConfig#offloadThreads}). It gets a copy of the request,
     * body included, and may block. Its answer goes back to the loop; until then the connection serves no other
     * request.
     *
     * <p>Where as many requests as the loop's lane holds wait already ({@link HttpConfig#offloadQueue}), the answer is
     * 503 with Retry-After. Where the client has left before its turn came, the handler is not called.
     *
     * <p>The handler is called by several threads at a time: what it shares it must synchronise.
     */
    public static HttpHandler offloaded(HttpHandler handler) {
        return new Offloaded(requireWhole(handler), false);
    }

    /**
     * Has the handler run by a virtual thread of its own, a bounded number of them at a time for each loop; more are
     * answered with 503. For handlers that wait much and compute little. As {@link #offloaded} in everything else.
     */
    public static HttpHandler onVirtualThread(HttpHandler handler) {
        return new Offloaded(requireWhole(handler), true);
    }

    /** Answers every request with a response that was encoded before, the fastest way; one handler may serve all loops. */
    public static HttpHandler prepared(PreparedResponse response) {
        return new Prepared(response);
    }

    private static HttpHandler requireWhole(HttpHandler handler) {
        if (handler instanceof Streaming) {
            throw new IllegalArgumentException("a body that is taken while it arrives is taken on the event loop");
        }
        return handler;
    }

    /**
     * Has bodies taken while they arrive. The body timeout then counts from one piece to the next.
     *
     * @param maxBytes how long a body may be, in place of {@link HttpConfig#maxBodyBytes}; a longer one is answered
     * with 413
     */
    public static HttpHandler streaming(long maxBytes, UploadHandler handler) {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("maxBytes must not be negative: " + maxBytes);
        }
        return new Streaming(maxBytes, handler);
    }

    /** Whoever has the body knows its receiver; a request without a body gets one here. */
    record Streaming(long maxBytes, UploadHandler handler) implements HttpHandler, AutoCloseable {

        @Override
        public void handle(HttpRequest request, HttpResponse response) throws Exception {
            @Nullable
            BodyReceiver known = request.receiver();
            BodyReceiver receiver = known != null ? known : handler.begin(request, response.bodyFlow());
            receiver.complete(request, response);
        }

        @Override
        public void close() {
            Handlers.close(handler);
        }
    }

    record Prepared(PreparedResponse response) implements HttpHandler {

        @Override
        public void handle(HttpRequest request, HttpResponse answer) {
            answer.send(response);
        }
    }

    private static void close(Object handler) {
        if (handler instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (Exception e) {
                throw new IllegalStateException("a handler could not be closed", e);
            }
        }
    }

    record Offloaded(HttpHandler handler, boolean virtual) implements HttpHandler, AutoCloseable {

        @Override
        public void handle(HttpRequest request, HttpResponse response) throws Exception {
            @Nullable
            Offloads offloads = response.offloads();
            if (offloads == null) { // this is another thread's already
                handler.handle(request, response);
            } else if (virtual) {
                offloads.toVirtualThread(handler, request, response);
            } else {
                offloads.toWorkers(handler, request, response);
            }
        }

        @Override
        public void close() {
            Handlers.close(handler);
        }
    }
}
