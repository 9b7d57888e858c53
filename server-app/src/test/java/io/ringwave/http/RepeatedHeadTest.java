package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A head that repeats the one before it is not parsed again. That must show in nothing but the time it takes. */
final class RepeatedHeadTest {

    private static final int MAX_HEAD = 1024;
    /** Of the same length, but the path ends, and the field begins, elsewhere. */
    private static final String LONG_PATH = "GET /aa HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String SHORT_PATH = "GET /a HTTP/1.1\r\nHost: aa\r\n\r\n";

    private final RequestParser parser = new RequestParser(MAX_HEAD, MAX_HEAD, 16);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** All that the parser says. */
    private static String facts(RequestParser parser, int result) {
        if (result < 0) {
            return "refused " + result;
        }
        StringBuilder facts = new StringBuilder();
        facts.append(result).append(' ').append(parser.headLength()).append(' ').append(parser.method());
        for (int position : new int[]{parser.targetStart(), parser.targetEnd(), parser.pathStart(), parser.pathEnd(),
            parser.queryStart(), parser.minorVersion(), parser.fieldCount()}) {
            facts.append(' ').append(position);
        }
        for (int field = 0; field < parser.fieldCount(); field++) {
            facts.append(" [").append(parser.nameStart(field)).append(' ').append(parser.nameLength(field)).append(' ')
                    .append(parser.valueStart(field)).append(' ').append(parser.valueLength(field)).append(']');
        }
        return facts.append(' ').append(parser.contentLength()).append(parser.isChunked())
                .append(parser.isPersistent()).append(parser.expectsContinue()).toString();
    }

    /** Parses the second head right behind the first, and by itself with a new parser: the same must come out. */
    private void assertSame(String first, String second, int behind) {
        byte[] bytes = bytes(first + second + "x".repeat(behind));
        MemorySegment memory = HeadTemplate.encode(new String(bytes, StandardCharsets.ISO_8859_1));
        assertEquals(first.length(), parser.parse(memory, 0, bytes.length));
        int result = parser.parse(memory, first.length(), bytes.length - first.length());
        RequestParser fresh = new RequestParser(MAX_HEAD, MAX_HEAD, 16);
        int expected = fresh.parse(memory, first.length(), bytes.length - first.length());
        assertEquals(facts(fresh, expected), facts(parser, result), second);
        if (result > 0) {
            assertEquals(first.length(), parser.base());
        }
    }

    @Test
    void whatFollowsAHeadIsParsedAsIfItStoodAlone() {
        RequestParserTest.valid().forEach(valid -> {
            String head = valid.request();
            for (int behind : new int[]{0, 1, 9}) {
                assertSame(head, head, behind);
            }
            for (int at = 0; at < head.length(); at++) {
                for (char other : new char[]{'\r', '\n', ' ', ':', 'a', '/', '?', (char) (head.charAt(at) ^ 0x20)}) {
                    assertSame(head, head.substring(0, at) + other + head.substring(at + 1), 0);
                }
                assertSame(head, head.substring(0, at), 0);
            }
        });
        assertSame(LONG_PATH, SHORT_PATH, 0);
        assertSame(SHORT_PATH, LONG_PATH, 0);
    }

    /** One comparison tells of several heads: where it ended must not be taken for the next head's. */
    @Test
    void inABatchOfSeveralEachIsParsedAsIfItStoodAlone() {
        String line = "GET / HTTP/1.1\r\n";
        String[] heads = {line + "Host: a\r\n\r\n", line + "Host: b\r\n\r\n", LONG_PATH, SHORT_PATH,
            line + "Host: a\r\nX: " + "GET / HTTP/1.1 ".repeat(12) + "\r\n\r\n", "\r\n" + SHORT_PATH};
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 2_000; round++) {
            List<String> batch = new ArrayList<>();
            for (int runs = 1 + random.nextInt(6); runs > 0; runs--) {
                batch.addAll(Collections.nCopies(1 + random.nextInt(5), heads[random.nextInt(heads.length)]));
            }
            String text = String.join("", batch);
            MemorySegment memory = HeadTemplate.encode(text);
            int length = text.length() - random.nextInt(3); // the last one may be cut
            parser.forget();
            int at = 0;
            for (int i = 0; i < batch.size(); i++) {
                int result = parser.parse(memory, at, length - at);
                RequestParser fresh = new RequestParser(MAX_HEAD, MAX_HEAD, 16);
                int expected = fresh.parse(memory, at, length - at);
                assertEquals(facts(fresh, expected), facts(parser, result), text);
                assertEquals(result > 0 && i > 0 && batch.get(i).equals(batch.get(i - 1)), parser.isRepeated(), text);
                at += batch.get(i).length();
            }
        }
    }

    /** The memory of a received chunk is used again: the head before it is then no longer what was parsed there. */
    @Test
    void aHeadInAnotherChunkIsNoRepetition() {
        FakeLoop loop = new FakeLoop(16 * 1024, 2);
        List<String> paths = new ArrayList<>();
        Router router = new Router().get("/{rest...}", (request, response) -> {
            paths.add(request.path());
            response.send();
        });
        HttpConnectionHandler handler = new HttpConnectionHandler(loop,
                HttpConfig.builder().idleTimeout(Duration.ofSeconds(60)).build(), router, new HttpCounters(), () -> 0,
                (descriptor, address, count, position) -> -1);
        QuietConnection connection = new QuietConnection(loop);
        handler.onOpen(connection);
        int length = LONG_PATH.length();
        MemorySegment.copy(bytes(LONG_PATH), 0, loop.slab, ValueLayout.JAVA_BYTE, 0, length);
        connection.receive(handler, 0, length);
        MemorySegment.copy(bytes(SHORT_PATH + SHORT_PATH), 0, loop.slab, ValueLayout.JAVA_BYTE, 0, 2 * length);
        connection.receive(handler, length, length);
        assertEquals(List.of("/aa", "/a"), paths);
    }
}
