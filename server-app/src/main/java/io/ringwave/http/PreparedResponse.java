package io.ringwave.http;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A response that was checked and encoded once, to be sent often: then only the date is written anew. Immutable, any
 * thread; one object may serve all loops.
 *
 * @see HttpResponse#send(PreparedResponse)
 */
public final class PreparedResponse {

    private final int status;
    private final String contentType;
    private final byte[] body;
    // Threads may encode twice, to the same effect: the record is safe to publish through a plain field.
    private @Nullable Encoded encoded;

    private PreparedResponse(int status, String contentType, byte[] body) {
        this.status = status;
        this.contentType = contentType;
        this.body = body;
    }

    /**
     * Prepares a response; the body is copied.
     *
     * @throws IllegalArgumentException if the status is not 200 to 599, the content type contains control characters,
     *     or a body is given for 204 or 304
     */
    public static PreparedResponse of(int status, String contentType, byte[] body) {
        HttpStatus.require(status);
        HeaderSyntax.requireValue("Content-Type", contentType);
        if (HttpStatus.isBodyless(status) && body.length > 0) {
            throw new IllegalArgumentException("a response with status " + status + " has no body");
        }
        return new PreparedResponse(status, contentType, body.clone());
    }

    /** The status. */
    public int status() {
        return status;
    }

    /** The length of the body, in bytes. */
    public int bodyLength() {
        return body.length;
    }

    /** The content type. */
    public String contentType() {
        return contentType;
    }

    /** The response as bytes, for servers of that name. */
    Encoded encoded(String serverName) {
        Encoded present = encoded;
        return present != null && present.serverName == serverName ? present : encode(serverName);
    }

    private Encoded encode(String serverName) {
        String start = HeadTemplate.start(status, serverName);
        String fields = "\r\nContent-Type: " + contentType + "\r\n";
        String length = HttpStatus.isBodyless(status) ? "" : "Content-Length: " + body.length + "\r\n";
        byte[] head = (start + " ".repeat(HttpDate.LENGTH) + (HttpStatus.isBodyless(status) ? "\r\n" : fields) + length
                + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
        MemorySegment bytes = Arena.ofAuto().allocate(head.length + body.length);
        MemorySegment.copy(head, 0, bytes, Words.BYTE, 0, head.length);
        MemorySegment.copy(body, 0, bytes, Words.BYTE, head.length, body.length);
        Encoded made = new Encoded(serverName, bytes, head.length + body.length, head.length, start.length(), status);
        encoded = made;
        return made;
    }

    /**
     * A prepared response as bytes.
     *
     * @param bytes head and body
     * @param length how many bytes that is
     * @param headLength the length of the head, with the blank line
     * @param dateAt where the date belongs
     */
    record Encoded(String serverName, MemorySegment bytes, int length, int headLength, int dateAt, int status) {}
}
