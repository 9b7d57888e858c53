package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContentTypesTest {

    @ParameterizedTest
    @CsvSource({"index.html, text/html; charset=utf-8", "a/b/INDEX.HTM, text/html; charset=utf-8",
        "style.css, text/css; charset=utf-8", "app.js, text/javascript; charset=utf-8",
        "app.mjs, text/javascript; charset=utf-8", "notes.txt, text/plain; charset=utf-8",
        "data.json, application/json", "site.webmanifest, application/manifest+json", "code.wasm, application/wasm",
        "a.png, image/png", "a.Jpeg, image/jpeg", "a.svg, image/svg+xml", "favicon.ico, image/vnd.microsoft.icon",
        "a.woff2, font/woff2", "a.mp4, video/mp4", "a.pdf, application/pdf", "archive.tar.gz, application/gzip",
        "jquery.min.js, text/javascript; charset=utf-8", "README, application/octet-stream",
        "a.unknown, application/octet-stream", "a., application/octet-stream", ".html, application/octet-stream",
        "dir/.css, application/octet-stream", "dir.html/file, application/octet-stream",
        "..html, text/html; charset=utf-8", "a.verylongextensionindeed, application/octet-stream",
        "a.\u00e9, application/octet-stream", "docs/, text/html; charset=utf-8"})
    void typeFollowsTheExtension(String path, String type) {
        FilePath decoded = new FilePath();
        byte[] raw = path.getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(FilePath.Decoding.FILE, decoded.decode(MemorySegment.ofArray(raw), 0, raw.length));
        assertEquals(type, ContentTypes.with(Map.of()).of(decoded));
    }
}
