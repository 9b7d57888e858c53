package io.ringwave.http;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** The head of a request, from bytes to offsets. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RequestParserBenchmark {

    /** What a load generator sends, and what a browser does. */
    public enum Head {
        SHORT("GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n"), BROWSER("""
                GET /static/index.html?from=search HTTP/1.1
                Host: www.example.com
                User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0
                Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
                Accept-Language: en-US,en;q=0.5
                Accept-Encoding: gzip, deflate, br, zstd
                Connection: keep-alive
                Cookie: session=0123456789abcdef0123456789abcdef; theme=dark
                Upgrade-Insecure-Requests: 1
                If-None-Match: "5144bc-527-18ea6ecd3d5239aa"

                """.replace("\n", "\r\n"));

        private final MemorySegment bytes;

        Head(String text) {
            byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
            bytes = Arena.global().allocate(ascii.length);
            bytes.copyFrom(MemorySegment.ofArray(ascii));
        }
    }

    @Param
    public Head head = Head.SHORT;

    private final RequestParser parser = new RequestParser(16 * 1024, 8 * 1024, 100);

    @Benchmark
    public int parse() {
        return parser.parse(head.bytes, 0, (int) head.bytes.byteSize());
    }
}
