package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From the path of a request to its route, with as many routes as a small service has. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RouterBenchmark {

    private static final HttpHandler HANDLER = (request, response) -> {
    };

    private final Router router = new Router();
    private final MemorySegment exact = HeadTemplate.encode("/plaintext");
    private final MemorySegment prefix = HeadTemplate.encode("/static/images/logo.svg");
    private final MemorySegment unknown = HeadTemplate.encode("/wp-login.php");

    @Setup
    public void addRoutes() {
        for (String path : new String[]{"/", "/plaintext", "/json", "/api/health", "/api/stats", "/api/echo"}) {
            router.get(path, HANDLER);
        }
        router.get("/static/{rest...}", HANDLER).get("/files/{rest...}", HANDLER);
    }

    /** A whole path, found by its hash. */
    @Benchmark
    public @Nullable Object exactPath() {
        return find(exact);
    }

    /** The hash finds nothing, a prefix does. */
    @Benchmark
    public @Nullable Object prefixPath() {
        return find(prefix);
    }

    /** Neither finds anything: a 404. */
    @Benchmark
    public @Nullable Object unknownPath() {
        return find(unknown);
    }

    private @Nullable Object find(MemorySegment path) {
        return router.find(path, 0, (int) path.byteSize());
    }
}
