package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.http.FilePath.Decoding;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FilePathTest {

    @ParameterizedTest
    @CsvSource({".a, true", "%2ea, true", ".a/b, true", "a/.b, true", "a/%2Eb/c, true", ".a/, true", "..., true",
        "a.b, false", "a/b., false", "a., false", "%252ea, false", "'', false", "a/, false"})
    void aNameThatBeginsWithADotIsHidden(String raw, boolean hidden) {
        decode(".before");
        assertEquals(Decoding.FILE, decode(raw));
        assertEquals(hidden, path.isHidden());
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "a/, 2", "a/b/, 4", "a%20b/, 4", "index.html, -1", "a, -1", "a/index.html, -1"})
    void aDirectoryIsToldFromItsIndex(String raw, int directoryLength) {
        assertEquals(Decoding.FILE, decode(raw));
        assertEquals(directoryLength >= 0, path.isDirectory());
        if (path.isDirectory()) {
            assertEquals(directoryLength, path.directoryLength());
        }
    }

    @Test
    void aSiblingIsThePathThatARequestWouldHave() {
        decode("a/b.html");
        FilePath sibling = path.sibling(".gz");
        decode("a/b.html.gz");
        assertEquals(path, sibling);
        assertEquals(path.hashCode(), sibling.hashCode());
        decode("a".repeat(FilePath.MAX_BYTES - 2));
        assertNull(path.sibling(".gz"));
        assertEquals(FilePath.MAX_BYTES, path.sibling(".g").length());
    }

    private final FilePath path = new FilePath();

    private Decoding decode(String raw) {
        byte[] bytes = ("xx" + raw + "%41").getBytes(StandardCharsets.ISO_8859_1); // at an offset, with a rest behind
        return path.decode(MemorySegment.ofArray(bytes), 2, raw.length());
    }

    /** Raw and decoded path, both in ISO 8859-1. */
    @ParameterizedTest
    @CsvSource(delimiterString = " => ", textBlock = """
            index.html => index.html
            a/b/c.css => a/b/c.css
            a%20b.txt => 'a b.txt'
            a+b.txt => a+b.txt
            %61%62%63 => abc
            %7Euser/%7euser => ~user/~user
            100%25.txt => 100%.txt
            a%2541 => a%41
            %252e%252e/x => %2e%2e/x
            %25%32%65 => %2e
            a%3Fb%23c => a?b#c
            a;b=c/d => a;b=c/d
            ... => ...
            .../a => .../a
            ..a/b.. => ..a/b..
            .hidden/.file => .hidden/.file
            a/.b => a/.b
            %2e%2e%2e => ...
            %c3%a9 => Ã©
            %E9 => é
            é => é
            %ff%fe => ÿþ
            '' => index.html
            docs/ => docs/index.html
            a%20b/ => 'a b/index.html'
            C:/x => C:/x
            %80%80 => \u0080\u0080
            """)
    void decodesEscapesOnceAndCompletesDirectories(String raw, String decoded) {
        assertEquals(Decoding.FILE, decode(raw));
        assertEquals(decoded.replace("\\u0080", "\u0080"), path.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%2", "a%", "a%4", "%zz", "%4g", "%g4", "%%41", "% 41", "%-1", "%+1", "%u002e",
        "%U0041",
        "a/%", "a/b%2", "%00", "a%00", "a.html%00.png", "%00/../x", "\0", "a\0b", "%\u00e941", "%4\u00e9",
        "%\u0664\u0661"})
    void refusesWhatIsNoPathAsMalformed(String raw) {
        assertEquals(Decoding.MALFORMED, decode(raw));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "//", "/a", "//a", "a//b", "a//", "///etc/passwd", ".", "..", "./", "../", "./a",
        "../a",
        "a/.", "a/..", "a/./b", "a/../b", "a/../../b", "../../../../etc/passwd", "%2e", "%2e%2e", "%2E%2e/a", ".%2e/a",
        "%2e./a", "a/%2e%2e/%2e%2e/b", "a/%2e/b", "a%2fb", "a%2Fb", "%2f", "%2Fetc%2Fpasswd", "..%2f..%2fetc/passwd",
        "..%2Fa", "%2e%2e%2fa", "a\\b", "..\\a", "..\\..\\a", "\\", "%5c", "%5C", "..%5c..%5ca", "%2e%2e%5ca", "a%0ab",
        "a%0db", "%0d%0aX: y", "a%09", "%01", "%1f", "a%7f", "a\tb", "\n", "..;/../a", "..%00/", "..%0a/a",
        "a/..%20/../b"})
    void refusesPathsThatAreNeverServed(String raw) {
        Decoding decoding = decode(raw);
        assertNotEquals(Decoding.FILE, decoding);
        assertEquals(raw.equals("..%00/") ? Decoding.MALFORMED : Decoding.REFUSED, decoding);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%c0%ae%c0%ae/a", "%c0%ae%c0%ae%c0%afa", "%e0%80%ae%e0%80%ae/a", "%f0%80%80%ae/a",
        "%c0%2e/a",
        "%e0%40%ae/a", "%c1%9c", "%ef%bc%8f", "%e2%80%a4%e2%80%a4/a", "..%c0%afa", "%f8%80%80%80%ae", "%uff0e"})
    void overlongAndLookalikeEncodingsStayTheBytesTheyAre(String raw) {
        if (decode(raw) == Decoding.FILE) {
            assertGuarantees();
        } else {
            assertTrue(raw.contains("%u"), raw);
        }
    }

    @Test
    void longestPathFitsAndOneByteMoreDoesNot() {
        assertEquals(Decoding.FILE, decode("a".repeat(FilePath.MAX_BYTES)));
        assertEquals(FilePath.MAX_BYTES, path.length());
        assertEquals(Decoding.REFUSED, decode("a".repeat(FilePath.MAX_BYTES + 1)));
        assertEquals(Decoding.FILE, decode("%61".repeat(FilePath.MAX_BYTES)));
        assertEquals(Decoding.REFUSED, decode("%61".repeat(FilePath.MAX_BYTES + 1)));
        int forIndex = "/index.html".length();
        assertEquals(Decoding.FILE, decode("a".repeat(FilePath.MAX_BYTES - forIndex) + "/"));
        assertEquals(Decoding.REFUSED, decode("a".repeat(FilePath.MAX_BYTES - forIndex + 1) + "/"));
    }

    @Test
    void whateverIsDecodedKeepsTheGuarantees() {
        String[] tokens = {"/", ".", "..", "%2e", "%2E", "%2f", "%", "%00", "\\", "%5c", "a", "\u00e9", "%c0%ae", "%25",
            "2e",
            "\t", "%0a", ";", "b.c"};
        Random random = new Random(20261122);
        int files = 0;
        for (int round = 0; round < 50_000; round++) {
            StringBuilder raw = new StringBuilder();
            for (int count = random.nextInt(7); count > 0; count--) {
                raw.append(tokens[random.nextInt(tokens.length)]);
            }
            if (decode(raw.toString()) == Decoding.FILE) {
                assertGuarantees();
                files++;
            }
        }
        assertTrue(files > 1000, "the tokens should form some good paths: " + files);
    }

    private void assertGuarantees() {
        String text = path.toString();
        assertFalse(text.isEmpty());
        for (String segment : text.split("/", -1)) {
            assertFalse(segment.isEmpty() || segment.equals(".") || segment.equals(".."), text);
        }
        assertTrue(text.chars().allMatch(c -> c >= ' ' && c != 0x7f && c != '\\'), text);
    }

    @Test
    void equalPathsAreEqualHoweverTheyWereEncoded() {
        decode("docs/");
        FilePath copy = path.copy();
        decode("something/much/longer/than/that.txt");
        assertNotEquals(copy, path);
        decode("%64ocs/index.html");
        assertEquals(copy, path);
        assertEquals(path, copy);
        assertEquals(copy.hashCode(), path.hashCode());
        assertTrue(Arrays.equals("docs/index.html".getBytes(StandardCharsets.US_ASCII), copy.bytes()));
    }
}
