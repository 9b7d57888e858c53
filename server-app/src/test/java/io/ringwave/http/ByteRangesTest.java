package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.http.ByteRanges.Outcome;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9110 section 14: what a Range field means. */
class ByteRangesTest {

    private final ByteRanges ranges = new ByteRanges();

    private Outcome read(String field, long size) {
        byte[] bytes = ("?" + field + "?").getBytes(StandardCharsets.ISO_8859_1);
        return ranges.read(MemorySegment.ofArray(bytes), 1, bytes.length - 2, size);
    }

    private String text() {
        StringJoiner text = new StringJoiner(",");
        for (int range = 0; range < ranges.count(); range++) {
            text.add(ranges.position(range) + "+" + ranges.length(range));
        }
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            # field of a representation of 100 bytes | its ranges, position+length
            bytes=0-0                   | 0+1
            bytes=0-99                  | 0+100
            bytes=0-                    | 0+100
            bytes=99-                   | 99+1
            bytes=10-19                 | 10+10
            bytes=90-1000               | 90+10
            bytes=0-9223372036854775807 | 0+100
            bytes=0-9223372036854775808 | 0+100
            bytes=5-99999999999999999999999999999999 | 5+95
            bytes=0000000000000000000000000005-06 | 5+2
            bytes=-1                    | 99+1
            bytes=-100                  | 0+100
            bytes=-101                  | 0+100
            bytes=-99999999999999999999 | 0+100
            BYTES=1-2                   | 1+2
            Bytes=1-2                   | 1+2
            bytes=0-1,3-4               | 0+2,3+2
            bytes=3-4,0-1               | 3+2,0+2
            bytes=0-1, 3-4 ,	6-7     | 0+2,3+2,6+2
            bytes=,0-1,,,3-4,           | 0+2,3+2
            bytes=0-1,-2                | 0+2,98+2
            bytes=0-1,500-600,4-5       | 0+2,4+2
            bytes=0-1,-0                | 0+2
            # what overlaps or touches becomes one, at the place of the foremost
            bytes=0-1,2-3               | 0+4
            bytes=0-10,5-15             | 0+16
            bytes=0-,0-,0-,-100         | 0+100
            bytes=50-60,0-1,55-70       | 50+21,0+2
            bytes=0-1,50-60,2-3         | 0+4,50+11
            bytes=20-29,0-9,10-19       | 0+30
            bytes=0-1,4-5,2-3           | 0+6
            bytes=40-49,20-29,0-9,10-39 | 0+50
            """)
    void whatIsAskedFor(String field, String expected) {
        assertEquals(Outcome.SATISFIED, read(field, 100));
        assertEquals(expected, text());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            # size | field that is malformed, in another unit, or too much
            100 | ""
            100 | bytes
            100 | bytes=
            100 | bytes=,
            100 | bytes=-
            100 | bytes=1
            100 | bytes=2-1
            100 | bytes=200-199
            100 | bytes=0-1,2-1
            100 | bytes=a-b
            100 | bytes=0-b
            100 | bytes=0-0x5
            100 | bytes=+0-1
            100 | bytes=--1
            100 | bytes=0--1
            100 | bytes=0 - 1
            100 | bytes=0-1 2-3
            100 | bytes=0-1;2-3
            100 | bytes=0-1-2
            100 | bytes = 0-1
            100 | bytes: 0-1
            100 | lines=0-1
            100 | bytes=0-1,x
            100 | bytes=0-1,lines=2-3
            0   | bytes=-5
            """)
    void whatIsIgnored(long size, String field) {
        assertEquals(Outcome.IGNORED, read(field, size));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            100 | bytes=100-
            100 | bytes=100-200
            100 | bytes=9223372036854775807-
            100 | bytes=99999999999999999999-99999999999999999999
            100 | bytes=-0
            100 | bytes=-0,100-,200-300
            0   | bytes=0-
            0   | bytes=0-0
            0   | bytes=-0
            """)
    void whatCannotBeSatisfied(long size, String field) {
        assertEquals(Outcome.UNSATISFIABLE, read(field, size));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2147483647,2147483648            | bytes=2147483647-2147483648 | 2147483647+2
            4294967290,4294967299            | bytes=4294967290-4294967299 | 4294967290+10
            9223372036854775807              | bytes=-1                    | 9223372036854775806+1
            9223372036854775807              | bytes=0-                    | 0+9223372036854775807
            """)
    void positionsBeyondFourGigabytes(String about, String field, String expected) {
        assertEquals(Outcome.SATISFIED, read(field, Long.MAX_VALUE), about);
        assertEquals(expected, text());
    }

    @Test
    void moreThanTheMostRangesAreIgnored() {
        StringJoiner most = new StringJoiner(",", "bytes=", "");
        for (int range = 0; range < ByteRanges.MAX_RANGES; range++) {
            most.add(3 * range + "-" + 3 * range);
        }
        assertEquals(Outcome.SATISFIED, read(most.toString(), 100));
        assertEquals(ByteRanges.MAX_RANGES, ranges.count());
        assertEquals(Outcome.IGNORED, read(most + ",99-99", 100));
        assertEquals(Outcome.IGNORED, read("bytes=0-0" + ",0-0".repeat(1000), 100));
    }

    @Test
    void anySetOfRangesIsTheUnionOfItsRangesWithoutOverlap() {
        Random random = new Random(14);
        for (int round = 0; round < 20_000; round++) {
            boolean[] wanted = new boolean[64];
            StringJoiner field = new StringJoiner(",", "bytes=", "");
            for (int range = random.nextInt(ByteRanges.MAX_RANGES); range >= 0; range--) {
                int first = random.nextInt(64);
                int last = first + random.nextInt(6);
                field.add(first + "-" + last);
                for (int i = first; i <= Math.min(last, 63); i++) {
                    wanted[i] = true;
                }
            }
            assertEquals(Outcome.SATISFIED, read(field.toString(), 64));
            boolean[] given = new boolean[66];
            for (int range = 0; range < ranges.count(); range++) {
                int first = (int) ranges.position(range);
                int last = (int) (first + ranges.length(range) - 1);
                assertFalse(first > 0 && given[first - 1] || given[last + 1], "touching: " + field);
                for (int i = first; i <= last; i++) {
                    assertFalse(given[i], () -> "twice: " + field);
                    assertTrue(wanted[i], () -> "not wanted: " + field);
                    given[i] = true;
                }
            }
            for (int i = 0; i < 64; i++) {
                assertEquals(wanted[i], given[i], field.toString());
            }
        }
    }

    @Test
    void contentRangeIsWrittenForEveryLength() {
        ContentRange field = new ContentRange();
        assertEquals("Content-Range: bytes 0-0/1\r\n", field.write(0, 1, 1).toString());
        assertEquals("Content-Range: bytes 9-10/4294967296\r\n", field.write(9, 2, 1L << 32).toString());
        assertEquals("Content-Range: bytes 9223372036854775805-9223372036854775806/9223372036854775807\r\n",
                field.write(Long.MAX_VALUE - 2, 2, Long.MAX_VALUE).toString());
        assertEquals("Content-Range: bytes */0\r\n", field.writeUnsatisfied(0).toString());
    }
}
