package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class RequestParserTest {

    private static final int MAX_HEAD = 1024;
    private static final int MAX_TARGET = 256;
    private static final int MAX_FIELDS = 16;

    private final RequestParser parser = new RequestParser(MAX_HEAD, MAX_TARGET, MAX_FIELDS);

    /** Puts the text at the end of memory of exactly its size, behind some other bytes: a read outside throws. */
    private int parse(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        MemorySegment memory = Arena.ofAuto().allocate(13 + bytes.length, 1);
        memory.fill((byte) 'x');
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 13, bytes.length);
        return parser.parse(memory, 13, bytes.length);
    }

    private String text(int start, int end) {
        byte[] bytes = parser.memory().asSlice(parser.base() + start, end - start).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private String value(String name) {
        int field = parser.find(name);
        return text(parser.valueStart(field), parser.valueStart(field) + parser.valueLength(field));
    }

    @Test
    void readsRequestLineAndFields() {
        String head = "POST /a/b%20c?x=1&y=?/ HTTP/1.1\r\nHost: example.org:8080\r\nX-Empty:\r\n"
                + "accept:\t text/html, */* \t\r\nContent-Length: 12\r\nX-Latin: caf\u00e9\r\n\r\n";
        assertEquals(head.length(), parse(head + "hello world!"));
        assertEquals(HttpMethod.POST, parser.method());
        assertEquals("/a/b%20c?x=1&y=?/", text(parser.targetStart(), parser.targetEnd()));
        assertEquals("/a/b%20c", text(parser.pathStart(), parser.pathEnd()));
        assertEquals("x=1&y=?/", text(parser.queryStart(), parser.targetEnd()));
        assertEquals(1, parser.minorVersion());
        assertEquals(5, parser.fieldCount());
        assertEquals("example.org:8080", value("HOST"));
        assertEquals("", value("x-empty"));
        assertEquals("text/html, */*", value("Accept"));
        assertEquals("caf\u00e9", value("X-Latin"));
        assertEquals(-1, parser.find("Missing"));
        assertEquals(12, parser.contentLength());
        assertTrue(parser.isPersistent());
        assertFalse(parser.isChunked());
    }

    record Valid(String request, String path, boolean persistent) {
        @Override
        public String toString() {
            return request.replace("\r\n", "|");
        }
    }

    static Stream<Valid> valid() {
        return Stream.of(new Valid("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "/", true),
                new Valid("GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", "/plaintext", true),
                new Valid("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "/", true),
                new Valid("GET / HTTP/1.0\r\n\r\n", "/", false),
                new Valid("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "/", true),
                new Valid("GET / HTTP/1.0\r\nConnection: Keep-Alive, foo\r\nExpect: anything\r\n\r\n", "/", true),
                new Valid("GET / HTTP/1.2\r\nHost: a\r\n\r\n", "/", true),
                new Valid("GET / HTTP/1.1\r\nHost: a\r\nConnection: foo ,\tCLOSE\r\n\r\n", "/", false),
                new Valid("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", "/",
                        false),
                new Valid("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", "/", true),
                new Valid("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*", true),
                new Valid("GET http://a.example:80/x/y?q HTTP/1.1\r\nHost: b\r\n\r\n", "/x/y", true),
                new Valid("GET HTTPS://a?q HTTP/1.1\r\nHost: b\r\n\r\n", "", true),
                new Valid("GET http://[::1]:80 HTTP/1.1\r\nHost: b\r\n\r\n", "", true),
                new Valid("DELETE /~a/b;c=1,(d)'e'!$&*+@:_-. HTTP/1.1\r\nHost: a\r\n\r\n", "/~a/b;c=1,(d)'e'!$&*+@:_-.",
                        true),
                new Valid("PATCH //../%2e%2E/ HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", "//../%2e%2E/", true),
                new Valid("TRACE /ABCDEFGHIJKLMNOPQRSTUVWXYZ HTTP/1.1\r\nhOsT:a_b.c%41:1\r\n\r\n",
                        "/ABCDEFGHIJKLMNOPQRSTUVWXYZ", true),
                new Valid("HEAD / HTTP/1.1\r\nHost: a:\r\nA!#$%&'*+-.^_`|~9: \"\u00ff\ttab\"\r\n\r\n", "/", true),
                new Valid("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n",
                        "/",
                        true),
                new Valid("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 000000000000000007\r\n\r\n", "/", true));
    }

    @ParameterizedTest
    @MethodSource("valid")
    void acceptsWhatTheRfcAllows(Valid valid) {
        assertEquals(valid.request.length(), parse(valid.request));
        assertEquals(valid.path, text(parser.pathStart(), parser.pathEnd()));
        assertEquals(valid.persistent, parser.isPersistent());
        assertEquals(valid.request.length(), parse(valid.request + valid.request), "what follows makes no difference");
    }

    record Refused(String section, int status, String request) {
        @Override
        public String toString() {
            return section + ": " + status + " "
                    + request.replace("\r", "<CR>").replace("\n", "<LF>").replace("\0", "<NUL>");
        }
    }

    private static Refused get(String section, int status, String fields) {
        return new Refused(section, status, "GET / HTTP/1.1\r\n" + fields + "\r\n");
    }

    static Stream<Refused> refused() {
        String host = "Host: a\r\n";
        String end = " HTTP/1.1\r\nHost: a\r\n\r\n";
        return Stream.of(new Refused("9112 2.2, two empty lines", 400, "\r\n\r\nGET /" + end),
                new Refused("9112 2.2, bare LF", 400, "GET / HTTP/1.1\nHost: a\n\n"),
                new Refused("9112 2.2, bare LF after a field", 400, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
                new Refused("9112 2.2, bare LF at the end", 400, "GET / HTTP/1.1\r\nHost: a\r\n\n"),
                new Refused("9112 2.2, bare CR in the request line", 400, "GET / HTTP/1.1\rHost: a\r\n\r\n"),
                new Refused("9112 2.2, blank before the first field", 400, "GET / HTTP/1.1\r\n " + host + "\r\n"),
                new Refused("9112 3, leading blank", 400, " GET /" + end),
                new Refused("9112 3, two blanks", 400, "GET  /" + end),
                new Refused("9112 3, tab for a blank", 400, "GET\t/" + end),
                new Refused("9112 3, two blanks before the version", 400, "GET / " + end),
                new Refused("9112 3, trailing blank", 400, "GET / HTTP/1.1 \r\n" + host + "\r\n"),
                new Refused("9112 3, no version", 400, "GET /\r\n" + host + "\r\n"),
                new Refused("9112 3, no target", 400, "GET HTTP/1.1\r\n" + host + "\r\n"),
                new Refused("9110 9.1, method not a token", 400, "G(T /" + end),
                new Refused("9110 9.1, methods are case-sensitive", 501, "get /" + end),
                new Refused("9110 9.1, unknown method", 501, "BREW /" + end),
                new Refused("9112 3, very long method", 501, "A".repeat(100) + " /" + end),
                new Refused("9110 9.3.6, CONNECT", 501, "CONNECT a:80" + end),
                new Refused("9112 2.3, version in lower case", 400, "GET / http/1.1\r\n" + host + "\r\n"),
                new Refused("9112 2.3, two digits", 400, "GET / HTTP/1.10\r\n" + host + "\r\n"),
                new Refused("9112 2.3, no minor version", 400, "GET / HTTP/1\r\n" + host + "\r\n"),
                new Refused("9110 15.6.6, HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".replace("PRI *", "GET /")),
                new Refused("9110 15.6.6, HTTP/0.9", 505, "GET / HTTP/0.9\r\n\r\n"),
                new Refused("3986 3.3, space in the path", 400, "GET /a b" + end),
                new Refused("3986 3.3, control character", 400, "GET /a\u0001b" + end),
                new Refused("3986 3.3, DEL", 400, "GET /abcdefghi\u007f" + end),
                new Refused("3986 3.3, beyond ASCII", 400, "GET /abcdefgh\u00e9" + end),
                new Refused("3986 3.3, quote", 400, "GET /\"" + end), new Refused("3986 3.3, <", 400, "GET /<" + end),
                new Refused("3986 3.3, backslash", 400, "GET /\\..\\" + end),
                new Refused("3986 3.3, pipe", 400, "GET /?a|b" + end),
                new Refused("3986 3.5, fragment", 400, "GET /#a" + end),
                new Refused("3986 2.1, no hex digits", 400, "GET /%zz" + end),
                new Refused("3986 2.1, one hex digit", 400, "GET /%4" + end),
                new Refused("9112 3.2.4, asterisk for GET", 400, "GET *" + end),
                new Refused("9112 3.2.1, no slash", 400, "GET a" + end),
                new Refused("9112 3.2.2, other scheme", 400, "GET ftp://a/" + end),
                new Refused("9112 3.2.2, no authority", 400, "GET http:///x" + end),
                new Refused("9110 4.2.4, userinfo", 400, "GET http://u@a/" + end),
                new Refused("9112 3.2.2, bad path", 400, "GET http://a/[" + end),
                new Refused("9112 3, target too long", 414, "GET /" + "a".repeat(MAX_TARGET) + end),
                new Refused("9112 3, query too long", 414, "GET /?" + "a".repeat(MAX_TARGET) + end),
                new Refused("9112 3, absolute target too long", 414, "GET http://a/" + "a".repeat(MAX_TARGET) + end),
                get("9112 3.2, no Host", 400, ""), get("9112 3.2, two Hosts", 400, host + host),
                get("9112 3.2, empty Host", 400, "Host:\r\n"), get("9112 3.2, a list", 400, "Host: a, b\r\n"),
                get("9112 3.2, slash", 400, "Host: a/b\r\n"), get("9112 3.2, userinfo", 400, "Host: u@a\r\n"),
                get("9112 3.2, port", 400, "Host: a:8x\r\n"), get("9112 3.2, port", 400, "Host: a:123456\r\n"),
                get("9112 3.2, bracket", 400, "Host: [::1\r\n"), get("9112 3.2, after", 400, "Host: [::1]a\r\n"),
                get("9112 3.2, percent", 400, "Host: a%4\r\n"),
                new Refused("9112 3.2, invalid with HTTP/1.0", 400, "GET / HTTP/1.0\r\nHost: a b\r\n\r\n"),
                get("9112 5.1, blank before the colon", 400, host + "A : b\r\n"),
                get("9112 5.1, tab before the colon", 400, host + "A\t: b\r\n"),
                get("9112 5.1, no colon", 400, host + "A\r\n"), get("9112 5.1, no name", 400, host + ": b\r\n"),
                get("9110 5.1, name not a token", 400, host + "A(b: c\r\n"),
                get("9110 5.1, name beyond ASCII", 400, host + "Abcdefgh\u00e9: c\r\n"),
                get("9112 5.2, obsolete folding", 400, host + "A: b\r\n c\r\n"),
                get("9112 5.2, obsolete folding by tab", 400, host + "A: b\r\n\tc\r\n"),
                get("9110 5.5, NUL", 400, host + "A: b\0c\r\n"),
                get("9110 5.5, bare CR", 400, host + "A: abcdefgh\rc\r\n"),
                get("9110 5.5, ESC", 400, host + "A: \u001b[1m\r\n"), get("9110 5.5, DEL", 400, host + "A: \u007f\r\n"),
                get("9110 8.6, plus", 400, host + "Content-Length: +1\r\n"),
                get("9110 8.6, minus", 400, host + "Content-Length: -1\r\n"),
                get("9110 8.6, blank", 400, host + "Content-Length: 1 2\r\n"),
                get("9110 8.6, list", 400, host + "Content-Length: 1, 1\r\n"),
                get("9110 8.6, hex", 400, host + "Content-Length: 0x1\r\n"),
                get("9110 8.6, empty", 400, host + "Content-Length:\r\n"),
                get("9110 8.6, overflow", 400, host + "Content-Length: 18446744073709551617\r\n"),
                get("9112 6.3, differing lengths", 400, host + "Content-Length: 1\r\nContent-Length: 2\r\n"),
                get("9112 6.3, repeated length", 400, host + "Content-Length: 1\r\nContent-Length: 1\r\n"),
                get("9112 6.1, length and chunked", 400, host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
                get("9112 6.1, chunked and length", 400, host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
                get("9112 6.1, unknown coding", 501, host + "Transfer-Encoding: gzip, chunked\r\n"),
                get("9112 6.1, not quite chunked", 501, host + "Transfer-Encoding: xchunked\r\n"),
                get("9112 6.1, identity", 501, host + "Transfer-Encoding: identity\r\n"),
                get("9112 7.1, chunked twice", 400,
                        host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                new Refused("9112 6.1, chunked in HTTP/1.0", 400,
                        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
                get("9110 10.1.1, other expectation", 417, host + "Expect: tea\r\n"),
                get("6585 5, too many fields", 431, host + "A: b\r\n".repeat(MAX_FIELDS)),
                get("6585 5, head too long", 431, host + "A: " + "b".repeat(MAX_HEAD) + "\r\n"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refuses(Refused refused) {
        assertEquals(-refused.status, parse(refused.request));
    }

    /** How a head that arrives in two parts, or byte by byte, is understood: as the connection does it. */
    private int parseInParts(String text, int firstLength, int step) {
        int result = parse(text.substring(0, firstLength));
        int scanned = firstLength;
        while (result == RequestParser.PARTIAL && scanned < text.length()) {
            int length = Math.min(text.length(), scanned + step);
            byte[] bytes = text.substring(0, length).getBytes(StandardCharsets.ISO_8859_1);
            MemorySegment memory = Arena.ofAuto().allocate(bytes.length, 1);
            MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
            int end = RequestParser.findHeadEnd(memory, 0, scanned, length);
            scanned = length;
            if (end >= 0 || length >= MAX_HEAD) {
                result = parse(text.substring(0, end >= 0 ? end : length));
            }
        }
        return result;
    }

    @Test
    void understandsAHeadTheSameWhereverItIsCut() {
        List<String> heads = new ArrayList<>();
        valid().forEach(valid -> heads.add(valid.request));
        refused().forEach(refused -> heads.add(refused.request));
        for (String head : heads) {
            int whole = parse(head);
            for (int cut = 1; cut < head.length(); cut++) {
                assertEquals(whole, parseInParts(head, cut, head.length()), () -> "cut: " + head);
            }
            assertEquals(whole, parseInParts(head, 1, 1), () -> "byte by byte: " + head);
        }
    }

    @Test
    void understandsAHeadTheSameWhateverItParsedBefore() {
        String[] hosts = {"Host: a", "Host: b", "Host:a", "host: a", "Host: A", "Host: a ", "Host: ab",
            "Host: 10.0.0.1:80",
            "Host: 10.0.0.1:81", "Host: 10.0.0.1:800000", "Host: 10.0.0.1:", "Host: 10.0.0.1:8a",
            "Host: www.example.com",
            "Host: www.example.co\u0001", "Host: " + "a".repeat(56), "Host: " + "a".repeat(57), "Host: [::1]:80",
            "Host:",
            "Host: a\tb", "Host\u001a a", "Host : a", "Hosts: a", "Host: a\r\nHost: a"};
        for (String before : hosts) {
            for (String after : hosts) {
                String head = "GET / HTTP/1.1\r\n" + after + "\r\nX: y\r\n\r\n";
                RequestParser fresh = new RequestParser(MAX_HEAD, MAX_TARGET, MAX_FIELDS);
                MemorySegment memory = Arena.ofAuto().allocateFrom(head, StandardCharsets.ISO_8859_1);
                int expected = fresh.parse(memory, 0, head.length());
                parse("GET / HTTP/1.1\r\n" + before + "\r\nX: y\r\n\r\n");
                assertEquals(expected, parse(head), before + " before " + after);
                if (expected > 0) {
                    int field = fresh.find("Host");
                    assertEquals(text(fresh.valueStart(field), fresh.valueStart(field) + fresh.valueLength(field)),
                            value("Host"), before + " before " + after);
                    assertEquals("y", value("X"), before + " before " + after);
                }
                for (int cut = 0; cut < head.length(); cut++) {
                    int part = new RequestParser(MAX_HEAD, MAX_TARGET, MAX_FIELDS).parse(memory, 0, cut);
                    assertEquals(part, parse(head.substring(0, cut)), before + " before " + head.substring(0, cut));
                }
            }
        }
    }

    @Test
    void everyBeginningOfAValidHeadIsPartial() {
        valid().forEach(valid -> {
            for (int length = 1; length < valid.request.length(); length++) {
                assertEquals(RequestParser.PARTIAL, parse(valid.request.substring(0, length)), valid.toString());
            }
        });
    }

    @Test
    void refusesAnEndlessRequestLineAndAnEndlessField() {
        assertEquals(-414, parse("GET /" + "a".repeat(MAX_TARGET + 1)));
        assertEquals(-431, parse("GET / HTTP/1.1\r\nA: " + "b".repeat(MAX_HEAD)));
        assertEquals(-431, parse("GET / HTTP/1.1\r\n" + "b".repeat(MAX_HEAD)));
        assertEquals(-501, parse("B".repeat(MAX_HEAD)));
    }

    @Test
    void randomChangesNeverMakeItFailOrReadOutside() {
        List<String> heads = new ArrayList<>();
        valid().forEach(valid -> heads.add(valid.request));
        refused().forEach(refused -> heads.add(refused.request));
        String special = "\r\n\t :;,/?%*[]@#\0\u007f\u0080\u00ff019azAZ";
        for (long seed = 1; seed <= 40_000; seed++) {
            Random random = new Random(seed);
            StringBuilder head = new StringBuilder(heads.get(random.nextInt(heads.size())));
            for (int changes = random.nextInt(6); changes >= 0 && !head.isEmpty(); changes--) {
                int at = random.nextInt(head.length());
                char c = special.charAt(random.nextInt(special.length()));
                switch (random.nextInt(4)) {
                    case 0 -> head.setCharAt(at, c);
                    case 1 -> head.insert(at, c);
                    case 2 -> head.deleteCharAt(at);
                    default -> head.setLength(at);
                }
            }
            String mutant = head.toString();
            if (!mutant.isEmpty()) {
                int result = parse(mutant);
                int known = result > 0 || result == RequestParser.PARTIAL ? 0 : result;
                assertTrue(List.of(0, -400, -414, -417, -431, -501, -505).contains(known) && result <= mutant.length(),
                        "seed " + seed + ": " + result);
                if (result > 0) {
                    assertEquals("\r\n", mutant.substring(result - 2, result), "seed " + seed);
                }
            }
        }
    }

    @Test
    void findsTheEndOfAHeadOrABareLineFeed() {
        String text = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
        MemorySegment memory = HeadTemplate.encode(text);
        for (int from = 0; from < text.length() - 5; from++) {
            assertEquals(text.length() - 4, RequestParser.findHeadEnd(memory, 0, from, text.length()));
        }
        assertEquals(-1, RequestParser.findHeadEnd(memory, 0, 0, text.length() - 5));
        MemorySegment bare = HeadTemplate.encode("GET / HTTP/1.1\nHost: a");
        assertEquals(15, RequestParser.findHeadEnd(bare, 0, 0, 22));
    }
}
