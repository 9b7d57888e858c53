package io.ringwave.http;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From a handler's answer to bytes in a send buffer; a full buffer is thrown away. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ResponseBenchmark {

    private static final byte[] BODY = "{\"message\":\"Hello, World!\"}".getBytes(StandardCharsets.US_ASCII);
    private static final PreparedResponse PREPARED = PreparedResponse.of(200, "application/json", BODY);

    private final DiscardingConnection connection = new DiscardingConnection("");
    private final Output output = new Output(connection.bufferBytes());
    private final HttpResponse response = new HttpResponse(output,
            new DateStamp(System::currentTimeMillis, connection.nanoTime()), new HttpCounters(), "ringwave",
            (descriptor, address, length, position) -> length);
    private final HttpHeaderBytes etag = HttpHeaderBytes.of("ETag", "\"5144bc-527-18ea6ecd3d5239aa\"");
    private final HttpConnection http;

    public ResponseBenchmark() {
        HttpConnectionHandler handler = new HttpConnectionHandler(connection, HttpConfig.defaults(), new Router(),
                new HttpCounters(), System::currentTimeMillis, (descriptor, address, length, position) -> length);
        http = new HttpConnection(handler);
        http.open(connection);
        output.attach(connection, http);
    }

    /** Copies head and body that were encoded before, and patches the date. */
    @Benchmark
    public boolean prepared() {
        response.reset(http, false, true, 1);
        response.send(PREPARED);
        return response.isComplete();
    }

    /** Writes the head from its parts: status line, date, type and length; then the body. */
    @Benchmark
    public boolean encoded() {
        response.reset(http, false, true, 1);
        response.send("application/json", BODY);
        return response.isComplete();
    }

    /** The same with a field that was encoded before. */
    @Benchmark
    public boolean encodedWithField() {
        response.reset(http, false, true, 1);
        response.header(etag).send("application/json", BODY);
        return response.isComplete();
    }
}
