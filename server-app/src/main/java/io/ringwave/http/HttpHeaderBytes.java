package io.ringwave.http;

import java.io.ByteArrayOutputStream;
import java.util.List;

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

    /** Several of them as one, in this order. */
    static HttpHeaderBytes all(List<HttpHeaderBytes> fields) {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        fields.forEach(field -> lines.writeBytes(field.line));
        return new HttpHeaderBytes(lines.toByteArray());
    }

    /** The field line, or several, each with its CRLF. Not to be changed. */
    byte[] line() {
        return line;
    }
}
