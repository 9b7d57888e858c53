package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.http.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Once warm, the loop's thread allocates nothing for a request: 0 bytes for 100,000 of them. */
class AllocationIT {
    private static final int MEASURED = 100_000;
    /** A file is looked at again once a second, too seldom for that code ever to be compiled: bytes each time. */
    private static final int PER_FILE_CHECK = 500;
    /**
     * How long it is measured at most, until nothing is added. The first times the compiler is still at work: interpreted
     * code allocates where compiled code does not, and what was optimised away comes into being when code is replaced
     * while it runs. What a request allocates, or leaks, shows every time.
     */
    private static final long MEASURING_NANOS = TimeUnit.SECONDS.toNanos(60);

    private int lastStatus;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @CsvSource({"io_uring,/plaintext,16,0", "epoll,/plaintext,16,0", "io_uring,/plaintext,1,0",
        "epoll,/plaintext,1,0", "io_uring,/json,16,0", "epoll,/json,16,0",
        "io_uring,/static/1k,16," + PER_FILE_CHECK, "epoll,/static/1k,16," + PER_FILE_CHECK,
        "io_uring,/static/10k,1," + PER_FILE_CHECK, "epoll,/static/10k,1," + PER_FILE_CHECK})
    void aRequestAllocatesNothing(String backend, String path, int depth, long allowed,
            @TempDir Path directory) throws Exception {
        measure(backend, path, "", depth, allowed, directory);
    }

    /** A browser that asks again, one that goes on with a download, and one that accepts what there is. */
    @ParameterizedTest
    @CsvSource({"io_uring,Range: bytes=100-199,206", "epoll,Range: bytes=100-199,206",
        "io_uring,If-None-Match: ETAG,304", "epoll,If-None-Match: ETAG,304",
        "io_uring,'Accept-Encoding: gzip, deflate, br',200"})
    void aRequestForAFileThatIsKnownAllocatesNothing(String backend, String header, int status,
            @TempDir Path directory) throws Exception {
        Files.write(directory.resolve("1k.gz"), new byte[500]);
        measure(backend, "/static/1k", header + "\r\n", 16, PER_FILE_CHECK, directory);
        assertEquals(status, lastStatus);
    }

    /** @param allowedPerSecond bytes, however many requests there are */
    private void measure(String backend, String path, String header, int depth, long allowedPerSecond, Path directory)
            throws IOException, EngineException {
        Files.write(directory.resolve("1k"), new byte[1024]);
        Files.write(directory.resolve("10k"), new byte[10 * 1024]);
        ServerOptions options = new ServerOptions();
        options.benchmarkRoutes = true;
        options.staticDir = directory;
        EngineConfig config = EngineConfig.builder().loops(1).backend(backend).build();
        try (HttpServer server = HttpServer.start(config, new Endpoints(options, () -> 0, null)::routes)) {
            assertEquals(backend, server.engine().backend().name());
            String entityTag = TestClient.get(server.port(), path).headers().getOrDefault("ETag", "");
            Load load = new Load(server.port(), path, header.replace("ETAG", entityTag), depth);
            lastStatus = load.status;
            long loop = loopThread();
            long leastTooMuch = Long.MAX_VALUE;
            long start = System.nanoTime();
            while (leastTooMuch > 0 && System.nanoTime() - start < MEASURING_NANOS) {
                long began = System.nanoTime();
                long before = threads.getThreadAllocatedBytes(loop);
                load.run(MEASURED);
                long allocated = threads.getThreadAllocatedBytes(loop) - before;
                long seconds = 1 + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began); // begun ones count
                leastTooMuch = Math.min(leastTooMuch, allocated - allowedPerSecond * seconds);
            }
            assertTrue(leastTooMuch <= 0, "at least " + leastTooMuch + " bytes too much for " + MEASURED + " requests");
            load.client.hangUp();
        }
    }

    private long loopThread() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().equals("ringwave-loop-0"))
                .mapToLong(Thread::threadId).findFirst().orElseThrow();
    }

    /** Requests over one connection, so many at a time, whose answers are all of one length. */
    private static final class Load {
        private final TestClient client;
        private final byte[] requests;
        private final int depth;
        private int status;
        private final int answerLength;
        private final byte[] answers;

        private Load(int port, String path, String header, int depth) throws IOException {
            this.depth = depth;
            client = new TestClient(port);
            String request = "GET " + path + " HTTP/1.1\r\nHost: test\r\n" + header + "\r\n";
            requests = request.repeat(depth).getBytes(StandardCharsets.US_ASCII);
            client.send(request);
            answerLength = readAnswer(client.in());
            answers = new byte[answerLength * depth];
        }

        private void run(int count) throws IOException {
            for (int sent = 0; sent < count; sent += depth) {
                client.socket().getOutputStream().write(requests);
                assertEquals(answers.length, client.in().readNBytes(answers, 0, answers.length));
                assertTrue(isExpected(9) && isExpected(answers.length - answerLength + 9), "status " + status);
            }
        }

        private boolean isExpected(int at) {
            return (answers[at] - '0') * 100 + (answers[at + 1] - '0') * 10 + answers[at + 2] - '0' == status;
        }

        /** The length of one answer, from its status line to the end of its body. */
        private int readAnswer(InputStream in) throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.read());
            }
            status = Integer.parseInt(head.substring(9, 12));
            if (status == 304) {
                return head.length();
            }
            String lengthField = head.substring(head.indexOf("Content-Length: ") + 16);
            int length = Integer.parseInt(lengthField.substring(0, lengthField.indexOf('\r')));
            in.skipNBytes(length);
            return head.length() + length;
        }
    }
}
