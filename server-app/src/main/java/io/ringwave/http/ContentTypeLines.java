package io.ringwave.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Remembers the encoded Content-Type fields that a loop's handlers use, by their text. Confined to the loop's thread. */
final class ContentTypeLines {

    private static final int SIZE = 32; // a power of two; more types than a program commonly has

    private final @Nullable String[] types = new String[SIZE];
    private final byte[][] lines = new byte[SIZE][];

    ContentTypeLines() {}

    /**
     * The field line with its CRLF. Allocates nothing if the type was asked for before. Not to be changed.
     *
     * @throws IllegalArgumentException if the type contains control characters or characters beyond ISO 8859-1
     */
    byte[] line(String contentType) {
        int index = contentType.hashCode() & SIZE - 1;
        return contentType.equals(types[index]) ? lines[index] : encode(contentType, index);
    }

    private byte[] encode(String contentType, int index) {
        HeaderSyntax.requireValue("Content-Type", contentType);
        byte[] line = ("Content-Type: " + contentType + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
        types[index] = contentType;
        lines[index] = line;
        return line;
    }
}
