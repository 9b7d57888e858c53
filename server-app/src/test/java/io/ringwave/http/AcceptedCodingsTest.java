package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9110 sections 12.4.2 and 12.5.3: which of the codings that there are a client wants most. */
class AcceptedCodingsTest {

    private final AcceptedCodings accepted = new AcceptedCodings();

    private void read(String field) {
        byte[] bytes = ("?" + field + "?").getBytes(StandardCharsets.ISO_8859_1);
        accepted.read(MemorySegment.ofArray(bytes), 1, bytes.length - 2);
    }

    private String choose(String available) {
        int set = 0;
        for (ContentCoding coding : ContentCoding.values()) {
            set |= available.contains(coding.token()) ? 1 << coding.ordinal() : 0;
        }
        int chosen = accepted.choose(set);
        return chosen < 0 ? "identity" : ContentCoding.PREFERRED.get(chosen).token();
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", delimiter = '|', quoteCharacter = '"', textBlock = """
            # Accept-Encoding | what there is | what is chosen
            -                            | br zstd gzip | identity
            ""                           | br zstd gzip | identity
            gzip                         | br zstd gzip | gzip
            GZip                         | br zstd gzip | gzip
            x-gzip                       | br zstd gzip | gzip
            gzip                         | br zstd      | identity
            deflate, compress            | br zstd gzip | identity
            gzip, deflate, br, zstd      | br zstd gzip | br
            gzip, deflate, br, zstd      | zstd gzip    | zstd
            gzip, deflate, br, zstd      | gzip         | gzip
            gzip, deflate, br, zstd      | ""           | identity
            # weights
            gzip;q=1.0, br;q=0.9         | br zstd gzip | gzip
            gzip;q=0.5, br;q=0.50        | br zstd gzip | br
            gzip;q=0.501, br;q=0.5       | br zstd gzip | gzip
            gzip;q=0.001                 | br zstd gzip | gzip
            br;q=0, gzip                 | br zstd gzip | gzip
            br;q=0.000, gzip             | br           | identity
            gzip ; q=0.2 ,br; Q=0.1      | br zstd gzip | gzip
            gzip;q=1., br;q=0.           | br zstd gzip | gzip
            # any other
            *                            | br zstd gzip | br
            *                            | gzip         | gzip
            *;q=0.5, gzip                | br zstd gzip | gzip
            *;q=0.5, br;q=0.1            | br zstd gzip | zstd
            *, br;q=0                    | br zstd gzip | zstd
            br;q=0, *                    | br           | identity
            *;q=0                        | br zstd gzip | identity
            *;q=0, gzip;q=0.1            | br zstd gzip | gzip
            # what is not encoded: wanted least unless it is said to be wanted
            identity                     | br zstd gzip | identity
            identity, gzip               | gzip         | gzip
            identity, gzip;q=0.9         | gzip         | identity
            identity;q=0.5, gzip;q=0.5   | gzip         | gzip
            identity;q=0, gzip;q=0.1     | gzip         | gzip
            identity;q=0                 | gzip         | identity
            identity;q=0, *              | gzip         | gzip
            identity, *;q=0.5            | br           | identity
            # the last of two, and what is malformed counts for nothing
            gzip, gzip;q=0               | gzip         | identity
            gzip;q=0, gzip               | gzip         | gzip
            gzip;q=2, br;q=0.1           | br gzip      | br
            gzip;q=1.001, br;q=0.1       | br gzip      | br
            gzip;q=0.1234, br;q=0.1      | br gzip      | br
            gzip;q=-1, br;q=0.1          | br gzip      | br
            gzip;q=, br;q=0.1            | br gzip      | br
            gzip;q, br;q=0.1             | br gzip      | br
            gzip;, br;q=0.1              | br gzip      | br
            gzip;level=9, br;q=0.1       | br gzip      | br
            gzip;q=1 x, br;q=0.1         | br gzip      | br
            gzip br                      | br gzip      | identity
            gzipped, brotli, **          | br gzip      | identity
            ",,,gzip,,"                  | gzip         | gzip
            ";q=1,gzip;q=0.5"            | br gzip      | gzip
            "\u00e9,gzip"                | gzip         | gzip
            """)
    void theGreatestWeightWinsAndOfEqualsTheServersOrder(@Nullable String field, String available, String chosen) {
        accepted.clear();
        if (field != null) {
            read(field);
        }
        assertEquals(chosen, choose(available));
    }

    @Test
    void severalFieldsCountTogetherAndNothingIsLeftOfTheRequestBefore() {
        accepted.clear();
        read("gzip;q=0.5");
        read("br;q=0.4");
        assertEquals("gzip", choose("br gzip"));
        assertEquals("br", choose("br"));
        accepted.clear();
        assertEquals("identity", choose("br zstd gzip"));
    }
}
