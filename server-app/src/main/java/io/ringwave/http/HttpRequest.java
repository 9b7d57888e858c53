package io.ringwave.http;

import io.ringwave.LoopContext;
import java.io.InputStream;
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
    private @Nullable PathPattern pattern;
    private MemorySegment bodyMemory = MemorySegment.NULL;
    private long bodyOffset;
    private int bodyLength;
    private @Nullable RequestBody collectedBody;
    private @Nullable BodyReceiver receiver;

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

    /**
     * What a parameter of the pattern matched, {@code id} for {@code {id}}: one segment of the path, as it was sent.
     *
     * @throws IllegalArgumentException if the pattern has no parameter of that name
     */
    public String parameter(String name) {
        PathPattern path = pattern;
        int segment = path == null ? -1 : path.segment(name);
        if (path == null || segment < 0) {
            throw new IllegalArgumentException("the pattern of this request has no parameter " + name);
        }
        long start = head.base() + head.pathStart();
        int length = head.pathEnd() - head.pathStart();
        int from = path.segmentStart(head.memory(), start, length, segment);
        int end = PathPattern.segmentEnd(head.memory(), start, from, length);
        return text(head.pathStart() + from, head.pathStart() + end);
    }

    /** What the pattern's {@code {rest...}} matched, as it was sent; empty if the pattern has none. */
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

    /**
     * The whole body as a stream, which reads it where it was received: no copy of it is made. Valid as long as this.
     */
    public InputStream bodyStream() {
        return collectedBody != null
                ? collectedBody.toStream()
                : new BodyInput(bodyMemory, bodyOffset, bodyLength);
    }

    /**
     * The whole body where it was received: no copy of it is made. In native memory if it came in one piece, else in an
     * array of bytes ({@link MemorySegment#heapBase}). Valid as long as this, and not to be changed.
     */
    public MemorySegment bodySegment() {
        return collectedBody != null ? collectedBody.toSegment() : bodyMemory.asSlice(bodyOffset, bodyLength);
    }

    /** Who has taken the body already; null if nobody has. */
    @Nullable
    BodyReceiver receiver() {
        return receiver;
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

    /** Makes another request, which has that head, a copy of this one. */
    void copyTo(HttpRequest copy, RequestParser copyHead) {
        copyHead.copy(head);
        copy.prefixLength = prefixLength;
        copy.pattern = pattern;
        copy.bodyLength = bodyLength;
        copy.collectedBody = collectedBody;
        if (collectedBody != null) {
            collectedBody.keep();
        } else if (bodyLength > 0) {
            copy.bodyMemory = MemorySegment.ofArray(body());
            copy.bodyOffset = 0;
        }
    }

    /** The request that was parsed has no body. */
    void withoutBody() {
        bodyMemory = MemorySegment.NULL;
        bodyOffset = 0;
        bodyLength = 0;
        collectedBody = null;
        receiver = null;
    }

    /** Its body is still in the buffer that it was received in. */
    void withBody(MemorySegment memory, long offset, int length) {
        bodyMemory = memory;
        bodyOffset = offset;
        bodyLength = length;
        collectedBody = null;
        receiver = null;
    }

    /** Its body came in pieces, or was chunked. */
    void withBody(RequestBody body) {
        receiver = body.receiver();
        collectedBody = receiver == null ? body : null;
        bodyLength = 0;
    }

    /** The request was routed. */
    void routedBy(Route route) {
        pattern = route.pattern();
        prefixLength = pattern == null
                ? route.length()
                : pattern.restStart(head.memory(), head.base() + head.pathStart(), head.pathEnd() - head.pathStart());
    }

    private String text(int start, int end) {
        byte[] bytes = new byte[end - start];
        MemorySegment.copy(head.memory(), Words.BYTE, head.base() + start, bytes, 0, bytes.length);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
