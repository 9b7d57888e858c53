package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class HttpDateTest {

    private static final DateTimeFormatter PREFERRED = DateTimeFormatter
            .ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final long EXAMPLE = 784_111_777; // RFC 9110 section 5.6.7

    @Test
    void writesThePreferredForm() {
        assertEquals("Sun, 06 Nov 1994 08:49:37 GMT", HttpDate.format(EXAMPLE));
        assertEquals("Thu, 01 Jan 1970 00:00:00 GMT", HttpDate.format(0));
        assertEquals("Wed, 31 Dec 1969 23:59:59 GMT", HttpDate.format(-1));
        assertEquals("Thu, 29 Feb 2024 12:00:00 GMT", HttpDate.format(1_709_208_000));
        assertThrows(IllegalArgumentException.class, () -> HttpDate.format(253_402_300_800L));
    }

    @Test
    void readsAllThreeForms() {
        assertEquals(EXAMPLE, HttpDate.parse("Sun, 06 Nov 1994 08:49:37 GMT"));
        assertEquals(EXAMPLE, HttpDate.parse("Sunday, 06-Nov-94 08:49:37 GMT"));
        assertEquals(EXAMPLE, HttpDate.parse("Sun Nov  6 08:49:37 1994"));
        assertEquals(EXAMPLE + 864_000, HttpDate.parse("Wed Nov 16 08:49:37 1994"));
    }

    @Test
    void agreesWithTheLibraryOnRandomTimes() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            long second = random.nextLong(-62_135_596_800L, 253_402_300_800L);
            String text = PREFERRED.format(Instant.ofEpochSecond(second));
            assertEquals(text, HttpDate.format(second));
            assertEquals(second, HttpDate.parse(text));
        }
    }

    @Test
    void refusesWhatIsNotADate() {
        for (String text : List.of("", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
                "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 2023 08:49:37 GMT",
                "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
                "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT",
                "Sun Nov 6 08:49:37 1994", "Sun Nov 06 08.49.37 1994", "Someday, 06-Nov-94 08:49:37 GMT",
                "Sunday, 06-Nov-9x 08:49:37 GMT", "sunday, 06-nov-94 08:49:37 gmt", ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
                "                        ")) {
            assertEquals(HttpDate.INVALID, HttpDate.parse(text), text);
        }
    }
}
