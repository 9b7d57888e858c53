package io.ringwave.http;

/**
 * A header field, checked and encoded once, for responses that carry it often. Immutable; any thread.
 *
 * @see HttpResponse#header(HttpHeaderBytes)
 */
public final class HttpHeaderBytes {

    private final byte[] line;

    private HttpHeaderBytes(byte[] line) {
        this.line = line;
    }

    /** @throws IllegalArgumentException as {@link HttpResponse#header(String, String)} */
    public static HttpHeaderBytes of(String name, String value) {
        byte[] line = new byte[HeaderSyntax.lineLength(name, value)];
        HeaderSyntax.write(name, value, line, 0);
        return new HttpHeaderBytes(line);
    }

    /** The field line with its CRLF. Not to be changed. */
    byte[] line() {
        return line;
    }
}
