package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole responses that lie in memory, with a loop that has no kernel below it: it says when what was sent has ended, and
 * whether that was changed in the meantime.
 */
class FileImagesTest {

    private static final long SECOND = 1_000_000_000L;
    private static final int SIZE = 5000;
    private static final StaticFilesConfig DEFAULTS = StaticFilesConfig.defaults();

    private final FakeLoop loop = new FakeLoop(16 * 1024, 16);
    private final HttpCounters counters = new HttpCounters();
    private SiteOnDisk site;
    private StaticFiles files;
    private HttpConnectionHandler handler;
    private final FakeLoop.FakeConnection[] connections = new FakeLoop.FakeConnection[loop.maxConnections()];

    @BeforeEach
    void begin(@TempDir Path base) throws IOException {
        site = new SiteOnDisk(base);
        site.write("hot", "h".repeat(SIZE));
        serve(DEFAULTS);
    }

    private void serve(StaticFilesConfig config) throws IOException {
        files = StaticFiles.open(site.root, config);
        StaticFiles copied = StaticFiles.open(site.root, StaticFilesConfig.builder()
                .cache(FileCacheConfig.defaults().withCacheBytes(0)).build());
        HttpConfig http = HttpConfig.builder().serverName("test").build();
        Router router = new Router().get("/static/{rest...}", files).get("/copied/{rest...}", copied).get(
                "/wrapped/{rest...}", (request, response) -> {
                    response.status(404).header("X-A", "b");
                    files.handle(request, response);
                });
        handler = new HttpConnectionHandler(loop, http, router, counters, () -> loop.now / 1_000_000 + 2_000, // from 1 s
                (descriptor, address, length, position) -> -1);
        for (int slot = 0; slot < connections.length; slot++) {
            connections[slot] = loop.new FakeConnection(handler, slot);
        }
    }

    @AfterEach
    void everythingCameBack() throws IOException {
        for (FakeLoop.FakeConnection connection : connections) {
            connection.end();
        }
        handler.onLoopEnd();
        assertEquals(loop.buffers, loop.free.size());
        site.removeLinks();
        assertEquals(0, site.openDescriptors());
    }

    private static String request(String line, String... fields) {
        return line + "\r\nHost: a\r\n" + String.join("", List.of(fields)) + "\r\n";
    }

    /** Asks for a file; returns the answer, which is in flight if it was sent from memory of its own. */
    private String get(int connection, String name) {
        FakeLoop.FakeConnection on = connections[connection];
        int before = on.sends.size();
        on.receive(request("GET /static/" + name + " HTTP/1.1"));
        assertEquals(before + 1, on.sends.size(), "one send");
        return on.sends.get(before);
    }

    private boolean isInFlight(int connection) {
        return !connections[connection].memoryInFlight.isEmpty();
    }

    /** Has a file sent as an image, which stays in flight; the others who ask for it in this second get the same bytes. */
    private String getImage(int connection, String name) {
        assertFalse(isInFlight(connection));
        String answer = get(connection, name);
        for (int i = 1; i < FileImages.MIN_REQUESTS && !isInFlight(connection); i++) {
            assertEquals(answer, get(connection, name));
        }
        assertTrue(isInFlight(connection));
        return answer;
    }

    /** Has a file asked for often enough to be in memory. */
    private String warm(String name) {
        String first = get(0, name);
        assertFalse(isInFlight(0), "is read the first time");
        return first;
    }

    private void passSecond() {
        loop.now += SECOND;
    }

    private static String date(String answer) {
        int at = answer.indexOf("Date: ");
        return answer.substring(at, answer.indexOf('\r', at));
    }

    private static void assertBody(String answer, char of) {
        assertTrue(answer.endsWith("\r\n\r\n" + String.valueOf(of).repeat(SIZE)), answer);
    }

    @Test
    void aHotFileLeavesFromMemoryAsItLeftFromABuffer() {
        String copied = warm("hot");
        assertEquals(0, counters.fileBytes(FileStrategy.MEMORY));
        assertEquals(copied, getImage(0, "hot"));
        assertEquals(copied, getImage(1, "hot"), "two are sent the same one");
        assertEquals(2L * SIZE, counters.fileBytes(FileStrategy.MEMORY));
        assertEquals(3, counters.responses(2));
        assertBody(copied, 'h');
        connections[0].memorySent();
        assertEquals(copied, getImage(0, "hot"));
    }

    @Test
    void onlyBodiesThatAreNeitherShortNorLongerThanABufferAreKeptSo() throws IOException {
        site.write("short", "s".repeat(FileImages.MIN_BODY_BYTES - 1));
        site.write("first", "f".repeat(FileImages.MIN_BODY_BYTES));
        site.write("last", "l".repeat(FileImages.MAX_BODY_BYTES));
        for (String name : new String[]{"short", "first"}) {
            warm(name);
        }
        get(0, "short");
        assertFalse(isInFlight(0));
        getImage(0, "first");
        connections[1].receive(request("GET /static/last HTTP/1.1"));
        connections[1].end();
        connections[1] = loop.new FakeConnection(handler, 1);
        getImage(1, "last");
    }

    @Test
    void aNewSecondHasANewDateAndLeavesWhatIsBeingSentAlone() {
        warm("hot");
        String first = getImage(0, "hot");
        passSecond();
        String second = getImage(1, "hot");
        assertNotEquals(date(first), date(second));
        assertEquals(first.replace(date(first), date(second)), second);
        assertEquals(second, getImage(2, "hot"));
        connections[0].memorySent(); // which finds the memory unchanged
        passSecond();
        String third = getImage(0, "hot");
        assertEquals(3, List.of(date(first), date(second), date(third)).stream().distinct().count());
        connections[1].memorySent();
        connections[2].memorySent();
        connections[0].memorySent();
        for (int i = 0; i < 10; i++) {
            passSecond();
            String later = getImage(i % 3, "hot");
            assertEquals(first.replace(date(first), date(later)), later);
            if (i % 3 == 2) {
                for (FakeLoop.FakeConnection connection : connections) {
                    connection.memorySent();
                }
            }
        }
    }

    @Test
    void whereAllImagesAreInFlightAnAnswerIsCopied() {
        warm("hot");
        for (int i = 0; i < FileImages.MAX_IMAGES; i++) {
            getImage(i, "hot");
            passSecond();
        }
        int other = FileImages.MAX_IMAGES;
        String copied = "";
        for (int i = 0; i < FileImages.MIN_REQUESTS; i++) {
            copied = get(other, "hot");
            assertFalse(isInFlight(other));
            assertBody(copied, 'h');
        }
        assertNotEquals(date(connections[2].sends.getLast()), date(copied));
        connections[1].memorySent();
        passSecond();
        assertEquals(copied.replace(date(copied), date(getImage(other, "hot"))), connections[other].sends.getLast());
    }

    @Test
    void aReplacedFileIsSentToItsEndAndItsSuccessorHasImagesOfItsOwn() throws IOException {
        warm("hot");
        assertBody(getImage(1, "hot"), 'h');
        Files.move(site.write("fresh", "f".repeat(SIZE)), site.root.resolve("hot"), StandardCopyOption.ATOMIC_MOVE);
        assertBody(getImage(2, "hot"), 'h');
        loop.now += FileCache.CHECK_NANOS;
        assertBody(warm("hot"), 'f');
        assertBody(getImage(0, "hot"), 'f');
        assertBody(getImage(3, "hot"), 'f');
        connections[1].memorySent();
        connections[2].memorySent();
    }

    @Test
    void aCacheThatClosesWhileImagesAreInFlightEndsWithTheLast() throws IOException {
        warm("hot");
        getImage(0, "hot");
        passSecond();
        getImage(1, "hot");
        files.close();
        assertTrue(site.openDescriptors() > 0);
        connections[1].memorySent();
        connections[0].end();
        connections[0] = loop.new FakeConnection(handler, 0);
    }

    @Test
    void answersToABatchLeaveTogetherAndNoMoreThanOneImageIsQueued() {
        warm("hot");
        connections[0].receive(request("GET /static/hot HTTP/1.1").repeat(3));
        assertEquals(3, connections[0].memoryInFlight.size(), "as long as each is sent at once");
        connections[0].memorySent();
        connections[0].queuedSends = 1;
        connections[0].receive(request("GET /static/hot HTTP/1.1").repeat(3));
        assertFalse(isInFlight(0));
        assertEquals(1 + 3 + 1, connections[0].sends.size());
        connections[1].receive(request("GET /static/absent HTTP/1.1") + request("GET /static/hot HTTP/1.1"));
        assertFalse(isInFlight(1));
        assertEquals(1, connections[1].sends.size());
    }

    @Test
    void whatIsNotAPlainRequestIsAnsweredAsEver() throws IOException {
        site.write("hot.gz", "z".repeat(SIZE));
        warm("hot");
        String image = getImage(0, "hot");
        String tag = image.replaceAll("(?s).*ETag: ([^\r]*)\r.*", "$1");
        String[] requests = {request("GET /static/hot HTTP/1.1"), request("HEAD /static/hot HTTP/1.1"),
            request("GET /static/hot HTTP/1.0"), request("GET /static/hot HTTP/1.0", "Connection: keep-alive\r\n"),
            request("GET /static/hot HTTP/1.1", "Range: bytes=0-\r\n"),
            request("GET /static/hot HTTP/1.1", "Range: bytes=10-20\r\n"),
            request("GET /static/hot HTTP/1.1", "Range: bytes=9999-\r\n"),
            request("GET /static/hot HTTP/1.1", "If-None-Match: " + tag + "\r\n"),
            request("GET /static/hot HTTP/1.1", "If-Match: \"x\"\r\n"),
            request("GET /static/hot HTTP/1.1", "Accept-Encoding: gzip\r\n"),
            request("GET /static/hot.gz HTTP/1.1"), request("GET /static/hot HTTP/1.1", "Connection: close\r\n")};
        for (int round = 0; round < 3; round++) {
            for (String request : requests) {
                String copied = answer(request.replace("/static/", "/copied/"));
                assertEquals(copied, answer(request), request);
            }
            passSecond();
        }
    }

    /** What a connection of its own answers. */
    private String answer(String request) {
        connections[3].end();
        FakeLoop.FakeConnection alone = loop.new FakeConnection(handler, 3);
        connections[3] = alone;
        alone.receive(request);
        alone.memorySent();
        return alone.sent();
    }

    @Test
    void fieldsAndStatusOfWhoeverWrapsTheFilesAreSent() {
        warm("hot");
        getImage(1, "hot");
        connections[0].receive(request("GET /wrapped/hot HTTP/1.1"));
        String wrapped = connections[0].sends.getLast();
        assertFalse(isInFlight(0));
        assertTrue(wrapped.startsWith("HTTP/1.1 404 ") && wrapped.contains("\r\nX-A: b\r\n"), wrapped);
        assertBody(wrapped, 'h');
    }

    @Test
    void twoRepresentationsOfOneFileDoNotMixNorTakeTurns() throws IOException {
        site.write("page.txt", "p".repeat(SIZE));
        site.write("page.txt.gz", "z".repeat(SIZE));
        String encoded = request("GET /static/page.txt HTTP/1.1", "Accept-Encoding: gzip\r\n");
        String direct = request("GET /static/page.txt.gz HTTP/1.1");
        answer(encoded);
        for (int second = 0; second < 4; second++) {
            for (int i = 0; i < 3; i++) {
                String first = answer(encoded);
                assertTrue(first.contains("\r\nContent-Encoding: gzip\r\n"), first);
                assertBody(first, 'z');
                String other = answer(direct);
                assertFalse(other.contains("Content-Encoding"), other);
                assertEquals(date(first), date(other));
                assertBody(other, 'z');
            }
            passSecond();
        }
    }

    @Test
    void aHeadThatIsTooLongIsWrittenEachTime() throws IOException {
        everythingCameBack();
        serve(StaticFilesConfig.builder().cacheControl("x".repeat(256)).build());
        String first = warm("hot");
        for (int i = 0; i < 3; i++) {
            assertEquals(first, get(0, "hot"));
            assertFalse(isInFlight(0));
        }
    }

    @Test
    void drainingAndAFullCacheAreAnsweredAsEver() throws IOException {
        everythingCameBack();
        serve(StaticFilesConfig.builder().cache(FileCacheConfig.defaults().withCacheBytes(64 * 1024)).build());
        for (int i = 0; i < 8; i++) { // of 8 KiB each, two pages with the head: they fill it
            site.write("f" + i, String.valueOf((char) ('0' + i)).repeat(SIZE));
            warm("f" + i);
            assertBody(getImage(0, "f" + i), (char) ('0' + i));
            connections[0].memorySent();
        }
        getImage(0, "f7");
        passSecond();
        for (int i = 0; i < FileImages.MIN_REQUESTS; i++) {
            assertBody(get(1, "f7"), '7');
            assertFalse(isInFlight(1), "there is no memory for a second image");
        }
        connections[0].memorySent();
        warm("hot"); // drives out what is not being sent
        assertBody(getImage(0, "hot"), 'h');
        connections[1].memorySent();
        handler.onDrain(connections[2]);
        connections[3].receive(request("GET /static/hot HTTP/1.1").substring(0, 20));
        handler.onDrain(connections[3]);
        connections[3].receive(request("GET /static/hot HTTP/1.1").substring(20));
        assertTrue(connections[3].sent().contains("\r\nConnection: close\r\n"), connections[3]::sent);
        assertFalse(isInFlight(3));
    }

    @Test
    void aSendThatEndsTwiceIsABug() {
        warm("hot");
        getImage(0, "hot");
        FileImage image = (FileImage) connections[0].memoryInFlight.getFirst();
        connections[0].memorySent();
        assertThrows(IllegalStateException.class, image::sendFinished);
    }

    @Test
    void everyAnswerIsOfOneSecondWhoeverReadsSlowly() {
        warm("hot");
        SplittableRandom random = new SplittableRandom(7);
        String first = get(0, "hot");
        connections[0].memorySent();
        for (int step = 0; step < 2_000; step++) {
            int connection = random.nextInt(connections.length);
            switch (random.nextInt(5)) {
                case 0 -> connections[connection].memorySent();
                case 1 -> loop.now += random.nextLong(SECOND);
                default -> {
                    for (int i = 0; i < FileImages.MIN_REQUESTS && !isInFlight(connection); i++) {
                        String answer = get(connection, "hot");
                        assertEquals(first.replace(date(first), date(answer)), answer);
                    }
                }
            }
        }
    }
}
