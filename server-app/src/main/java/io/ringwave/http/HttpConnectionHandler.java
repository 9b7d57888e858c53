package io.ringwave.http;

import io.ringwave.CloseReason;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.LoopContext;
import io.ringwave.OwnedBuffer;
import io.ringwave.ReceivedBytes;
import io.ringwave.spi.SlotTables;
import io.ringwave.workers.WorkerConfig;
import io.ringwave.workers.WorkerLane;
import io.ringwave.workers.WorkerPool;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP/1.1 on the connections of one event loop: takes received bytes apart into requests, has them answered, and sends
 * the answers of a batch together, in order. Confined to the loop's thread; the states are {@link HttpConnection}'s.
 *
 * <p>Guarantees:
 * <ol>
 * <li>A request is parsed where it was received. Only a head that is cut, or whose body is still to come, is copied.
 * <li>No request is looked at before its connection can take the answer: a client that does not read is not served.
 * <li>Whatever is unclear about where a request ends is refused, and the connection closed.
 * <li>A request without body that a prepared response answers allocates nothing.
 * </ol>
 */
final class HttpConnectionHandler implements ConnectionHandler {

    private static final Logger LOG = LoggerFactory.getLogger(HttpConnectionHandler.class);

    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final short CRLF = '\r' | '\n' << 8;
    private static final MemorySegment ROOT = HeadTemplate.encode("/");
    /** How much of a cut head's rest is copied before its end is looked for: most heads end within that. */
    private static final int CARRY_STEP_BYTES = 512;
    /** How often within a send timeout is looked whether the peer takes what waits for it: it is so much too late at most. */
    private static final int SEND_LOOKS = 4;
    /** The most that is held back of a file until it was found unchanged. */
    private static final int FILE_TAIL_BYTES = 1 << 14;

    private final LoopContext loop;
    private final Router router;
    private final HttpCounters counters;
    private final @Nullable LatencyRecorder latency;
    private final int maxBodyBytes;
    private final long idleNanos;
    private final long headNanos;
    private final long bodyNanos;
    private final long sendNanos;
    private final long sendLookNanos;
    private final long answerNanos;
    private @Nullable HttpConnection[] connections; // by slot, as long as slots were used so far
    private final CarryPool carries;
    private final WaitingOutputs waitingOutputs = new WaitingOutputs(this);
    private final BodyPool bodies = new BodyPool();
    private final DateStamp date;
    private final Output output;
    private final RequestParser parser;
    private final HttpRequest request;
    private final HttpResponse response;
    private final @Nullable AccessTrail access; // null: there is no access log
    private @Nullable Route servedRoute; // of the request that was served last,
    private @Nullable HttpHandler servedHandler; // and what served it: a head that repeats its head goes there too
    private RouteClass servedClass = RouteClass.API;

    /** With workers of its own, which begin only if they are needed. */
    HttpConnectionHandler(LoopContext loop, HttpConfig config, Router router, HttpCounters counters,
            LongSupplier wallClock, FileReads files) {
        this(loop, config, router, counters, null, wallClock, files, new WorkerPool(
                WorkerConfig.of(config.offloadThreads(), 1).withLaneCapacity(config.offloadQueue())).lane(0));
    }

    /**
     * @param latency where is recorded how long requests take; null: nowhere
     * @param lane the loop's way to the workers
     */
    HttpConnectionHandler(LoopContext loop, HttpConfig config, Router router, HttpCounters counters,
            @Nullable LatencyRecorder latency, LongSupplier wallClock, FileReads files, WorkerLane lane) {
        this.loop = loop;
        this.latency = latency;
        this.router = router;
        this.counters = counters;
        this.maxBodyBytes = config.maxBodyBytes();
        this.idleNanos = config.idleTimeout().toNanos();
        this.headNanos = config.headTimeout().toNanos();
        this.bodyNanos = config.bodyTimeout().toNanos();
        this.sendNanos = config.sendTimeout().toNanos();
        this.sendLookNanos = Math.max(1, sendNanos / SEND_LOOKS);
        this.answerNanos = config.answerTimeout().toNanos();
        this.connections = new HttpConnection[SlotTables.first(loop.maxConnections())];
        this.carries = new CarryPool(config.maxHeadBytes());
        this.date = new DateStamp(wallClock, loop.nanoTime());
        this.output = new Output(loop.bufferBytes());
        this.parser = new RequestParser(config.maxHeadBytes(), config.maxTargetBytes(), config.maxHeaders());
        this.request = new HttpRequest(parser, loop);
        this.response = new HttpResponse(output, date, counters, config.serverName(), files);
        this.response.offloads(new Offloads(loop, config, lane, new LoopReturns(loop), counters),
                answerNanos);
        this.access = config.accessLog() == null
                ? null
                : new AccessTrail(config.accessLog().apply(loop), () -> date.millis(loop.nanoTime()));
    }

    // ---- What the engine tells

    @Override
    public void onOpen(Connection connection) {
        int slot = connection.slot();
        if (slot >= connections.length) {
            connections = Arrays.copyOf(connections, SlotTables.grown(connections.length, slot, loop.maxConnections()));
        }
        HttpConnection http = connections[slot];
        if (http == null) {
            http = new HttpConnection(this);
            connections[slot] = http;
        }
        http.open(connection);
        connection.attach(http);
        http.expireAt(loop.nanoTime() + idleNanos);
    }

    @Override
    public void onReceive(Connection connection, ReceivedBytes bytes) {
        HttpConnection http = http(connection);
        if (http.closing) {
            return;
        }
        if (http.isBlocked() || http.mustProceed) {
            hold(connection, http, bytes.retain());
            return;
        }
        begin(connection, http);
        int length = bytes.length();
        int used = consume(connection, http, bytes.memory(), bytes.offset(), length);
        if (used < length) {
            OwnedBuffer rest = bytes.retain();
            rest.skip(used);
            hold(connection, http, rest);
        }
        settle(connection, http);
    }

    @Override
    public void onWritable(Connection connection) {
        HttpConnection http = http(connection);
        if (!http.closed && (http.isBlocked() || http.mustProceed)) {
            begin(connection, http);
            proceed(connection, http);
            settle(connection, http);
        }
    }

    @Override
    public void onSent(Connection connection) {
        if (latency != null) {
            latency.sent(http(connection));
        }
    }

    @Override
    public void onBatchEnd() {
        if (latency != null) {
            latency.batchEnded();
        }
    }

    @Override
    public void onTimeout(Connection connection) {
        HttpConnection http = http(connection);
        if (!http.isExpired(loop.nanoTime())) {
            return;
        }
        if (http.mustProceed) {
            onWritable(connection); // the mailbox was full when a piece of a file ended
            return;
        }
        if (!http.closed && http.waitsForHandler()) {
            answerIsLate(connection, http);
            return;
        }
        if (isTakingOutput(http)) {
            http.expireAt(loop.nanoTime() + sendLookNanos);
            return;
        }
        counters.timeouts.increment();
        if (http.closed || http.isBlocked() || http.isIdle()) {
            connection.close();
            return;
        }
        begin(connection, http);
        refuse(http, 408);
        settle(connection, http);
    }

    /** Whether output waits for the peer, or is queued for it, and it takes some of it now and then, however little. */
    private boolean isTakingOutput(HttpConnection http) {
        boolean waits = http.closed
                || (http.isBlocked() ? http.waitsForPeer() : http.isIdle() && http.hasOutstanding());
        return waits && http.isPeerAwaited(loop.nanoTime(), sendNanos);
    }

    @Override
    public void onPeerFinished(Connection connection) {
        HttpConnection http = http(connection);
        http.peerFinished = true;
        if (latency != null && http.openAnswer != null) {
            latency.abandoned(http);
        }
        endOpenRequest(http);
        http.abandonAnswer(); // who has finished while it could only wait is taken to have left
        begin(connection, http);
        settle(connection, http);
    }

    @Override
    public void onDrain(Connection connection) {
        HttpConnection http = http(connection);
        http.draining = true;
        begin(connection, http);
        settle(connection, http);
    }

    @Override
    public void onClosed(Connection connection, CloseReason reason) {
        if (reason == CloseReason.SOURCE_FAILED) {
            counters.filesCut.increment();
        }
        HttpConnection http = http(connection);
        if (latency != null) {
            latency.closed(http);
        }
        endOpenRequest(http);
        http.end(carries);
        connection.attach(null);
    }

    @Override
    public void onLoopEnd() {
        router.close();
        output.close();
    }

    private static HttpConnection http(Connection connection) {
        HttpConnection http = (HttpConnection) connection.attachment();
        assert http != null : "no state for " + connection;
        return http;
    }

    // ---- A turn for one connection: begin, consume or proceed, settle

    private void begin(Connection connection, HttpConnection http) {
        date.update(loop.nanoTime());
        output.attach(connection, http);
        if (latency != null) {
            latency.begin();
        }
    }

    /** Goes on where output had to wait: first with the output, then with the input that was kept. */
    private void proceed(Connection connection, HttpConnection http) {
        http.waitsForBuffer = false;
        http.mustProceed = false;
        output.writePending();
        if (http.waiting != null && http.waiting.hasFileTail()) {
            endFile(connection, http, http.waiting);
        }
        if (http.waiting != null && http.waiting.mustBeginPart()) {
            http.waiting.beginPart(output);
        }
        if (http.openAnswer instanceof ResponseStream stream) {
            drain(connection, http, stream);
        }
        OwnedBuffer input = http.input;
        while (input != null && !http.isBlocked()) {
            int used = consume(connection, http, input.memory(), input.offset(), input.length());
            if (used < input.length()) {
                input.skip(used);
                return;
            }
            input.release();
            input = http.lateInput;
            http.input = input;
            http.lateInput = null;
        }
    }

    /** Writes the bytes of a file that were held back, if it is still the same; else nothing may complete the response. */
    private void endFile(Connection connection, HttpConnection http, WaitingOutput waiting) {
        int length = waiting.fileTail();
        if (!output.ensure(length)) {
            http.waitsForBuffer = true;
            return;
        }
        long at = output.at();
        MemorySegment memory = output.memory();
        Objects.checkFromIndexSize(at, length, memory.byteSize());
        // SAFETY: checked against the loop's memory; ensure() made room for it in the buffer that output owns.
        if (waiting.readFileTail(memory.address() + at)) {
            output.advanceTo(at + length);
            waiting.fileTailSent();
        } else {
            counters.filesCut.increment();
            http.closed = true;
            connection.close();
        }
    }

    HttpCounters counters() {
        return counters;
    }

    WaitingOutputs waitingOutputs() {
        return waitingOutputs;
    }

    /** The most that is held back of a file: it must fit into one buffer. */
    int maxTailBytes() {
        return Math.min(FILE_TAIL_BYTES, output.bufferBytes());
    }

    /** Sends what was written, and decides what the connection waits for. */
    private void settle(Connection connection, HttpConnection http) {
        http.outputWaits();
        WaitingOutput waiting = http.waiting;
        boolean piece = waiting != null && waiting.hasFilePiece();
        output.flush(piece);
        if (latency != null) {
            latency.settled(connection, http);
        }
        if (piece) {
            waiting.sendFilePiece(connection);
        } else if (waiting != null && waiting.hasFileTail() && !http.waitsForBuffer && !http.closed) {
            http.proceedSoon(); // a file of one byte
        }
        if (http.isBlocked()) {
            http.expireAt(http.waitsForHandler() && http.openAnswer instanceof DeferredResponse deferred
                    ? deferred.deadline
                    : loop.nanoTime() + (http.bodyPaused ? answerNanos : sendLookNanos));
            return;
        }
        if (http.mustProceed) {
            return; // a piece ended while it was handed over: its task follows
        }
        boolean last = http.draining && http.isIdle() || http.peerFinished;
        if (http.closing || last) {
            close(connection, http);
            return;
        }
        if (http.paused) {
            http.paused = false;
            connection.resume();
        }
        ArrivingRequest arriving = http.arriving;
        http.expireAt(arriving == null ? loop.nanoTime() + idleNanos : arriving.deadline);
    }

    private void close(Connection connection, HttpConnection http) {
        if (!http.closed) {
            http.closing = true;
            http.closed = true;
            http.endInput(carries);
            connection.closeAfterSend();
            http.expireAt(loop.nanoTime() + sendLookNanos);
        }
    }

    // ---- Answers that were left open

    /** A deferred response is complete: sends it, and goes on with what was received meanwhile. */
    void answer(Connection connection, HttpConnection http, DeferredResponse deferred, RecordedResponse answer) {
        try {
            http.openAnswer = null;
            begin(connection, http);
            response.reset(http, deferred.head, deferred.persistent && !http.draining, deferred.minorVersion);
            if (answer.isFailed()) {
                counters.handlerFailures.increment();
                response.sendError(500);
            } else {
                answer.sendBy(response);
            }
            completeOpenRequest(http);
            answered(connection, http);
        } catch (Throwable failure) {
            breakOff(connection, failure);
        }
    }

    /** A stream has something to send. */
    void streamReady(Connection connection, HttpConnection http, ResponseStream stream) {
        try {
            begin(connection, http);
            if (stream.isAborted()) {
                connection.close();
                return;
            }
            proceed(connection, http);
            settle(connection, http);
        } catch (Throwable failure) {
            breakOff(connection, failure);
        }
    }

    /** The receiver of a body takes more again: goes on with what was kept meanwhile. */
    void bodyResumed(Connection connection, HttpConnection http) {
        try {
            begin(connection, http);
            proceed(connection, http);
            settle(connection, http);
        } catch (Throwable failure) {
            breakOff(connection, failure);
        }
    }

    private void drain(Connection connection, HttpConnection http, ResponseStream stream) {
        if (stream.drain(output, http)) {
            http.openAnswer = null;
            endOpenRequest(http);
        } else if (stream.isAborted()) {
            connection.close();
        }
    }

    /** An answer did not come in time, or a stream did not go on. */
    private void answerIsLate(Connection connection, HttpConnection http) {
        switch (http.openAnswer) {
            case DeferredResponse deferred when deferred.withdraw() -> {
                LOG.warn("{} waited too long for a deferred response: it is answered with 503", connection);
                counters.timeouts.increment();
                http.openAnswer = null;
                begin(connection, http);
                response.reset(http, deferred.head, deferred.persistent && !http.draining, deferred.minorVersion);
                Offloads.refuse(response);
                completeOpenRequest(http);
                answered(connection, http);
            }
            case null, default -> http.expireAt(loop.nanoTime() + sendNanos); // on its way, or nothing to send
        }
    }

    private void answered(Connection connection, HttpConnection http) {
        if (!response.isPersistent()) {
            http.closing = true;
        }
        proceed(connection, http);
        settle(connection, http);
    }

    private void breakOff(Connection connection, Throwable failure) {
        counters.handlerFailures.increment();
        LOG.error("An answer of {} could not be sent", connection, failure);
        connection.close();
    }

    /** Keeps received bytes until output can go on. */
    private void hold(Connection connection, HttpConnection http, OwnedBuffer received) {
        if (http.input == null) {
            http.input = received;
        } else if (http.lateInput == null) {
            http.lateInput = received;
        } else {
            // After a pause one more chunk may come (Connection.pause), not two: better no answer than a wrong one.
            received.release();
            connection.close();
        }
        if (!http.paused) {
            http.paused = true;
            connection.pause();
        }
    }

    // ---- From bytes to requests

    /** Serves the requests in received bytes; returns how many bytes are done with: all, unless output must wait. */
    private int consume(Connection connection, HttpConnection http, MemorySegment memory, long offset, int length) {
        int done = 0;
        parser.forget();
        while (done < length && !http.closing) {
            if (!output.isReady()) {
                http.waitsForBuffer = true;
                return done;
            }
            int used;
            ArrivingRequest arriving = http.arriving;
            if (arriving == null) {
                used = readHead(connection, http, memory, offset + done, length - done);
            } else if (arriving.body == null) {
                used = continueHead(connection, http, arriving, memory, offset + done, length - done);
            } else {
                used = readBody(connection, http, arriving, arriving.body, memory, offset + done, length - done);
            }
            done += used;
            if (http.isBlocked()) {
                break;
            }
        }
        return http.closing ? length : done;
    }

    /** A head that begins here. */
    private int readHead(Connection connection, HttpConnection http, MemorySegment memory, long offset, int length) {
        if (length == 2 && memory.get(Words.SHORT, offset) == CRLF) {
            return 2; // some clients send it behind a body: not the beginning of a request (RFC 9112 section 2.2)
        }
        int head = parser.parse(memory, offset, length);
        if (head > 0) {
            return head + beginBody(connection, http, memory, offset + head, length - head);
        }
        if (head == RequestParser.PARTIAL) {
            carry(http, memory, offset, length).deadline = loop.nanoTime() + headNanos;
        } else {
            refuse(http, -head);
        }
        return length;
    }

    /** Copies a head, or the beginning of one, out of the receive buffer. */
    private ArrivingRequest carry(HttpConnection http, MemorySegment memory, long offset, int length) {
        ArrivingRequest arriving = carries.acquire();
        MemorySegment.copy(memory, offset, arriving.memory, arriving.offset, length);
        arriving.headLength = length;
        http.arriving = arriving;
        return arriving;
    }

    /** The rest of a head whose beginning was carried over, or more of it. Parsed once its end is there. */
    private int continueHead(Connection connection, HttpConnection http, ArrivingRequest arriving,
            MemorySegment memory, long offset, int length) {
        MemorySegment block = arriving.memory;
        long start = arriving.offset;
        int before = arriving.headLength;
        int used = 0;
        int end = -1;
        while (end < 0 && used < length && before + used < carries.blockBytes()) {
            int count = Math.min(Math.min(length - used, CARRY_STEP_BYTES), carries.blockBytes() - before - used);
            MemorySegment.copy(memory, offset + used, block, start + before + used, count);
            used += count;
            end = RequestParser.findHeadEnd(block, start, before + used - count, before + used);
        }
        arriving.headLength = end < 0 ? before + used : end;
        if (end < 0 && arriving.headLength < carries.blockBytes()) {
            return length;
        }
        int head = parser.parse(block, start, arriving.headLength);
        if (head <= 0) {
            // The parser must know by now: it was given a whole head, a line end to refuse, or as much as is allowed.
            refuse(http, head == RequestParser.PARTIAL ? 400 : -head);
            return length;
        }
        int rest = head - before;
        return rest + beginBody(connection, http, memory, offset + rest, length - rest);
    }

    /** The parser holds a head; what follows it may be its body. Returns how many bytes of body there were. */
    private int beginBody(Connection connection, HttpConnection http, MemorySegment memory, long offset, int length) {
        long announced = parser.contentLength();
        if (!parser.isChunked() && announced <= 0) {
            request.withoutBody();
            serve(http);
            return parser.isRepeated() ? serveRepeats(http) : 0;
        }
        Handlers.@Nullable Streaming streaming = streaming();
        if (!parser.isChunked()) {
            if (announced > (streaming == null ? maxBodyBytes : streaming.maxBytes())) {
                refuse(http, 413, parser.method() == HttpMethod.HEAD);
                return 0;
            }
            if (announced <= length && streaming == null) {
                request.withBody(memory, offset, (int) announced);
                serve(http);
                return (int) announced;
            }
        }
        return awaitBody(connection, http, streaming, memory, offset, length);
    }

    /** The request's handler, if it takes bodies as they arrive. */
    private Handlers.@Nullable Streaming streaming() {
        Route route = route();
        return route != null && route.handler(parser.method()) instanceof Handlers.Streaming streaming
                ? streaming
                : null;
    }

    /** What takes a body; null if its handler failed, and that was answered. */
    private @Nullable RequestBody newBody(HttpConnection http, Handlers.@Nullable Streaming streaming) {
        if (streaming == null) {
            return new RequestBody(maxBodyBytes, parser.isChunked() ? 0 : parser.contentLength(), bodies);
        }
        try {
            request.withoutBody();
            Route route = route();
            assert route != null;
            request.routedBy(route);
            response.reset(http, false, false, parser.minorVersion());
            BodyFlow flow = response.bodyFlow();
            return new RequestBody(streaming.maxBytes(), streaming.handler().begin(request, flow), flow);
        } catch (Exception | AssertionError | LinkageError | StackOverflowError failure) {
            bodyFailed(http, failure);
            return null;
        }
    }

    /** Whoever takes a body has failed: the rest of it is of no use, so the connection ends. */
    private void bodyFailed(HttpConnection http, Throwable failure) {
        LOG.error("The receiver of a body failed", failure);
        counters.requests.increment();
        counters.handlerFailures.increment();
        response.reset(http, false, false, 1);
        response.sendError(500);
        measure(RouteClass.API);
        logRefused(http);
        http.endRequest(carries);
        http.closing = true;
    }

    private int awaitBody(Connection connection, HttpConnection http, Handlers.@Nullable Streaming streaming,
            MemorySegment memory, long offset, int length) {
        if (length == 0 && parser.expectsContinue() && !inviteBody(http)) {
            return 0;
        }
        RequestBody body = newBody(http, streaming);
        if (body == null) {
            return 0;
        }
        ArrivingRequest arriving = http.arriving;
        if (arriving == null) {
            // The body's end must find the head again.
            arriving = carry(http, parser.memory(), parser.base(), parser.headLength());
        }
        arriving.body = body;
        arriving.chunks = parser.isChunked() ? new ChunkedDecoder() : null;
        arriving.bodyRemaining = parser.isChunked() ? 0 : parser.contentLength();
        arriving.deadline = loop.nanoTime() + bodyNanos;
        return length == 0 ? 0 : readBody(connection, http, arriving, body, memory, offset, length);
    }

    /** RFC 9110 section 10.1.1: asks for the body, or answers at once where it is not wanted. */
    private boolean inviteBody(HttpConnection http) {
        Route route = route();
        if (route != null && route.handler(parser.method()) != null) {
            output.write(CONTINUE, 0, CONTINUE.length);
            return true;
        }
        request.withoutBody();
        counters.requests.increment();
        response.reset(http, parser.method() == HttpMethod.HEAD, false, parser.minorVersion());
        answerUnrouted(route);
        measure(RouteClass.API);
        logServed(http);
        http.endRequest(carries);
        http.closing = true;
        return false;
    }

    private int readBody(Connection connection, HttpConnection http, ArrivingRequest arriving, RequestBody body,
            MemorySegment memory, long offset, int length) {
        ChunkedDecoder chunks = arriving.chunks;
        int used;
        boolean complete;
        if (chunks != null) {
            used = chunks.decode(memory, offset, length, body);
            if (used < 0) {
                refuse(http, -used);
                return 0;
            }
            complete = chunks.isDone();
        } else {
            used = (int) Math.min(arriving.bodyRemaining, length);
            body.append(memory, offset, used);
            arriving.bodyRemaining -= used;
            complete = arriving.bodyRemaining == 0;
        }
        Exception failure = body.failure();
        if (failure != null) {
            bodyFailed(http, failure);
            return used;
        }
        if (complete) {
            body.complete();
            int head = parser.parse(arriving.memory, arriving.offset, arriving.headLength);
            assert head == arriving.headLength;
            request.withBody(body);
            serve(http);
        } else if (body.receiver() != null) {
            arriving.deadline = loop.nanoTime() + bodyNanos; // a long body takes long: what counts is that it goes on
            http.bodyPaused = body.isPaused();
        }
        return used;
    }

    // ---- From requests to responses

    /** Answers the request that the parser holds; its body is complete. */
    private void serve(HttpConnection http) {
        counters.requests.increment();
        int method = parser.method();
        response.reset(http, method == HttpMethod.HEAD, parser.isPersistent() && !http.draining,
                parser.minorVersion());
        if (!parser.isRepeated()) {
            servedRoute = route();
            servedHandler = servedRoute == null ? null : servedRoute.handler(method);
            servedClass = servedRoute == null ? RouteClass.API : servedRoute.routeClass(method);
        }
        Route route = servedRoute;
        measure(servedClass);
        HttpHandler handler = servedHandler;
        if (handler == null) {
            answerUnrouted(route);
        } else {
            request.routedBy(route);
            handle(http, handler);
        }
        logServed(http);
        http.endRequest(carries);
        if (!response.isPersistent()) {
            http.closing = true;
        }
    }

    /**
     * The request that was just served repeats the one before it. If its answer was prepared, those that repeat it in turn are
     * answered by copies of the answer; returns how many bytes these requests have.
     */
    private int serveRepeats(HttpConnection http) {
        if (!(servedHandler instanceof Handlers.Prepared handler) || access != null || http.closing
                || http.isBlocked()) {
            return 0;
        }
        int count = response.repeat(handler.response(), parser.repeatsAhead());
        counters.requests.add(count);
        if (latency != null) {
            latency.answered(count);
        }
        return parser.skipRepeats(count);
    }

    /** A request was counted, and is answered in this turn, or its answer left open; or else the connection closed. */
    private void measure(RouteClass routeClass) {
        if (latency != null) {
            latency.answered(routeClass);
        }
    }

    private @Nullable Route route() {
        int start = parser.pathStart();
        int length = parser.pathEnd() - start;
        return length == 0 ? router.find(ROOT, 0, 1) : router.find(parser.memory(), parser.base() + start, length);
    }

    private void handle(HttpConnection http, HttpHandler handler) {
        try {
            handler.handle(request, response);
            if (response.isSent()) {
                return;
            }
            LOG.error("The handler of {} returned without a response", request.line());
        } catch (Exception | AssertionError | LinkageError | StackOverflowError failure) {
            LOG.error("The handler of {} failed", request.line(), failure);
        }
        failed(http);
    }

    private void failed(HttpConnection http) {
        counters.handlerFailures.increment();
        if (http.openAnswer instanceof DeferredResponse deferred && deferred.withdraw()) {
            http.openAnswer = null;
            response.reopen();
        } else if (http.openAnswer instanceof ResponseStream) {
            logServed(http);
            throw new IllegalStateException("a stream broke off"); // the engine closes the connection
        }
        if (!response.isSent()) {
            response.discard();
            response.sendError(500);
        } else if (!response.isComplete()) {
            logServed(http);
            throw new IllegalStateException("a response broke off"); // the engine closes the connection
        }
    }

    /** There is no handler for the path, or none for the method. */
    private void answerUnrouted(@Nullable Route route) {
        boolean options = parser.method() == HttpMethod.OPTIONS;
        if (route != null) {
            response.header(route.allow());
            if (options) {
                response.status(204).send();
            } else {
                response.sendError(405);
            }
        } else if (options && parser.targetEnd() - parser.targetStart() == 1) {
            response.status(204).send(); // OPTIONS *: about the server as a whole (RFC 9110 section 9.3.7)
        } else {
            response.sendError(404);
        }
    }

    /** Answers what is not a request that can be served, and closes: where the next one would begin is unknown. */
    private void refuse(HttpConnection http, int status) {
        refuse(http, status, false);
    }

    private void refuse(HttpConnection http, int status, boolean toHead) {
        counters.refused.increment();
        response.reset(http, toHead, false, 1);
        response.sendError(status);
        logRefused(http);
        http.endRequest(carries);
        http.closing = true;
    }

    // ---- The access log, where there is one

    /** The request that the parser holds was answered, or its answer left open. */
    private void logServed(HttpConnection http) {
        if (access != null) {
            access.served(http, parser, response);
        }
    }

    /** What was copied of a head, or what the parser saw last, was refused. */
    private void logRefused(HttpConnection http) {
        if (access == null) {
            return;
        }
        ArrivingRequest arriving = http.arriving;
        if (arriving == null) {
            access.refused(http, parser.memory(), parser.base(), parser.parsedBytes(), response);
        } else {
            access.refused(http, arriving.memory, arriving.offset, arriving.headLength, response);
        }
    }

    /** The answer that was left open was written, or is a stream that has begun. */
    private void completeOpenRequest(HttpConnection http) {
        if (access != null) {
            access.completed(http, response);
        }
    }

    /** The answer that was left open has ended, or will not come any more. */
    private void endOpenRequest(HttpConnection http) {
        if (access != null) {
            access.ended(http);
        }
    }
}
