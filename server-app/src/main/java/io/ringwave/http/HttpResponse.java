package io.ringwave.http;

import io.ringwave.SendableFile;
import io.ringwave.linux.Errno;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The response to one request, valid while {@link HttpHandler#handle} runs; the object is reused for the next one.
 * Exactly one {@code send} method is called, last; or {@link #defer} or {@link #stream}, if the answer, or the rest of
 * it, comes later. Confined to the thread that handles the request.
 *
 * <p>Every response carries Server and Date; all but 204, 304 and streams carry Content-Length, and
 * {@code Connection} where the connection does not simply stay open. To HEAD, and with 204 and 304, no body is sent,
 * whatever was passed.
 */
public final class HttpResponse {

    private static final Logger LOG = LoggerFactory.getLogger(HttpResponse.class);

    /** The most bytes of header fields that a handler may add. */
    private static final int MAX_FIELD_BYTES = 64 * 1024;
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final byte[] NO_BYTES = {};
    private static final byte[] CONTENT_LENGTH = ascii("Content-Length: ");
    private static final byte[] TRANSFER_ENCODING = ascii("Transfer-Encoding: chunked\r\n");
    /** In place of a content length: chunks follow. */
    private static final long CHUNKED = -1;
    /** In place of a content length: the body ends with the connection (RFC 9112 section 6.3 rule 8). */
    private static final long UNTIL_CLOSE = -2;
    private static final byte[] CLOSE = ascii("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
    private static final short CRLF = '\r' | '\n' << 8;
    /** What a head has beyond template, type and added fields: Content-Length with its digits, Connection, two CRLF. */
    private static final int MORE_HEAD_BYTES = CONTENT_LENGTH.length + 19 + KEEP_ALIVE.length + 4;

    /** The most digits that the length of a body in memory has. */
    private static final int MAX_LENGTH_DIGITS = 10;

    // Of a file that was to be copied.
    private static final int COLD = 0; // some of it must come from a disk
    private static final int CHANGED = -1;

    private final Output output;
    private final DateStamp date;
    private final HttpCounters counters;
    private final String serverName;
    private final FileReads files;
    private final HeadTemplate[] templates;
    private final ContentTypeLines contentTypes;
    private final HeadTemplate okTemplate;
    /** Where what is asked for is written down, if this is not the loop's response; else null. */
    private final @Nullable RecordedResponse recorded;
    private final BodyOutput bodyOutput;
    private int lastBodyLength;
    private @Nullable Offloads offloads;
    private long answerNanos;
    private byte[] fields;
    private MemorySegment scratch = MemorySegment.NULL;

    private @Nullable HttpConnection http;
    private int status;
    private int fieldsLength;
    private boolean head;
    private boolean persistent;
    private int minorVersion;
    private boolean sent;
    private boolean complete;
    private int answeredStatus;
    private long bodyBytes;

    HttpResponse(Output output, DateStamp date, HttpCounters counters, String serverName, FileReads files) {
        this.output = output;
        this.date = date;
        this.counters = counters;
        this.serverName = serverName;
        this.files = files;
        this.templates = new HeadTemplate[HttpStatus.HIGHEST - HttpStatus.LOWEST + 1];
        this.contentTypes = new ContentTypeLines();
        this.okTemplate = HeadTemplate.of(200, serverName);
        templates[0] = okTemplate;
        this.bodyOutput = new BodyOutput();
        this.recorded = null;
        this.fields = new byte[512];
    }

    /** For another thread: only writes down what it is asked for, and touches nothing that is the loop's. */
    private HttpResponse(HttpResponse loops, RecordedResponse recorded) {
        this.output = loops.output;
        this.date = loops.date;
        this.counters = loops.counters;
        this.serverName = loops.serverName;
        this.files = loops.files;
        this.templates = loops.templates;
        this.contentTypes = loops.contentTypes;
        this.okTemplate = loops.okTemplate;
        this.bodyOutput = loops.bodyOutput;
        this.recorded = recorded;
        this.fields = NO_BYTES;
        this.status = 200;
        this.persistent = true;
    }

    /** Sets the status, 200 if it is never called. @throws IllegalArgumentException if it is not 200 to 599 */
    public HttpResponse status(int code) {
        HttpStatus.require(code);
        status = code;
        return this;
    }

    /**
     * Adds a header field.
     *
     * @throws IllegalArgumentException if the name is not a token (RFC 9110 section 5.6.2) or is Connection,
     *     Content-Length, Date, Server or Transfer-Encoding, which the server sets; or if the value contains a control
     *     character (CR, LF and NUL among them) or one beyond ISO 8859-1
     * @throws IllegalStateException if all fields together are longer than 64 KiB
     */
    public HttpResponse header(String name, String value) {
        int length = HeaderSyntax.lineLength(name, value);
        reserveFields(length);
        fieldsLength = HeaderSyntax.write(name, value, fields, fieldsLength);
        return this;
    }

    /** Adds a header field that was checked and encoded before. Allocates nothing. */
    public HttpResponse header(HttpHeaderBytes prepared) {
        byte[] line = prepared.line();
        return headerLines(line, line.length);
    }

    /** Adds lines that were encoded before, each with its CRLF: the first bytes of an array. Allocates nothing. */
    HttpResponse headerLines(byte[] lines, int length) {
        reserveFields(length);
        System.arraycopy(lines, 0, fields, fieldsLength, length);
        fieldsLength += length;
        return this;
    }

    /** Closes the connection after this response. */
    public HttpResponse closeConnection() {
        persistent = false;
        return this;
    }

    /** Sends a response without a body (Content-Length: 0). */
    public void send() {
        begin();
        if (recorded != null) {
            recorded.empty();
            return;
        }
        writeHead(NO_BYTES, 0);
        end(status, 0);
    }

    /** Sends a body; it is copied. */
    public void send(String contentType, byte[] body) {
        send(contentType, body, 0, body.length);
    }

    /** Sends a part of an array as the body; it is copied. */
    public void send(String contentType, byte[] body, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, body.length);
        if (recorded != null) {
            HeaderSyntax.requireValue("Content-Type", contentType);
            begin();
            recorded.bytes(contentType, Arrays.copyOfRange(body, offset, offset + length));
            return;
        }
        byte[] type = contentTypes.line(contentType);
        begin();
        writeHead(type, length);
        if (hasBody()) {
            output.write(body, offset, length);
        }
        end(status, length);
    }

    /**
     * Sends a body that is written now: where it fits straight into the send buffer, so that it is not copied, and its
     * length need not be known. {@code body} is called once, before this returns, on this thread; also for HEAD, which
     * is told the length. Allocates nothing for a body that fits into a buffer of the loop, unless {@code body} does.
     *
     * <p>If {@code body} throws, nothing was sent: the exception is passed on, and another answer may be sent instead.
     *
     * @throws IllegalStateException if {@code body} changes the status or the header of this response
     */
    public void send(String contentType, BodyWriter body) throws IOException {
        if (recorded != null) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            body.write(bytes);
            send(contentType, bytes.toByteArray());
            return;
        }
        byte[] type = contentTypes.line(contentType);
        begin();
        boolean written = false;
        try {
            writeBody(type, body);
            written = true;
        } finally {
            bodyOutput.end();
            sent = written;
        }
        end(status, lastBodyLength);
    }

    /** Sends a text as {@code text/plain; charset=utf-8}. */
    public void sendText(String text) {
        send(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends a response that was encoded before, the fastest way. Its status and content type win over {@link #status};
     * fields added by {@link #header} are sent too. Allocates nothing.
     */
    public void send(PreparedResponse prepared) {
        if (recorded != null) {
            begin();
            recorded.prepared(prepared);
            return;
        }
        PreparedResponse.Encoded encoded = prepared.encoded(serverName);
        begin();
        if (persistent && minorVersion >= 1 && !head && fieldsLength == 0 && output.ensure(encoded.length())) {
            MemorySegment memory = output.memory();
            long at = output.at();
            MemorySegment.copy(encoded.bytes(), 0, memory, at, encoded.length());
            date.write(memory, at + encoded.dateAt());
            output.advanceTo(at + encoded.length());
        } else {
            writePrepared(encoded);
        }
        end(encoded.status(), encoded.length() - encoded.headLength());
    }

    /**
     * Answers requests that are like the last one, which was answered by {@link #send(PreparedResponse)}, with copies of its
     * answer: as many as fit behind it.
     *
     * @param times at most so many
     * @return how many
     */
    int repeat(PreparedResponse prepared, int times) {
        return persistent && minorVersion >= 1 && !head && fieldsLength == 0
                ? output.repeat(prepared.encoded(serverName).length(), times)
                : 0;
    }

    /**
     * Sends {@code length} bytes of a file, from {@code position}, as the body; its type is set with {@link #header}.
     * {@link SendableFile#sendFinished} is called exactly once, when the file is no longer needed: possibly before this
     * returns (a short file is copied, and to HEAD none of it is sent). If the file turns out shorter and nothing was
     * sent yet, the response is 500; else the connection is closed.
     *
     * @throws IllegalArgumentException if {@code position} or {@code length} is negative; the file is then not used
     */
    public void sendFile(SendableFile file, long position, long length) {
        if (position < 0 || length < 0) {
            throw new IllegalArgumentException("position " + position + ", length " + length);
        }
        begin();
        if (recorded != null) {
            recorded.file(file, position, length);
            return;
        }
        if (!hasBody() || length == 0) {
            writeHead(NO_BYTES, length);
            file.sendFinished();
        } else {
            int headBytes = headBytes(template(), NO_BYTES);
            if (file instanceof CachedFile cached) {
                if (!sendCached(cached, position, length, headBytes)) {
                    return;
                }
            } else if (length <= output.bufferBytes() - headBytes && output.ensure(headBytes + (int) length)) {
                boolean read = copyFile(file, position, (int) length);
                file.sendFinished();
                if (!read) {
                    failFile();
                    return;
                }
            } else {
                assert http != null;
                writeHead(NO_BYTES, length);
                http.waiting().keepFile(file, position, length);
            }
        }
        end(status, length);
    }

    /** Sends a whole file as it is represented; it was retained for that. */
    void sendFile(FileRepresentation chosen) {
        CachedFile file = chosen.file();
        FileImages images = file.images();
        FileImage image = images != null && isPlain() && output.isIdle() ? image(images, chosen) : null;
        if (image == null) {
            header(chosen.contentType()).header(chosen.fields());
            sendFile(file, 0, file.size());
            return;
        }
        begin();
        output.send(image);
        counters.fileSent(FileStrategy.MEMORY, file.size());
        end(status, file.size());
    }

    /** Sends parts of a file with bytes between them as the body; a short file is treated as {@link #sendFile} says. */
    void sendParts(FileParts parts) {
        begin();
        writeHead(NO_BYTES, parts.bodyLength());
        if (hasBody()) {
            assert http != null;
            http.waiting().keepParts(parts, output);
        } else {
            parts.file().sendFinished();
        }
        end(status, parts.bodyLength());
    }

    /**
     * Leaves the answer to be completed later, from any thread, within {@link HttpConfig#answerTimeout}. Nothing that
     * was set on this response is kept. Until it is completed, the connection looks at no further request. The request
     * is not valid any longer than usual: copy what is needed of it.
     */
    public DeferredResponse defer() {
        begin();
        if (recorded != null) {
            return recorded.defer();
        }
        assert http != null && offloads != null;
        DeferredResponse deferred = new DeferredResponse(http, this, offloads.returns(), head, persistent,
                minorVersion);
        deferred.deadline = offloads.nanoTime() + answerNanos;
        http.openAnswer = deferred;
        complete = true; // as far as it is the handler's affair
        return deferred;
    }

    /**
     * Sends the head, and then the body as it is written, by whatever thread; until that has ended, the connection
     * looks at no further request. To HEAD, and with 204 and 304, the stream that is returned is cancelled from the
     * beginning.
     */
    public ResponseStream stream(String contentType) {
        if (recorded != null) {
            HeaderSyntax.requireValue("Content-Type", contentType);
            begin();
            return recorded.stream(contentType);
        }
        assert http != null && offloads != null;
        ResponseStream stream = new ResponseStream(http, offloads.returns(), false);
        stream(contentType, stream);
        return stream;
    }

    /** As {@link #stream(String)}, for a stream that has begun on another thread. */
    void stream(String contentType, ResponseStream stream) {
        byte[] type = contentTypes.line(contentType);
        begin();
        boolean chunked = minorVersion >= 1;
        persistent &= chunked;
        writeHead(type, chunked ? CHUNKED : UNTIL_CLOSE);
        end(status, 0);
        if (hasBody()) {
            assert http != null;
            stream.begin(chunked);
            http.openAnswer = stream;
        } else {
            stream.abandon();
        }
    }

    /** Whether a {@code send} method has been called. */
    public boolean isSent() {
        return sent;
    }

    // ---- For the connection

    /** What the loop's response needs to leave its answer open. */
    void offloads(Offloads newOffloads, long newAnswerNanos) {
        offloads = newOffloads;
        answerNanos = newAnswerNanos;
    }

    /** What holds back the body of the request that this answers. */
    BodyFlow bodyFlow() {
        assert http != null && offloads != null;
        return new BodyFlow(http, offloads.returns());
    }

    /** Null if this is not the loop's response. */
    @Nullable
    Offloads offloads() {
        return offloads;
    }

    /** A response for another thread, which does no more than write down what it is asked for. */
    HttpResponse detached(RecordedResponse into) {
        return new HttpResponse(this, into);
    }

    /** Adds header fields that were encoded before. */
    void fields(byte[] lines) {
        reserveFields(lines.length);
        System.arraycopy(lines, 0, fields, fieldsLength, lines.length);
        fieldsLength += lines.length;
    }

    /** The answer that was deferred will not come: another one is to be sent. */
    void reopen() {
        sent = false;
        discard();
    }

    /** Begins the response to a request. */
    void reset(HttpConnection newHttp, boolean newHead, boolean newPersistent, int newMinorVersion) {
        http = newHttp;
        head = newHead;
        persistent = newPersistent;
        minorVersion = newMinorVersion;
        sent = false;
        complete = false;
        discard();
    }

    /** Forgets what was set so far; the response was not sent. */
    void discard() {
        status = 200;
        fieldsLength = 0;
    }

    /** Whether the connection stays open after this response. */
    boolean isPersistent() {
        return persistent;
    }

    /** Counts a file that was asked for. @param known whether the cache had it */
    void fileFound(boolean known) {
        (known ? counters.fileHits : counters.fileMisses).increment();
    }

    /** Whether everything was written, to the output or to what is pending. */
    boolean isComplete() {
        return complete;
    }

    /** The status that was sent, or was to be when the response broke off. */
    int answeredStatus() {
        return complete ? answeredStatus : status;
    }

    /** How long the body is that was sent or announced. */
    long bodyBytes() {
        return complete && !head && !HttpStatus.isBodyless(answeredStatus) ? bodyBytes : 0;
    }

    /** Sends an error with its reason as a short text. */
    void sendError(int code) {
        status = code;
        sendText(code + " " + HttpStatus.reason(code) + "\n");
    }

    // ---- Encoding

    private void begin() {
        if (sent) {
            throw new IllegalStateException("the response was sent already");
        }
        sent = true;
        if (recorded != null) {
            recorded.head(status, Arrays.copyOf(fields, fieldsLength), !persistent);
        }
    }

    /** @param bodyLength what a body has, if one is sent */
    private void end(int finalStatus, long bodyLength) {
        complete = true;
        answeredStatus = finalStatus;
        bodyBytes = bodyLength;
        counters.responded(finalStatus);
    }

    private boolean hasBody() {
        return !head && !HttpStatus.isBodyless(status);
    }

    private HeadTemplate template() {
        return status == 200 ? okTemplate : otherTemplate();
    }

    private HeadTemplate otherTemplate() {
        HeadTemplate template = templates[status - HttpStatus.LOWEST];
        if (template == null) {
            template = HeadTemplate.of(status, serverName);
            templates[status - HttpStatus.LOWEST] = template;
        }
        return template;
    }

    private int headBytes(HeadTemplate template, byte[] type) {
        return template.length() + type.length + fieldsLength + MORE_HEAD_BYTES;
    }

    private void writeHead(byte[] type, long contentLength) {
        HeadTemplate template = template();
        int most = headBytes(template, type);
        if (output.ensure(most)) {
            output.advanceTo(encodeHead(output.memory(), output.at(), template, type, contentLength));
        } else {
            MemorySegment memory = scratch(most);
            output.write(memory, 0, (int) encodeHead(memory, 0, template, type, contentLength), false);
        }
    }

    /** Has the body written where it is sent from: in a block if it is likely to be longer than a buffer. */
    private void writeBody(byte[] type, BodyWriter body) throws IOException {
        int headBytes = headBytes(template(), type); // more than enough for any length
        long expected = headBytes + (long) lastBodyLength + MAX_LENGTH_DIGITS;
        SendBlock block = expected > output.bufferBytes() ? output.takeBlock(expected) : null;
        if (block != null) {
            writeIntoBlock(block, type, body);
        } else if (output.ensure((int) Math.min(expected, output.bufferBytes())) && output.room() > headBytes) {
            output.advanceTo(writeBody(type, body, output.memory(), output.at(), output.at() + output.room()));
        } else {
            bodyOutput.begin(MemorySegment.NULL, 0, 0);
            writeUnchanged(body);
            writeHead(type, lastBodyLength);
        }
        if (hasBody()) {
            output.write(bodyOutput.rest(), 0, bodyOutput.restLength());
        }
    }

    private void writeIntoBlock(SendBlock block, byte[] type, BodyWriter body) throws IOException {
        boolean given = false;
        try {
            int end = (int) writeBody(type, body, block.memory(), 0, block.memory().byteSize());
            if (end > output.bufferBytes()) {
                given = true;
                output.send(block, end, hasBody() && bodyOutput.restLength() > 0);
            } else {
                output.write(block.memory(), 0, end, false);
            }
        } finally {
            if (!given) {
                block.sendFinished();
            }
        }
    }

    /**
     * Has the body written behind a head that is a guess: it tells the length of the body before, which for many is the
     * same. Where that was wrong the head is written again, and the body moved if the head's length has changed. Returns
     * where what has been written ends.
     */
    private long writeBody(byte[] type, BodyWriter body, MemorySegment memory, long start, long limit)
            throws IOException {
        int guess = lastBodyLength;
        long bodyStart = encodeHead(memory, start, template(), type, guess);
        bodyOutput.begin(memory, bodyStart, limit - MAX_LENGTH_DIGITS);
        writeUnchanged(body);
        int length = lastBodyLength;
        int count = bodyOutput.bufferedLength();
        if (length != guess) {
            long moved = bodyStart + (HttpStatus.isBodyless(status) ? 0 : digits(length) - digits(guess));
            if (moved != bodyStart && hasBody()) {
                MemorySegment.copy(memory, bodyStart, memory, moved, count);
            }
            bodyStart = encodeHead(memory, start, template(), type, length);
            assert bodyStart == moved;
        }
        return hasBody() ? bodyStart + count : bodyStart;
    }

    /** Has the body written, and notes its length. */
    private void writeUnchanged(BodyWriter body) throws IOException {
        int fieldsBefore = fieldsLength;
        int statusBefore = status;
        boolean persistentBefore = persistent;
        body.write(bodyOutput);
        bodyOutput.end();
        if (fieldsLength != fieldsBefore || status != statusBefore || persistent != persistentBefore) {
            throw new IllegalStateException("the head was changed while the body was written");
        }
        lastBodyLength = Math.addExact(bodyOutput.bufferedLength(), bodyOutput.restLength());
    }

    /** Writes a whole head; returns where it ends. */
    private long encodeHead(MemorySegment memory, long offset, HeadTemplate template, byte[] type, long contentLength) {
        long at = offset + template.write(memory, offset, date);
        at = copy(type, type.length, memory, at);
        if (!HttpStatus.isBodyless(status)) {
            at = contentLength >= 0 ? writeLength(memory, at, contentLength) : writeCoding(memory, at, contentLength);
        }
        return endHead(memory, at);
    }

    private static long writeLength(MemorySegment memory, long offset, long contentLength) {
        long at = copy(CONTENT_LENGTH, CONTENT_LENGTH.length, memory, offset);
        return endLine(memory, writeDecimal(memory, at, contentLength));
    }

    private static long writeCoding(MemorySegment memory, long offset, long contentLength) {
        return contentLength == CHUNKED
                ? copy(TRANSFER_ENCODING, TRANSFER_ENCODING.length, memory, offset)
                : offset;
    }

    /** Writes what the head of any response ends with: added fields, Connection, and the blank line. */
    private long endHead(MemorySegment memory, long offset) {
        long at = fieldsLength == 0 ? offset : copy(fields, fieldsLength, memory, offset);
        if (!persistent) {
            at = copy(CLOSE, CLOSE.length, memory, at);
        } else if (minorVersion == 0) {
            at = copy(KEEP_ALIVE, KEEP_ALIVE.length, memory, at);
        }
        return endLine(memory, at);
    }

    private void writePrepared(PreparedResponse.Encoded encoded) {
        int start = encoded.headLength() - 2;
        int most = start + fieldsLength + MORE_HEAD_BYTES;
        if (output.ensure(most)) {
            output.advanceTo(encodePrepared(output.memory(), output.at(), encoded, start));
        } else {
            MemorySegment memory = scratch(most);
            output.write(memory, 0, (int) encodePrepared(memory, 0, encoded, start), false);
        }
        if (!head) {
            output.write(encoded.bytes(), encoded.headLength(), encoded.length() - encoded.headLength(), true);
        }
    }

    private long encodePrepared(MemorySegment memory, long at, PreparedResponse.Encoded encoded, int start) {
        MemorySegment.copy(encoded.bytes(), 0, memory, at, start);
        date.write(memory, at + encoded.dateAt());
        return endHead(memory, at + start);
    }

    private MemorySegment scratch(int bytes) {
        if (scratch.byteSize() < bytes) {
            scratch = Arena.ofAuto().allocate(Math.max(1024, 2L * bytes));
        }
        return scratch;
    }

    private static long copy(byte[] source, int length, MemorySegment memory, long at) {
        MemorySegment.copy(source, 0, memory, Words.BYTE, at, length);
        return at + length;
    }

    private static long endLine(MemorySegment memory, long at) {
        memory.set(Words.SHORT, at, CRLF);
        return at + 2;
    }

    /** Writes a number that is not negative; returns where it ends. */
    static long writeDecimal(MemorySegment memory, long at, long number) {
        int digits = digits(number);
        long rest = number;
        for (int i = digits - 1; i >= 0; i--) {
            memory.set(Words.BYTE, at + i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
        return at + digits;
    }

    private static int digits(long number) {
        int digits = 1;
        for (long rest = number; rest >= 10; rest /= 10) {
            digits++;
        }
        return digits;
    }

    private void reserveFields(int more) {
        int needed = fieldsLength + more;
        if (needed > MAX_FIELD_BYTES) {
            throw new IllegalStateException("the header fields of a response are longer than " + MAX_FIELD_BYTES
                    + " bytes");
        }
        if (needed > fields.length) {
            fields = Arrays.copyOf(fields, Math.max(needed, 2 * fields.length));
        }
    }

    // ---- Files

    /** Writes the head and, behind it, a file that fits; room was made. @return false if the file could not be read */
    private boolean copyFile(SendableFile file, long position, int length) {
        MemorySegment memory = output.memory();
        long at = encodeHead(memory, output.at(), template(), NO_BYTES, length);
        int done = 0;
        while (done < length) {
            Objects.checkFromIndexSize(at + done, length - done, memory.byteSize());
            // SAFETY: checked against the loop's memory; ensure() made room for it in the buffer that output owns.
            int count = files.read(file.descriptor(), memory.address() + at + done, length - done, position + done);
            if (count <= 0) {
                LOG.warn("A file of {} bytes could be read for {} bytes only: {}", length, done,
                        count == 0 ? "it has become shorter" : Errno.describe(-count));
                return false;
            }
            done += count;
        }
        output.advanceTo(at + length);
        return true;
    }

    /** Whether there is nothing about this response that others to a plain GET do not have. */
    private boolean isPlain() {
        return status == 200 && !head && persistent && minorVersion >= 1 && fieldsLength == 0 && !sent
                && recorded == null;
    }

    /** The whole response as it lies in memory, with the present date; null if it must be written. */
    private @Nullable FileImage image(FileImages images, FileRepresentation chosen) {
        FileImage image = images.find(chosen, date.seconds());
        return image != null ? image : newImage(images, chosen);
    }

    private @Nullable FileImage newImage(FileImages images, FileRepresentation chosen) {
        byte[] type = chosen.contentType().line();
        byte[] more = chosen.fields().line();
        int most = headBytes(okTemplate, type) + more.length;
        FileImage image = most > FileImages.HEAD_ROOM_BYTES ? null : images.writable(date.seconds());
        if (image != null) {
            header(chosen.contentType()).header(chosen.fields());
            MemorySegment memory = scratch(most);
            int length = (int) encodeHead(memory, 0, okTemplate, NO_BYTES, chosen.file().size());
            fieldsLength = 0;
            images.renew(image, memory, length, chosen, date.seconds());
        }
        return image;
    }

    /** As {@link #sendFile}. @return false if the file cannot be sent as it was, and an error was sent instead */
    private boolean sendCached(CachedFile file, long position, long length, int headBytes) {
        assert http != null;
        if (length <= output.bufferBytes() - headBytes && (file.isInMemory() || file.isCopied())
                && output.ensure(headBytes + (int) length)) {
            int copied = copyCached(file, position, (int) length);
            if (copied != COLD) {
                file.sendFinished();
                if (copied == CHANGED) {
                    failFile();
                }
                return copied != CHANGED;
            }
        }
        writeHead(NO_BYTES, length);
        http.waiting().keepFile(file, position, length);
        return true;
    }

    /** Writes the head and, behind it, a file that fits; room was made. Returns its length, or why that failed. */
    private int copyCached(CachedFile file, long position, int length) {
        MemorySegment memory = output.memory();
        long at = encodeHead(memory, output.at(), template(), NO_BYTES, length);
        if (file.isInMemory()) {
            file.copyTo(memory, at, position, length);
            counters.fileSent(FileStrategy.MEMORY, length);
        } else {
            Objects.checkFromIndexSize(at, length, memory.byteSize());
            // SAFETY: checked against the loop's memory; ensure() made room for it in the buffer that output owns.
            int count = file.readCached(memory.address() + at, length, position);
            if (count == -Errno.EAGAIN || count > 0 && count < length) { // or short, which reading on will tell
                return COLD;
            }
            if (count < 0 || count == 0 || !file.isUnchanged()) {
                LOG.warn("A file of {} bytes cannot be sent as it was: {}", file.size(),
                        count < 0 ? Errno.describe(-count) : "it has changed");
                return CHANGED;
            }
            counters.fileSent(FileStrategy.AUTO, length);
        }
        output.advanceTo(at + length);
        return length;
    }

    /** Nothing was sent yet, so the client can be told. */
    private void failFile() {
        discard();
        sent = false;
        sendError(500);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
