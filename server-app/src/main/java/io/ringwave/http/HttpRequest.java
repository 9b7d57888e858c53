package io.ringwave.http;

import io.ringwave.LoopContext;
import org.jspecify.annotations.Nullable;

/**
 * A request, valid while {@link HttpHandler#handle} runs; the object is reused for the next one. Nothing is allocated
 * unless it is asked for. Confined to the loop's thread.
 */
public final class HttpRequest {

    HttpRequest() {}

    /** The method, for example {@code GET}. Allocates nothing. */
    public String method() {
        throw new UnsupportedOperationException();
    }

    /** Whether the method is HEAD: the response's body will not be sent. */
    public boolean isHead() {
        throw new UnsupportedOperationException();
    }

    /** The request target as it was sent (RFC 9112 section 3.2). */
    public String target() {
        throw new UnsupportedOperationException();
    }

    /** The path as it was sent: not decoded, without the query, at least {@code /}; {@code *} for OPTIONS *. */
    public String path() {
        throw new UnsupportedOperationException();
    }

    /** What follows the first question mark of the target, as it was sent; null if there is none. */
    public @Nullable String query() {
        throw new UnsupportedOperationException();
    }

    /** What the pattern's {@code {rest...}} matched, as it was sent; empty if the pattern is an exact path. */
    public String rest() {
        throw new UnsupportedOperationException();
    }

    /**
     * The value of the first header field of that name, without the blanks around it; null if there is none. Bytes
     * beyond ASCII are read as ISO 8859-1.
     *
     * @param name compared without regard to case
     */
    public @Nullable String header(String name) {
        throw new UnsupportedOperationException();
    }

    /** The minor HTTP version: 1 for HTTP/1.1, 0 for HTTP/1.0. */
    public int minorVersion() {
        throw new UnsupportedOperationException();
    }

    /** The length of the body, in bytes; 0 if there is none. */
    public int bodyLength() {
        throw new UnsupportedOperationException();
    }

    /** The whole body, decoded if it was chunked; empty if there is none. A fresh array, or one made for this request. */
    public byte[] body() {
        throw new UnsupportedOperationException();
    }

    /** The event loop that handles this request. */
    public LoopContext loop() {
        throw new UnsupportedOperationException();
    }
}
