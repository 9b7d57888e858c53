package io.ringwave.http;

import io.ringwave.LoopContext;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A request, valid while {@link HttpHandler#handle} runs; the object is reused for the next one. Nothing is allocated
 * unless it is asked for. Confined to the loop's thread.
 */
public final class HttpRequest {

    private static final byte[] NO_BODY = {};

    private final RequestParser head;
    private final LoopContext loop;
    private int prefixLength;
    private MemorySegment bodyMemory = MemorySegment.NULL;
    private long bodyOffset;
    private int bodyLength;
    private @Nullable RequestBody collectedBody;

    HttpRequest(RequestParser head, LoopContext loop) {
        this.head = head;
        this.loop = loop;
    }

    /** The method, for example {@code GET}. Allocates nothing. */
    public String method() {
        return HttpMethod.name(head.method());
    }

    /** Whether the method is HEAD: the response's body will not be sent. */
    public boolean isHead() {
        return head.method() == HttpMethod.HEAD;
    }

    /** The request target as it was sent (RFC 9112 section 3.2). */
    public String target() {
        return text(head.targetStart(), head.targetEnd());
    }

    /** The path as it was sent: not decoded, without the query, at least {@code /}; {@code *} for OPTIONS *. */
    public String path() {
        return head.pathEnd() == head.pathStart() ? "/" : text(head.pathStart(), head.pathEnd());
    }

    /** What follows the first question mark of the target, as it was sent; null if there is none. */
    public @Nullable String query() {
        return head.queryStart() < 0 ? null : text(head.queryStart(), head.targetEnd());
    }

    /** What the pattern's {@code {rest...}} matched, as it was sent; empty if the pattern is an exact path. */
    public String rest() {
        return text(restStart(), head.pathEnd());
    }

    /**
     * The value of the first header field of that name, without the blanks around it; null if there is none. Bytes
     * beyond ASCII are read as ISO 8859-1.
     *
     * @param name compared without regard to case
     */
    public @Nullable String header(String name) {
        int field = head.find(name);
        if (field < 0) {
            return null;
        }
        int start = head.valueStart(field);
        return text(start, start + head.valueLength(field));
    }

    /** The index of the first header field of that name from an index on; -1 if there is none. Allocates nothing. */
    int findHeader(String name, int from) {
        return head.find(name, from);
    }

    /** Where the value of a field begins within {@link #memory}. */
    long valueOffset(int field) {
        return head.base() + head.valueStart(field);
    }

    /** How many bytes the value of a field has. */
    int valueLength(int field) {
        return head.valueLength(field);
    }

    /** Whether there is a header field of that name whose value is exactly this. Allocates nothing. */
    boolean headerIs(String name, byte[] value) {
        int field = head.find(name);
        if (field < 0 || head.valueLength(field) != value.length) {
            return false;
        }
        long start = valueOffset(field);
        for (int i = 0; i < value.length; i++) {
            if (head.memory().get(Words.BYTE, start + i) != value[i]) {
                return false;
            }
        }
        return true;
    }

    /** The minor HTTP version: 1 for HTTP/1.1, 0 for HTTP/1.0. */
    public int minorVersion() {
        return head.minorVersion();
    }

    /** The length of the body, in bytes; 0 if there is none. */
    public int bodyLength() {
        return collectedBody != null ? collectedBody.length() : bodyLength;
    }

    /** The whole body, decoded if it was chunked; empty if there is none. A copy: ask once. */
    public byte[] body() {
        if (collectedBody != null) {
            return collectedBody.toArray();
        }
        if (bodyLength == 0) {
            return NO_BODY;
        }
        byte[] body = new byte[bodyLength];
        MemorySegment.copy(bodyMemory, Words.BYTE, bodyOffset, body, 0, bodyLength);
        return body;
    }

    /** The event loop that handles this request. */
    public LoopContext loop() {
        return loop;
    }

    /** The memory that holds the request's head, for {@link #restOffset}. */
    MemorySegment memory() {
        return head.memory();
    }

    /** Where the bytes of {@link #rest} begin within {@link #memory}. */
    long restOffset() {
        return head.base() + restStart();
    }

    /** How many bytes {@link #rest} has. */
    int restLength() {
        return head.pathEnd() - restStart();
    }

    private int restStart() {
        return Math.min(head.pathStart() + prefixLength, head.pathEnd());
    }

    /** The request line without its version, for the log. */
    String line() {
        return method() + " " + target();
    }

    /** The request that was parsed has no body. */
    void withoutBody() {
        bodyLength = 0;
        collectedBody = null;
    }

    /** Its body is still in the buffer that it was received in. */
    void withBody(MemorySegment memory, long offset, int length) {
        bodyMemory = memory;
        bodyOffset = offset;
        bodyLength = length;
        collectedBody = null;
    }

    /** Its body came in pieces, or was chunked. */
    void withBody(RequestBody body) {
        collectedBody = body;
    }

    /** The request was routed by so many bytes of its path. */
    void routedBy(int newPrefixLength) {
        prefixLength = newPrefixLength;
    }

    private String text(int start, int end) {
        byte[] bytes = new byte[end - start];
        MemorySegment.copy(head.memory(), Words.BYTE, head.base() + start, bytes, 0, bytes.length);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
