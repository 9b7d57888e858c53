package io.ringwave.http;

import io.ringwave.SendableFile;

/**
 * The response to one request, valid while {@link HttpHandler#handle} runs; the object is reused for the next one.
 * Exactly one {@code send} method is called, last. Confined to the loop's thread.
 *
 * <p>Every response carries Server and Date; all but 204 and 304 carry Content-Length, and {@code Connection} where the
 * connection does not simply stay open. To HEAD, and with 204 and 304, no body is sent, whatever was passed.
 */
public final class HttpResponse {

    HttpResponse() {}

    /** Sets the status, 200 if it is never called. @throws IllegalArgumentException if it is not 200 to 599 */
    public HttpResponse status(int code) {
        throw new UnsupportedOperationException();
    }

    /**
     * Adds a header field.
     *
     * @throws IllegalArgumentException if the name is not a token (RFC 9110 section 5.6.2) or is Connection,
     *     Content-Length, Date, Server or Transfer-Encoding, which the server sets; or if the value contains a control
     *     character (CR, LF and NUL among them) or one beyond ISO 8859-1
     */
    public HttpResponse header(String name, String value) {
        throw new UnsupportedOperationException();
    }

    /** Adds a header field that was checked and encoded before. Allocates nothing. */
    public HttpResponse header(HttpHeaderBytes prepared) {
        throw new UnsupportedOperationException();
    }

    /** Closes the connection after this response. */
    public HttpResponse closeConnection() {
        throw new UnsupportedOperationException();
    }

    /** Sends a response without a body (Content-Length: 0). */
    public void send() {
        throw new UnsupportedOperationException();
    }

    /** Sends a body; it is copied. */
    public void send(String contentType, byte[] body) {
        send(contentType, body, 0, body.length);
    }

    /** Sends a part of an array as the body; it is copied. */
    public void send(String contentType, byte[] body, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    /** Sends a text as {@code text/plain; charset=utf-8}. */
    public void sendText(String text) {
        throw new UnsupportedOperationException();
    }

    /**
     * Sends a response that was encoded before, the fastest way. Its status and content type win over {@link #status};
     * fields added by {@link #header} are sent too. Allocates nothing.
     */
    public void send(PreparedResponse prepared) {
        throw new UnsupportedOperationException();
    }

    /**
     * Sends {@code length} bytes of a file, from {@code position}, as the body; its type is set with {@link #header}.
     * {@link SendableFile#sendFinished} is called exactly once, when the file is no longer needed: possibly before this
     * returns (a short file is copied, and to HEAD none of it is sent). If the file turns out shorter and nothing was
     * sent yet, the response is 500; else the connection is closed.
     *
     * @throws IllegalArgumentException if {@code position} or {@code length} is negative; the file is then not used
     */
    public void sendFile(SendableFile file, long position, long length) {
        throw new UnsupportedOperationException();
    }

    /** Whether a {@code send} method has been called. */
    public boolean isSent() {
        throw new UnsupportedOperationException();
    }
}
