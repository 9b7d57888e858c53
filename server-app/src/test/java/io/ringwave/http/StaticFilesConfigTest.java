package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StaticFilesConfigTest {

    @Test
    void defaultsServeNothingThatWasNotAskedFor() {
        StaticFilesConfig config = StaticFilesConfig.defaults();
        assertTrue(config.precompressed());
        assertFalse(config.listDirectories());
        assertFalse(config.dotfiles());
        assertEquals("", config.cacheControl());
        assertEquals(Map.of(), config.contentTypes());
        assertEquals(1000, config.maxListedEntries());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            glsl | text/x-glsl               | glsl | text/x-glsl; charset=utf-8
            GLSL | text/x-glsl;charset=ascii | glsl | text/x-glsl;charset=ascii
            txt  | TEXT/plain                | txt  | TEXT/plain; charset=utf-8
            bin  | application/x-my+bin      | bin  | application/x-my+bin
            c++  | text/plain; format=flowed | c++  | text/plain; format=flowed; charset=utf-8
            """)
    void contentTypesAreKeptByLowerCaseAndTextHasACharset(String extension, String type, String key, String value) {
        assertEquals(Map.of(key, value), StaticFilesConfig.builder().contentType(extension, type).build()
                .contentTypes());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            ""        | text/plain
            .txt      | text/plain
            a/b       | text/plain
            a b       | text/plain
            "a\u00e9" | text/plain
            averyveryverylongextension | text/plain
            txt       | ""
            txt       | text
            txt       | /plain
            txt       | text/
            txt       | text/pl ain
            txt       | text/plain/x
            txt       | " text/plain"
            txt       | ; charset=utf-8
            txt       | "text/\u00e9"
            """)
    void contentTypesAreChecked(String extension, String type) {
        StaticFilesConfig.Builder builder = StaticFilesConfig.builder().contentType(extension, type);
        assertNames("contentTypes", builder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nX: y", " a", "a ", "\u0000", "\u00e9", "\t"})
    void cacheControlIsChecked(String value) {
        assertNames("cacheControl", StaticFilesConfig.builder().cacheControl(value));
        assertNames("cacheControl", StaticFilesConfig.builder().cacheControl("x".repeat(257)));
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, 0, 100_001})
    void listsAreBounded(int entries) {
        assertNames("maxListedEntries", StaticFilesConfig.builder().maxListedEntries(entries));
    }

    private static void assertNames(String option, StaticFilesConfig.Builder builder) {
        String message = assertThrows(IllegalArgumentException.class, builder::build).getMessage();
        assertTrue(message.startsWith(option), message);
    }
}
