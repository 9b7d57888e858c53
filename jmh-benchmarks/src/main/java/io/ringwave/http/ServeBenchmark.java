package io.ringwave.http;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A received batch of requests, from its bytes to the bytes of all answers: parser, router, handler, encoder and what
 * holds them together, without loop and kernel. The time is that of the whole batch.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ServeBenchmark {

    private static final String REQUEST = "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n";

    /** How many requests are pipelined. */
    @Param({"1", "16", "64"})
    public int depth = 1;

    private final HttpCounters counters = new HttpCounters();
    private DiscardingConnection connection = new DiscardingConnection(REQUEST);
    private HttpConnectionHandler handler = newHandler();

    @Setup
    public void connect() {
        connection = new DiscardingConnection(REQUEST.repeat(depth));
        handler = newHandler();
        handler.onOpen(connection);
    }

    private HttpConnectionHandler newHandler() {
        PreparedResponse hello = PreparedResponse.of(200, "text/plain",
                "Hello, World!".getBytes(StandardCharsets.US_ASCII));
        Router router = new Router().get("/plaintext", (request, response) -> response.send(hello));
        return new HttpConnectionHandler(connection, HttpConfig.defaults(), router, counters,
                System::currentTimeMillis, (descriptor, address, length, position) -> -1);
    }

    @Benchmark
    public long batch() {
        handler.onReceive(connection, connection.received());
        return counters.requests.get();
    }
}
