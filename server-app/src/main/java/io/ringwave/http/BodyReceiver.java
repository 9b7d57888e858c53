package io.ringwave.http;

import java.lang.foreign.MemorySegment;

/**
 * Takes one request body, piece by piece. All calls come on the event loop's thread, and must not block.
 *
 * <pre>
 *   received*  then complete, or aborted
 * </pre>
 */
public interface BodyReceiver {

    /**
     * A piece of the body, decoded if it was chunked. The bytes are lent for the call. An exception is answered with
     * 500, and the connection closed; {@link #aborted} follows.
     *
     * @param memory holds the bytes at {@code offset}
     */
    void received(MemorySegment memory, long offset, int length) throws Exception;

    /** The body is complete: answers, as {@link HttpHandler#handle} does. The request has no body of its own. */
    void complete(HttpRequest request, HttpResponse response) throws Exception;

    /** The rest will not come: the client has left, was too slow, sent too much, or what is no chunk. */
    default void aborted() {}
}
