package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class ChunkedDecoderTest {

    private static final int MAX = 64;

    /** Decodes in steps; returns the body, or "" with the status. */
    private static String decode(String text, int step) {
        MemorySegment memory = HeadTemplate.encode(text);
        RequestBody body = new RequestBody(MAX, 0, new BodyPool());
        ChunkedDecoder decoder = new ChunkedDecoder();
        int at = 0;
        while (at < text.length() && !decoder.isDone()) {
            int length = Math.min(step, text.length() - at);
            int used = decoder.decode(memory, at, length, body);
            if (used < 0) {
                return Integer.toString(used);
            }
            assertTrue(used == length || decoder.isDone());
            at += used;
        }
        String content = new String(body.toArray(), StandardCharsets.ISO_8859_1);
        return content + (decoder.isDone() ? "." : "...") + text.substring(at);
    }

    static Stream<Arguments> bodies() {
        return Stream.of(Arguments.of("empty body", "0\r\n\r\n", "."),
                Arguments.of("two chunks, the next request behind", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nGET",
                        "hello!.GET"),
                Arguments.of("hex in both cases, leading zeros",
                        "0A\r\n0123456789\r\n0000000b\r\n0123456789a\r\n00\r\n\r\n",
                        "01234567890123456789a."),
                Arguments.of("extensions", "1;a=b;c=\"d e\"\r\nx\r\n0 ; z\r\n\r\n", "x."),
                Arguments.of("trailers are discarded", "1\r\nx\r\n0\r\nA: b\r\nSum:\r\n\r\n", "x."),
                Arguments.of("data that looks like framing", "4\r\n\r\n0\r\r\n0\r\n\r\n", "\r\n0\r."),
                Arguments.of("not complete", "5\r\nhel", "hel..."),
                Arguments.of("7.1, no size", "\r\n\r\n", "-400"), Arguments.of("7.1, not hex", "g\r\n", "-400"),
                Arguments.of("7.1, sign", "-1\r\n", "-400"), Arguments.of("7.1, 0x", "0x1\r\nx\r\n", "-400"),
                Arguments.of("7.1, leading blank", " 1\r\nx\r\n", "-400"),
                Arguments.of("7.1, trailing blank", "1 \r\nx\r\n", "-400"),
                Arguments.of("7.1, size overflow", "000000001\r\nx", "-400"),
                Arguments.of("7.1, bare LF after the size", "1\nx\r\n", "-400"),
                Arguments.of("7.1, bare CR after the size", "1\rx", "-400"),
                Arguments.of("7.1, data longer than said", "1\r\nxy\r\n", "-400"),
                Arguments.of("7.1, bare LF after data", "1\r\nx\n", "-400"),
                Arguments.of("7.1.1, control character in an extension", "1;a\u0001\r\n", "-400"),
                Arguments.of("7.1.1, bare LF in an extension", "1;a\nx\r\n", "-400"),
                Arguments.of("7.1.1, endless extension", "1;" + "a".repeat(5000), "-400"),
                Arguments.of("7.1.2, endless trailers", "0\r\n" + "A: b\r\n".repeat(2000), "-400"),
                Arguments.of("7.1.2, trailer without a name", "0\r\n: b\r\n\r\n", "-400"),
                Arguments.of("7.1.2, folded trailer", "0\r\nA: b\r\n c\r\n\r\n", "-400"),
                Arguments.of("7.1.2, trailer with blank before the colon", "0\r\nA : b\r\n\r\n", "-400"),
                Arguments.of("7.1.2, bare LF at the end", "0\r\n\n", "-400"),
                Arguments.of("9110 15.5.14, longer than allowed", "41\r\n" + "x".repeat(65), "-413"),
                Arguments.of("9110 15.5.14, said to be far longer", "ffffffff\r\n", "-413"),
                Arguments.of("9110 15.5.14, in small chunks", "8\r\nabcdefgh\r\n".repeat(9), "-413"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void decodesTheSameWhereverItIsCut(String name, String text, String expected) {
        for (int step = 1; step <= text.length(); step++) {
            assertEquals(expected, decode(text, step), name + " in steps of " + step);
        }
    }

    @Test
    void randomChangesNeverMakeItFail() {
        String text = "5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n";
        String special = "\r\n\t :;0159afAF\0\u00ff";
        for (long seed = 1; seed <= 20_000; seed++) {
            Random random = new Random(seed);
            StringBuilder mutant = new StringBuilder(text);
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                mutant.setCharAt(random.nextInt(mutant.length()), special.charAt(random.nextInt(special.length())));
            }
            assertEquals(decode(mutant.toString(), mutant.length()), decode(mutant.toString(), 1), "seed " + seed);
        }
    }

    @Test
    void stopsWhereTheBodyEnds() {
        ChunkedDecoder decoder = new ChunkedDecoder();
        MemorySegment memory = HeadTemplate.encode("0\r\n\r\nGET");
        assertFalse(decoder.isDone());
        assertEquals(5, decoder.decode(memory, 0, 8, new RequestBody(0, 0, new BodyPool())));
        assertTrue(decoder.isDone());
    }
}
