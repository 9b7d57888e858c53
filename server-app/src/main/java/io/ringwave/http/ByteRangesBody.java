package io.ringwave.http;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A multipart/byteranges body for several ranges of a file, and the content type that names its boundary (RFC 9110
 * section 14.6, RFC 2046 section 5.1).
 *
 * @param contentType of the response; each part has that of the file
 */
record ByteRangesBody(String contentType, FileParts parts) {

    private static final byte[] CRLF = ascii("\r\n");

    /** The parts of a file that was retained for them. */
    static ByteRangesBody of(FileRepresentation file, ByteRanges ranges, ContentRange contentRange) {
        // 128 random bits, so that no file can contain it on purpose
        ThreadLocalRandom random = ThreadLocalRandom.current();
        String boundary = hex(random.nextLong()) + hex(random.nextLong());
        FileParts parts = new FileParts(file.file(), ranges.count());
        for (int range = 0; range < ranges.count(); range++) {
            ByteArrayOutputStream before = new ByteArrayOutputStream();
            before.writeBytes(ascii((range == 0 ? "--" : "\r\n--") + boundary + "\r\n"));
            before.writeBytes(file.contentType().line());
            contentRange.write(ranges.position(range), ranges.length(range), file.file().size());
            before.write(contentRange.line(), 0, contentRange.length());
            before.writeBytes(CRLF);
            parts.add(before.toByteArray(), ranges.position(range), ranges.length(range));
        }
        parts.end(ascii("\r\n--" + boundary + "--\r\n"));
        return new ByteRangesBody("multipart/byteranges; boundary=" + boundary, parts);
    }

    private static String hex(long bits) {
        String digits = Long.toHexString(bits);
        return "0".repeat(16 - digits.length()) + digits;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
