package io.ringwave.http;

import io.ringwave.SendableFile;
import org.jspecify.annotations.Nullable;

/**
 * What a response was told to send by a thread that is not the loop's. Written by that thread, then handed to the loop,
 * which has its own response do the same.
 */
final class RecordedResponse {

    private enum Kind {
        /** No send method was called. */
        NONE,
        /** Without a body. */
        EMPTY,
        /** A type and bytes, which are this object's own. */
        BYTES,
        /** A prepared response. */
        PREPARED,
        /** A part of a file. */
        FILE,
        /** The answer comes later still, from whoever has the {@link DeferredResponse}. */
        DEFERRED,
        /** A stream that has begun: it was handed to the loop when it did. */
        STREAM
    }

    private final DeferredResponse deferred;
    private Kind kind = Kind.NONE;
    private int status = 200;
    private byte[] fields = {};
    private boolean closes;
    private boolean failed;
    private String contentType = "";
    private byte[] body = {};
    private @Nullable PreparedResponse prepared;
    private @Nullable SendableFile file;
    private long position;
    private long length;
    private @Nullable ResponseStream stream;

    RecordedResponse(DeferredResponse deferred) {
        this.deferred = deferred;
    }

    // ---- The thread that answers

    /** The head as it was set. */
    void head(int newStatus, byte[] newFields, boolean newCloses) {
        status = newStatus;
        fields = newFields;
        closes = newCloses;
    }

    void empty() {
        kind = Kind.EMPTY;
    }

    void bytes(String newContentType, byte[] newBody) {
        HeaderSyntax.requireValue("Content-Type", newContentType);
        kind = Kind.BYTES;
        contentType = newContentType;
        body = newBody;
    }

    void prepared(PreparedResponse newPrepared) {
        kind = Kind.PREPARED;
        prepared = newPrepared;
    }

    void file(SendableFile newFile, long newPosition, long newLength) {
        kind = Kind.FILE;
        file = newFile;
        position = newPosition;
        length = newLength;
    }

    DeferredResponse defer() {
        kind = Kind.DEFERRED;
        return deferred;
    }

    /** Begins a stream: the loop hears of it at once, since it is to send while it is being written. */
    ResponseStream stream(String newContentType) {
        HeaderSyntax.requireValue("Content-Type", newContentType);
        boolean claimed = kind != Kind.STREAM && deferred.claim();
        ResponseStream begun = deferred.newStream(claimed);
        kind = Kind.STREAM;
        contentType = newContentType;
        stream = begun;
        if (claimed) {
            deferred.handOver(this);
        }
        return begun;
    }

    /** Whether this is all of the answer; else it was handed on, or will be. */
    boolean isWhole() {
        return kind != Kind.DEFERRED && kind != Kind.STREAM;
    }

    boolean isStream() {
        return kind == Kind.STREAM;
    }

    /** For a completion, which cannot be put off once more. */
    void requireAnswer() {
        if (!isWhole()) {
            throw new IllegalStateException("what completes a response calls one of its send methods");
        }
    }

    /** The handler failed: what it had begun is dropped, and the answer is 500. */
    void fail() {
        drop();
        failed = true;
    }

    /** The handler failed after it had begun a stream: the stream cannot end well. */
    void failStream() {
        if (stream != null) {
            stream.abort();
        }
    }

    // ---- The loop

    boolean isFailed() {
        return failed;
    }

    /** Has the loop's own response do it. */
    void sendBy(HttpResponse response) {
        response.status(status);
        response.fields(fields);
        if (closes) {
            response.closeConnection();
        }
        switch (kind) {
            case EMPTY -> response.send();
            case BYTES -> response.send(contentType, body);
            case PREPARED -> response.send(required(prepared));
            case FILE -> response.sendFile(required(file), position, length);
            case STREAM -> response.stream(contentType, required(stream));
            case NONE, DEFERRED -> throw new IllegalStateException("no answer was recorded");
        }
    }

    /** It will not be sent: whoever waits for the end of a part of it is told. */
    void drop() {
        SendableFile unsent = file;
        if (unsent != null) {
            file = null;
            OpenAnswer.runSafely(unsent::sendFinished);
        }
        if (stream != null) {
            stream.abandon();
        }
    }

    private static <T> T required(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("a part of the answer is missing");
        }
        return part;
    }
}
