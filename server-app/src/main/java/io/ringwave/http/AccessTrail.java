package io.ringwave.http;

import io.ringwave.http.AccessRecord.Field;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

/**
 * Tells one loop's {@link AccessLog} of its requests: of each exactly once, when its answer was written or its client has
 * left. Exists only where there is an access log. Confined to the loop's thread; allocates for answers that are left open
 * only.
 */
final class AccessTrail {

    /** How much of a first line that could not be parsed is passed on. */
    private static final int MAX_RAW_BYTES = 4096;
    /** " HTTP/1.1", which ends each request line that was parsed. */
    private static final int VERSION_BYTES = 9;

    private final AccessLog log;
    private final LongSupplier wallClock;
    private final AccessRecord record = new AccessRecord();

    /** @param wallClock milliseconds since 1970; asked for every request */
    AccessTrail(AccessLog log, LongSupplier wallClock) {
        this.log = log;
        this.wallClock = wallClock;
    }

    /** A request was given to its handler, which has answered it, or left the answer open. */
    void served(HttpConnection http, RequestParser head, HttpResponse response) {
        MemorySegment peer = http.peer();
        long base = head.base();
        record.request(peer, head.memory());
        int lineStart = head.targetStart() - 1 - HttpMethod.name(head.method()).length();
        record.set(Field.REQUEST_LINE, base + lineStart, head.targetEnd() + VERSION_BYTES - lineStart);
        setHeader(Field.REFERER, head, head.find("Referer"));
        setHeader(Field.USER_AGENT, head, head.find("User-Agent"));
        if (http.openAnswer == null) {
            tell(response.answeredStatus(), response.bodyBytes());
            return;
        }
        KeptRequest kept = new KeptRequest(peer, record);
        if (http.openAnswer instanceof ResponseStream stream) {
            kept.status = response.answeredStatus();
            kept.stream = stream;
        }
        http.keptRequest = kept;
    }

    private void setHeader(Field field, RequestParser head, int index) {
        if (index >= 0) {
            record.set(field, head.base() + head.valueStart(index), head.valueLength(index));
        }
    }

    /** An answer that was left open has come: the response to it was written, or begun as a stream. */
    void completed(HttpConnection http, HttpResponse response) {
        KeptRequest kept = http.keptRequest;
        if (kept == null) {
            return;
        }
        if (http.openAnswer instanceof ResponseStream stream) {
            kept.status = response.answeredStatus();
            kept.stream = stream;
        } else {
            http.keptRequest = null;
            kept.restore(record);
            tell(response.answeredStatus(), response.bodyBytes());
        }
    }

    /** An answer that was left open has ended: the stream was written to its end, or nobody waits for it any more. */
    void ended(HttpConnection http) {
        KeptRequest kept = http.keptRequest;
        if (kept != null) {
            http.keptRequest = null;
            kept.restore(record);
            tell(kept.status, kept.stream == null ? 0 : kept.stream.sentBytes());
        }
    }

    /**
     * A request was refused, whose first bytes are these.
     *
     * @param length how many of its bytes have arrived, at least of its first line
     */
    void refused(HttpConnection http, MemorySegment memory, long offset, int length, HttpResponse response) {
        record.request(http.peer(), memory);
        int limit = Math.min(length, MAX_RAW_BYTES);
        int start = limit >= 2 && memory.get(Words.BYTE, offset) == '\r' && memory.get(Words.BYTE, offset + 1) == '\n'
                ? 2
                : 0; // an empty line before the request is none of it (RFC 9112 section 2.2)
        int end = start;
        while (end < limit && memory.get(Words.BYTE, offset + end) != '\n') {
            end++;
        }
        if (end > start && end < limit && memory.get(Words.BYTE, offset + end - 1) == '\r') {
            end--;
        }
        record.set(Field.REQUEST_LINE, offset + start, end - start);
        tell(response.answeredStatus(), response.bodyBytes());
    }

    private void tell(int status, long bodyBytes) {
        record.result(wallClock.getAsLong(), status, bodyBytes);
        log.answered(record);
    }
}
