package io.ringwave.http;

import java.util.List;

/** The content codings in which a file can be served from a sibling (RFC 9110 section 8.4.1), the best one first. */
enum ContentCoding {
    BROTLI("br", ".br"), ZSTANDARD("zstd", ".zst"), GZIP("gzip", ".gz");

    /** In the server's order of preference. */
    static final List<ContentCoding> PREFERRED = List.of(values());

    static final int COUNT = PREFERRED.size();

    private final String token;
    private final String suffix;

    ContentCoding(String token, String suffix) {
        this.token = token;
        this.suffix = suffix;
    }

    /** Its name in Content-Encoding and Accept-Encoding. */
    String token() {
        return token;
    }

    /** What the name of the sibling has behind that of the file. */
    String suffix() {
        return suffix;
    }
}
