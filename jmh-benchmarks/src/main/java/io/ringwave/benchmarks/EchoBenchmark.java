package io.ringwave.benchmarks;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A round trip over loopback through the whole engine: one byte there and back. Both ends share the machine. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class EchoBenchmark {

    @Param({"io_uring", "epoll"})
    public String backend = EngineConfig.AUTO;

    private Engine engine;
    private Socket client;
    private InputStream in;
    private OutputStream out;
    private final byte[] message = {'x'}; // what read() and write(int) allocate per call

    @Setup
    public void connect() throws Exception {
        engine = Engine.start(EngineConfig.builder().backend(backend).loops(1).build(),
                loop -> (connection, bytes) -> connection.send(bytes.retain()));
        client = new Socket("127.0.0.1", engine.port());
        client.setTcpNoDelay(true);
        in = client.getInputStream();
        out = client.getOutputStream();
    }

    @Benchmark
    public int roundTrip() throws IOException {
        out.write(message);
        return in.read(message);
    }

    @TearDown
    public void disconnect() throws IOException {
        client.close();
        engine.close();
    }
}
