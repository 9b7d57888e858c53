package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.http.FileStrategy;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every strategy on both backends: serves files of every length byte by byte, and completes no response whose file was
 * written to meanwhile. A short run each; in the profile {@code endurance} each strategy meets each kind of change a thousand
 * times, half of them on each backend, and slow readers stay for a minute.
 */
@Timeout(1200)
class FileStrategyIT {

    /** Around every bound there is: buffers, bodies in memory, held-back tails, file buffers, pieces. */
    private static final int[] LENGTHS = {0, 1, 2, 17, 1000, 1024, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537,
        262_143, 262_144, 262_145, 5 << 20, (9 << 20) + 7};
    private static final int CHANGES = Integer.getInteger("ringwave.fileChanges", 24);
    /** More than the sockets' buffers hold, so that the server is still at it when the file changes. */
    private static final int CHANGED_BYTES = 16 << 20;
    private static final int READERS = 200;
    private static final long READING_NANOS = TimeUnit.SECONDS
            .toNanos(Integer.getInteger("ringwave.slowReaderSeconds", 0));
    private static final int ROUNDS_BETWEEN_LOOKS = READING_NANOS == 0 ? 8 : 100; // each look is a collection
    private static final long READER_PAUSE_NANOS = 100_000; // they are slow: 200 times that between two reads of one
    private static final long READERS_GROWTH_BYTES = 32 << 20;

    static Stream<Arguments> everyStrategyOnEveryBackend() {
        return Stream.of(BackendOption.values()).flatMap(
                backend -> Stream.of(FileStrategy.values()).map(strategy -> Arguments.of(backend, strategy)));
    }

    @ParameterizedTest
    @MethodSource("everyStrategyOnEveryBackend")
    void filesOfEveryLengthArrive(BackendOption backend, FileStrategy strategy, @TempDir Path site) throws Exception {
        byte[][] contents = new byte[LENGTHS.length][];
        for (int i = 0; i < LENGTHS.length; i++) {
            contents[i] = content(i, LENGTHS[i]);
            Files.write(site.resolve("f" + i), contents[i]);
        }
        try (ServerProcess server = start(backend, strategy, site); TestClient client = new TestClient(server.port())) {
            List<Integer> order = new ArrayList<>();
            for (int round = 0; round < 3; round++) { // from the second on, short files may come from memory
                for (int i = 0; i < LENGTHS.length; i++) {
                    assertArrayEquals(contents[i], client.request("GET", "/static/f" + i).body());
                    order.add(i);
                }
            }
            long seed = new Random().nextLong();
            Collections.shuffle(order, new Random(seed));
            StringBuilder pipelined = new StringBuilder();
            order.forEach(i -> pipelined.append("GET /static/f").append(i).append(" HTTP/1.1\r\nHost: t\r\n\r\n"));
            client.send(pipelined.toString());
            for (int i : order) {
                assertArrayEquals(contents[i], client.readResponse(false).body(), () -> "seed " + seed);
            }
            byte[] stats = TestClient.get(server.port(), "/api/stats").body();
            assertEquals(0, ServerVitals.number("/files/cut", stats));
            if (strategy != FileStrategy.AUTO) {
                long bytes = ServerVitals.number("/files/bytes/" + strategy.optionName(), stats);
                assertTrue(bytes > 6L * (5 << 20), () -> "only " + bytes + " bytes went by " + strategy);
            }
            assertNothingLogged(server);
        }
    }

    private enum Change {
        TRUNCATED, OVERWRITTEN, GROWN, REPLACED, DELETED
    }

    /**
     * A complete response has the bytes that its file had at first. With sendfile and splice that cannot be promised: what
     * is in the sockets' buffers are the file's own pages, on loopback up to the reader's, and they change with the file.
     * How often that happened is printed.
     */
    @ParameterizedTest
    @MethodSource("everyStrategyOnEveryBackend")
    void aFileThatChangesMeanwhileIsSentAsItWasOrCutShort(BackendOption backend, FileStrategy strategy,
            @TempDir Path site) throws Exception {
        long seed = new Random().nextLong();
        SplittableRandom random = new SplittableRandom(seed);
        byte[] before = content(1, CHANGED_BYTES);
        byte[] after = content(2, CHANGED_BYTES);
        boolean byReference = strategy == FileStrategy.SENDFILE || strategy == FileStrategy.SPLICE;
        int complete = 0;
        int cut = 0;
        Map<Change, Integer> mixed = new EnumMap<>(Change.class);
        Files.write(site.resolve("small"), new byte[100]);
        try (ServerProcess server = start(backend, strategy, site)) {
            for (int round = 0; round < CHANGES; round++) {
                Change change = Change.values()[round % Change.values().length];
                String what = change + " in round " + round + ", seed " + seed;
                Path file = site.resolve("f" + round);
                Files.write(file, before);
                try (Socket socket = request(server.port(), "/static/f" + round)) {
                    DataInputStream in = new DataInputStream(socket.getInputStream());
                    assertTrue(readHead(in).contains("Content-Length: " + CHANGED_BYTES), what);
                    byte[] received = new byte[CHANGED_BYTES];
                    int early = random.nextInt(4) == 0 ? 1 : random.nextInt(CHANGED_BYTES);
                    in.readFully(received, 0, early);
                    change(change, file, after, random);
                    int length = early + readUntilTheEnd(in, received, early);
                    boolean exact = Arrays.equals(before, 0, length, received, 0, length);
                    if (length == CHANGED_BYTES) {
                        complete++;
                        assertTrue(exact || byReference, what);
                        if (!exact) {
                            mixed.merge(change, 1, Integer::sum);
                        }
                    } else {
                        cut++;
                        assertTrue(change != Change.REPLACED && change != Change.DELETED,
                                () -> "cut: the file was " + what);
                    }
                }
                Files.deleteIfExists(file);
                assertEquals(100, TestClient.get(server.port(), "/static/small").body().length, what);
            }
            System.out.println(backend.backend + ", " + strategy.optionName() + ": " + complete + " complete, " + cut
                    + " cut, mixed " + mixed);
            int cuts = cut;
            Await.until("cuts that were counted",
                    () -> ServerVitals.number("/files/cut", TestClient.get(server.port(), "/api/stats").body()),
                    counted -> counted == cuts);
            assertNothingLogged(server);
        }
    }

    private static void change(Change change, Path file, byte[] after, SplittableRandom random) throws IOException {
        switch (change) {
            case TRUNCATED -> {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.truncate(random.nextInt(CHANGED_BYTES));
                }
            }
            case OVERWRITTEN -> {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.write(java.nio.ByteBuffer.wrap(after));
                }
            }
            case GROWN -> Files.write(file, after, StandardOpenOption.APPEND);
            case REPLACED -> {
                Path successor = file.resolveSibling("successor");
                Files.write(successor, after);
                Files.move(successor, file, StandardCopyOption.ATOMIC_MOVE);
            }
            case DELETED -> Files.delete(file);
        }
    }

    /** Readers who hardly read take nothing of the server's memory, and each of them goes on. */
    @ParameterizedTest
    @EnumSource
    void slowReadersOfALargeFileTakeNoMemory(BackendOption backend, @TempDir Path site) throws Exception {
        try (FileChannel large = FileChannel.open(site.resolve("large"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
            large.write(java.nio.ByteBuffer.wrap(new byte[1]), (100 << 20) - 1);
        }
        try (ServerProcess server = start(backend, FileStrategy.AUTO, site)) {
            assertEquals(100 << 20, TestClient.get(server.port(), "/static/large").body().length);
            long residentBefore = ServerVitals.of(server).residentBytes();
            List<Socket> sockets = new ArrayList<>();
            try {
                byte[] bytes = new byte[4096];
                for (int i = 0; i < READERS; i++) {
                    sockets.add(request(server.port(), "/static/large"));
                }
                long start = System.nanoTime();
                int rounds = 0;
                while (rounds == 0 || rounds % ROUNDS_BETWEEN_LOOKS != 0
                        || System.nanoTime() - start < READING_NANOS) {
                    for (Socket socket : sockets) {
                        new DataInputStream(socket.getInputStream()).readFully(bytes);
                        LockSupport.parkNanos(READER_PAUSE_NANOS);
                    }
                    if (++rounds % ROUNDS_BETWEEN_LOOKS == 0) {
                        long grown = ServerVitals.of(server).residentBytes() - residentBefore;
                        System.out.println(backend.backend + ": " + READERS + " slow readers took " + (grown >> 10)
                                + " KiB after " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start) + " s");
                        assertTrue(grown < READERS_GROWTH_BYTES, () -> "grown by " + grown + " bytes");
                    }
                }
                assertEquals(100 << 20, TestClient.get(server.port(), "/static/large").body().length);
            } finally {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
            assertNothingLogged(server);
        }
    }

    private static ServerProcess start(BackendOption backend, FileStrategy strategy, Path site) throws IOException {
        return ServerProcess.start(backend.with("--static-dir", site.toString(), "--workers", "1", "--file-strategy",
                strategy.optionName()));
    }

    private static void assertNothingLogged(ServerProcess server) {
        assertEquals(List.of(), server.log().lines().filter(line -> line.contains("ERROR") || line.contains("WARN")
                || line.contains("Exception")).toList());
    }

    /** Sends a request from a socket that takes little ahead. */
    private static Socket request(int port, String path) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(32 * 1024);
        socket.setSoTimeout(20_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nHost: t\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static String readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            assertTrue(next >= 0, "no head");
            head.append((char) next);
        }
        return head.toString();
    }

    private static int readUntilTheEnd(InputStream in, byte[] into, int from) throws IOException {
        int length = from;
        try {
            for (int count = 0; count >= 0 && length < into.length; length += Math.max(0, count)) {
                count = in.read(into, length, into.length - length);
            }
        } catch (SocketException reset) { // that is an end as well
        }
        return length - from;
    }

    private static byte[] content(long seed, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
