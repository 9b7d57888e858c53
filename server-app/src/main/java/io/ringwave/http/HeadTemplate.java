package io.ringwave.http;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * What every response with one status begins with: the status line, Server, and Date with a gap for the date.
 *
 * @param bytes the encoded lines, each with its CRLF
 * @param length how many bytes there are
 * @param dateAt where the {@link HttpDate#LENGTH} bytes of the date belong
 */
record HeadTemplate(MemorySegment bytes, int length, int dateAt) {

    static HeadTemplate of(int status, String serverName) {
        String start = start(status, serverName);
        MemorySegment bytes = encode(start + " ".repeat(HttpDate.LENGTH) + "\r\n");
        return new HeadTemplate(bytes, (int) bytes.byteSize(), start.length());
    }

    /** Status line and header fields up to the date. */
    static String start(int status, String serverName) {
        return "HTTP/1.1 " + status + " " + HttpStatus.reason(status) + "\r\nServer: " + serverName + "\r\nDate: ";
    }

    /** Off-heap memory like the loop's own, so that the code that copies it sees one kind of segment. */
    static MemorySegment encode(String latin1) {
        byte[] bytes = latin1.getBytes(StandardCharsets.ISO_8859_1);
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length);
        MemorySegment.copy(bytes, 0, memory, Words.BYTE, 0, bytes.length);
        return memory;
    }

    /** Copies the template with a date; returns its length. */
    int write(MemorySegment memory, long offset, DateStamp date) {
        MemorySegment.copy(bytes, 0, memory, offset, length);
        date.write(memory, offset + dateAt);
        return length;
    }
}
