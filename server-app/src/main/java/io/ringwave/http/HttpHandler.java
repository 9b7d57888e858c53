package io.ringwave.http;

/**
 * Answers requests. Runs on the event loop's thread and must not block; see {@link Handlers} for those that have to.
 */
@FunctionalInterface
public interface HttpHandler {

    /**
     * Answers one request: exactly one of the {@code send} methods of {@code response}, or {@link HttpResponse#defer}
     * or {@link HttpResponse#stream}, must have been called before this returns. Both objects are reused for the next
     * request and must not be kept.
     *
     * <p>An exception, or a return without an answer, is logged and answered with 500.
     */
    void handle(HttpRequest request, HttpResponse response) throws Exception;
}
