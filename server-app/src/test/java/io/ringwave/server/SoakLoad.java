package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.server.SoakSite.Page;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * Peers of every kind at once, each on a virtual thread of its own, each doing the same thing over and over until the
 * time is up: what they get must be right to the byte. Their number is fixed, and so is how fast they connect.
 *
 * <p>The only peers that may not get what they asked for are those that reset their own connection.
 */
final class SoakLoad {

    /** What a peer does in one round. */
    @FunctionalInterface
    private interface Round {
        void run(SplittableRandom random) throws Exception;
    }

    private record Kind(String name, int peers, Round round, LongAdder rounds) {
        Kind(String name, int peers, Round round) {
            this(name, peers, round, new LongAdder());
        }
    }

    /** Between two rounds, so that ports and TIME_WAIT sockets do not run out: at most 100 connections a second each. */
    private static final long BETWEEN_ROUNDS_NANOS = 10_000_000;
    private static final int MAX_DEPTH = 64;
    private static final int MAX_FAILURES = 20;
    /** Rounds that have begun are ended in haste when the time is up; none takes longer than that even if slow. */
    private static final Duration LAST_ROUNDS = Duration.ofSeconds(60);
    private static final byte[] TOO_LONG = new byte[20_000];

    private final int port;
    private final SoakSite site;
    private final long seed;
    private final List<Kind> kinds;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final LongAdder answers = new LongAdder();
    private final LongAdder refusals = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private volatile long deadline;

    static {
        Arrays.fill(TOO_LONG, (byte) 'a');
    }

    /** @param seed with which the peers make their choices; the order in which they meet is the machine's */
    SoakLoad(int port, SoakSite site, long seed) {
        this.port = port;
        this.site = site;
        this.seed = seed;
        this.kinds = List.of(new Kind("plain", 8, this::plain), new Kind("pipelined", 6, this::pipelined),
                new Kind("small file", 6, this::smallFile), new Kind("large file", 3, this::largeFile),
                new Kind("reset", 6, this::reset), new Kind("half-close", 6, this::halfClose),
                new Kind("slow reader", 16, this::slowReader), new Kind("slow pipeline reader", 8, this::slowPipeline),
                new Kind("slow writer", 16, this::slowWriter), new Kind("malformed", 4, this::malformed),
                new Kind("cut off", 2, this::cutOff));
    }

    /** Loads the server for so long, and until the last round has ended. */
    void run(Duration duration) throws InterruptedException {
        deadline = System.nanoTime() + duration.toNanos();
        List<Thread> peers = new ArrayList<>();
        SplittableRandom seeds = new SplittableRandom(seed);
        for (Kind kind : kinds) {
            for (int peer = 0; peer < kind.peers; peer++) {
                SplittableRandom random = seeds.split();
                peers.add(Thread.ofVirtual().name(kind.name + " " + peer).start(() -> repeat(kind, random)));
            }
        }
        for (Thread peer : peers) {
            if (!peer.join(Duration.ofNanos(deadline - System.nanoTime()).plus(LAST_ROUNDS))) {
                failures.add(peer.getName() + " did not end");
                peer.interrupt(); // closes its socket
            }
        }
    }

    /** What went wrong, {@value #MAX_FAILURES} at most. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Answers with a status of 200 that were read to their end. */
    long answers() {
        return answers.sum();
    }

    /** Answers that refused a request. */
    long refusals() {
        return refusals.sum();
    }

    /** What was done so far. */
    String summary() {
        StringBuilder text = new StringBuilder();
        for (Kind kind : kinds) {
            text.append(kind.name).append(' ').append(kind.rounds.sum()).append(", ");
        }
        return text.append(answers.sum()).append(" answers, ").append(refusals.sum()).append(" refusals, ")
                .append(bytes.sum() >> 20).append(" MiB of bodies").toString();
    }

    /** Kinds that have not ended a single round. */
    List<String> idleKinds() {
        return kinds.stream().filter(kind -> kind.rounds.sum() == 0).map(Kind::name).toList();
    }

    private void repeat(Kind kind, SplittableRandom random) {
        while (!isTimeUp() && failures.size() < MAX_FAILURES) {
            try {
                kind.round.run(random);
                kind.rounds.increment();
            } catch (Exception | AssertionError failure) {
                StackTraceElement[] trace = failure.getStackTrace();
                failures.add(kind.name + ", round " + kind.rounds.sum() + ": " + failure + " at "
                        + Arrays.stream(trace).filter(at -> at.getClassName().equals(SoakLoad.class.getName())).limit(3)
                                .toList());
            }
            pause(BETWEEN_ROUNDS_NANOS);
        }
    }

    private boolean isTimeUp() {
        return System.nanoTime() - deadline >= 0;
    }

    /** A slow peer's rest; over when the time is up. */
    private void pause(long nanos) {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && !isTimeUp(); left = end - System.nanoTime()) {
            LockSupport.parkNanos(Math.min(left, 100_000_000));
        }
    }

    // ---- Peers

    /** One request after the other; then the connection ends, on this side or, asked to, on the other. */
    private void plain(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            for (int request = random.nextInt(200); request > 0; request--) {
                exchange(client, site.quick(random));
            }
            Page last = site.quick(random);
            if (random.nextBoolean()) {
                client.send("GET " + last.path() + " HTTP/1.1\r\nHost: soak\r\nConnection: close\r\n\r\n");
                expect(client, last);
                expectEnd(client);
            } else {
                exchange(client, last);
            }
        }
    }

    /** Batches of requests, each sent in one piece, or cut somewhere. */
    private void pipelined(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            for (int batch = random.nextInt(50); batch >= 0; batch--) {
                List<Page> pages = batch(random, 1 + random.nextInt(MAX_DEPTH));
                String requests = requests(pages);
                int cut = random.nextInt(requests.length());
                client.send(requests.substring(0, cut));
                client.send(requests.substring(cut));
                for (Page page : pages) {
                    expect(client, page);
                }
            }
        }
    }

    private void smallFile(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            for (int request = random.nextInt(100); request >= 0; request--) {
                exchange(client, site.small(random));
            }
        }
    }

    /** Large files, one behind the other. */
    private void largeFile(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            List<Page> pages = new ArrayList<>();
            for (int request = random.nextInt(4); request >= 0; request--) {
                pages.add(site.large(random));
            }
            client.send(requests(pages));
            for (Page page : pages) {
                expect(client, page);
            }
        }
    }

    /** Asks for something, reads some of it or none, and resets the connection. */
    private void reset(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            client.socket().setSoLinger(true, 0); // close() sends RST (socket(7))
            String requests = switch (random.nextInt(4)) {
                case 0 -> requests(batch(random, 1 + random.nextInt(MAX_DEPTH)));
                case 1 -> site.large(random).request();
                case 2 -> site.large(random).request() + requests(batch(random, MAX_DEPTH));
                default -> site.quick(random).request().substring(0, 10);
            };
            client.send(requests);
            if (requests.length() > 10 && random.nextBoolean()) {
                client.in().skipNBytes(random.nextInt(100)); // a head is longer
            }
        }
    }

    /** Says that it has nothing more to ask; gets every answer, and then the end. */
    private void halfClose(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            List<Page> pages = batch(random, 1 + random.nextInt(16));
            if (random.nextInt(4) == 0) {
                pages.add(site.large(random));
            }
            client.send(requests(pages));
            client.socket().shutdownOutput();
            for (Page page : pages) {
                expect(client, page);
            }
            expectEnd(client);
        }
    }

    /** Takes a large file at some 65 KB a second, rests of up to 8 s included. */
    private void slowReader(SplittableRandom random) throws IOException {
        try (TestClient client = smallWindow()) {
            client.send(site.shortestLarge().request());
            readSlowly(client, site.shortestLarge(), random);
        }
    }

    /** Asks for more than fits into any buffer on the way, and reads it slowly: it must be held back, and lose nothing. */
    private void slowPipeline(SplittableRandom random) throws IOException {
        try (TestClient client = smallWindow()) {
            List<Page> pages = new ArrayList<>();
            Page page = site.small(random);
            for (int request = 0; request < 64; request++) {
                pages.add(random.nextInt(4) == 0 ? page : site.route(random));
            }
            client.send(requests(pages));
            for (Page each : pages) {
                readSlowly(client, each, random);
            }
        }
    }

    /** A head and a body that trickle in. */
    private void slowWriter(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            String body = "[" + "1,".repeat(random.nextInt(3000)) + "1]";
            boolean chunked = random.nextBoolean();
            String head = "POST /api/echo HTTP/1.1\r\nHost: soak\r\nContent-Type: application/json\r\n"
                    + (chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + body.length()) + "\r\n\r\n";
            String rest = chunked ? Integer.toHexString(body.length()) + "\r\n" + body + "\r\n0\r\n\r\n" : body;
            writeSlowly(client, head, random);
            writeSlowly(client, rest, random);
            expect(client, new Page("/api/echo", body.getBytes(StandardCharsets.US_ASCII)));
        }
    }

    /** Breaks a rule: one answer that refuses, and the end, whatever else was sent. */
    private void malformed(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            int status = 400;
            String request = switch (random.nextInt(8)) {
                case 0 -> "GET /plaintext HTTP/1.1\r\n\r\n"; // no Host
                case 1 -> "GET  /plaintext HTTP/1.1\r\nHost: soak\r\n\r\n";
                case 2 -> "GET /plaintext HTTP/1.1\r\nHost: soak\r\n folded\r\n\r\n";
                case 3 ->
                    "POST /api/echo HTTP/1.1\r\nHost: soak\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}";
                case 4 -> "POST /api/echo HTTP/1.1\r\nHost: soak\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n";
                case 5 -> "\u0001\u0002\u00ff" + random.nextLong() + "\r\n\r\n";
                case 6 -> {
                    status = 431;
                    yield "GET /plaintext HTTP/1.1\r\nHost: soak\r\nX: "
                            + new String(TOO_LONG, StandardCharsets.US_ASCII);
                }
                default -> {
                    status = 413;
                    yield "POST /api/echo HTTP/1.1\r\nHost: soak\r\nContent-Length: 1000000000\r\n\r\n";
                }
            };
            List<Page> before = batch(random, random.nextInt(4));
            client.send(requests(before) + request + site.quick(random).request());
            for (Page page : before) {
                expect(client, page);
            }
            TestClient.Response refusal = client.readResponse(false);
            assertEquals(status, refusal.status(), request);
            assertEquals("close", refusal.headers().get("Connection"), request);
            refusals.increment();
            expectEnd(client);
        }
    }

    /** Finishes in the middle of a head: there is nothing to answer. */
    private void cutOff(SplittableRandom random) throws IOException {
        try (TestClient client = new TestClient(port)) {
            String request = site.quick(random).request();
            client.send(request.substring(0, 1 + random.nextInt(request.length() - 1)));
            client.socket().shutdownOutput();
            expectEnd(client);
        }
    }

    // ---- What they have in common

    private List<Page> batch(SplittableRandom random, int depth) {
        List<Page> pages = new ArrayList<>();
        for (int request = 0; request < depth; request++) {
            pages.add(site.quick(random));
        }
        return pages;
    }

    private static String requests(List<Page> pages) {
        StringBuilder text = new StringBuilder();
        pages.forEach(page -> text.append(page.request()));
        return text.toString();
    }

    private void exchange(TestClient client, Page page) throws IOException {
        client.send(page.request());
        expect(client, page);
    }

    /** The next answer is this page, no more and no less. */
    private void expect(TestClient client, Page page) throws IOException {
        TestClient.Response response = client.readResponse(false);
        assertEquals(200, response.status(), page.path());
        assertEquals(-1, Arrays.mismatch(page.body(), response.body()), page.path());
        answered(page);
    }

    private void answered(Page page) {
        answers.increment();
        bytes.add(page.body().length);
    }

    /** FIN and nothing before it; a reset would be an exception. */
    private static void expectEnd(TestClient client) throws IOException {
        assertEquals(-1, client.in().read(), "the end");
    }

    /** A client that the server cannot send much to in advance. */
    private TestClient smallWindow() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(8 << 10); // before it connects: decides the window (socket(7))
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return new TestClient(socket);
    }

    private void readSlowly(TestClient client, Page page, SplittableRandom random) throws IOException {
        TestClient.Response head = client.readHead();
        assertEquals(200, head.status(), page.path());
        assertEquals(page.body().length, head.contentLength(), page.path());
        InputStream in = client.in();
        byte[] piece = new byte[8 << 10];
        for (int at = 0; at < page.body().length;) {
            int count = in.read(piece, 0, Math.min(piece.length, page.body().length - at));
            assertTrue(count > 0, page.path() + " ended at " + at);
            assertTrue(Arrays.equals(page.body(), at, at + count, piece, 0, count), page.path() + " at " + at);
            at += count;
            pause(random.nextInt(200) == 0 ? random.nextLong(8_000_000_000L) : random.nextLong(150_000_000));
        }
        answered(page);
    }

    private void writeSlowly(TestClient client, String text, SplittableRandom random) throws IOException {
        for (int at = 0; at < text.length();) {
            int end = Math.min(text.length(), at + 1 + random.nextInt(Math.max(1, text.length() / 8)));
            client.send(text.substring(at, end));
            at = end;
            pause(random.nextLong(200_000_000));
        }
    }
}
