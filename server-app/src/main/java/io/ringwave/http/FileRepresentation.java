package io.ringwave.http;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A representation of a file, plain or encoded: the open file that holds its bytes, and what the heads of responses say
 * of it, encoded once. It does not own the file, which may be closed by now: it counts only as long as the
 * {@link FileCache} finds that very file. Immutable; confined to the loop's thread.
 */
final class FileRepresentation {

    private static final HttpHeaderBytes ACCEPT_RANGES = HttpHeaderBytes.of("Accept-Ranges", "bytes");
    private static final HttpHeaderBytes VARY = HttpHeaderBytes.of("Vary", "Accept-Encoding");

    private final CachedFile file;
    private final byte[] entityTag;
    private final HttpHeaderBytes contentType;
    private final HttpHeaderBytes fields;
    private final HttpHeaderBytes knownFields;
    private final HttpHeaderBytes refusalFields;

    /**
     * @param contentType of the file that is represented, whatever the coding
     * @param coding in which the bytes are encoded; null if they are not
     * @param varies whether there are several representations, among which Accept-Encoding chooses
     * @param cacheControl null: nothing is said
     */
    FileRepresentation(CachedFile file, HttpHeaderBytes contentType, @Nullable ContentCoding coding, boolean varies,
            @Nullable HttpHeaderBytes cacheControl) {
        this.file = file;
        this.entityTag = file.entityTag().getBytes(StandardCharsets.US_ASCII);
        this.contentType = contentType;
        List<HttpHeaderBytes> known = new ArrayList<>();
        known.add(HttpHeaderBytes.of("Last-Modified", HttpDate.format(file.lastModified())));
        known.add(HttpHeaderBytes.of("ETag", file.entityTag()));
        if (cacheControl != null) {
            known.add(cacheControl);
        }
        if (varies) {
            known.add(VARY);
        }
        this.knownFields = HttpHeaderBytes.all(known);
        this.refusalFields = HttpHeaderBytes.all(varies ? List.of(VARY) : List.of());
        known.add(ACCEPT_RANGES);
        if (coding != null) {
            known.add(HttpHeaderBytes.of("Content-Encoding", coding.token()));
        }
        this.fields = HttpHeaderBytes.all(known);
    }

    CachedFile file() {
        return file;
    }

    /** The entity tag as the field has it, with its quotes. */
    byte[] entityTag() {
        return entityTag;
    }

    /** Of the whole; parts of a multipart body have it each, instead of the response. */
    HttpHeaderBytes contentType() {
        return contentType;
    }

    /** With 200 and 206: all but the content type. */
    HttpHeaderBytes fields() {
        return fields;
    }

    /** With 304 (RFC 9110 section 15.4.5). */
    HttpHeaderBytes knownFields() {
        return knownFields;
    }

    /** With 412 and 416: what a cache must know of any answer. */
    HttpHeaderBytes refusalFields() {
        return refusalFields;
    }
}
