package io.ringwave.server;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.ringwave.http.AccessRecord.Field;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/**
 * One JSON object a line. Members: {@code time}, {@code peer}, {@code method}, {@code target} and {@code protocol}, or
 * {@code request} for a line that is none; {@code status}, {@code bytes}, and where the client sent them {@code referer} and
 * {@code userAgent}. All of it is ASCII: a byte beyond that stands for a character of ISO 8859-1, so that the line is valid
 * whatever bytes came.
 */
final class JsonLines implements AccessLines {
    /** As in the log; milliseconds and the offset from UTC are put behind it. */
    private static final DateTimeFormatter SECOND = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.")
            .withZone(ZoneId.systemDefault());
    private static final DateTimeFormatter OFFSET = DateTimeFormatter.ofPattern("XXX").withZone(ZoneId.systemDefault());
    private static final byte[] ESCAPE = LineBuffer.ascii("\\u00");
    private static final byte[] BEGIN = LineBuffer.ascii("{\"time\":\"");
    private static final byte[] PEER = LineBuffer.ascii("\",\"peer\":\"");
    private static final byte[] METHOD = LineBuffer.ascii("\",\"method\":\"");
    private static final byte[] TARGET = LineBuffer.ascii("\",\"target\":\"");
    private static final byte[] PROTOCOL = LineBuffer.ascii("\",\"protocol\":\"");
    private static final byte[] REQUEST = LineBuffer.ascii("\",\"request\":\"");
    private static final byte[] STATUS = LineBuffer.ascii("\",\"status\":");
    private static final byte[] BYTES = LineBuffer.ascii(",\"bytes\":");
    private static final byte[] REFERER = LineBuffer.ascii(",\"referer\":\"");
    private static final byte[] USER_AGENT = LineBuffer.ascii(",\"userAgent\":\"");
    private static final byte[] END = LineBuffer.ascii("}\n");
    private static final byte[] HTTP = LineBuffer.ascii(" HTTP/");
    private static final int VERSION_BYTES = HTTP.length + 3;

    private long second = Long.MIN_VALUE;
    private byte[] time = {};
    private byte[] offset = {};

    JsonLines() {}

    @Override
    public void write(AccessEntry entry, LineBuffer out) {
        out.put(BEGIN);
        putTime(entry.timeMillis(), out);
        out.put(PEER);
        out.putEscaped(entry.memory(), entry.offset(Field.PEER), entry.length(Field.PEER), ESCAPE);
        putRequest(entry.memory(), entry.offset(Field.REQUEST_LINE), entry.length(Field.REQUEST_LINE), out);
        out.put(STATUS);
        out.putDecimal(entry.status());
        out.put(BYTES);
        out.putDecimal(entry.bodyBytes());
        putHeader(entry, Field.REFERER, REFERER, out);
        putHeader(entry, Field.USER_AGENT, USER_AGENT, out);
        out.put(END);
    }

    private static void putHeader(AccessEntry entry, Field field, byte[] name, LineBuffer out) {
        if (entry.length(field) > 0) {
            out.put(name);
            out.putEscaped(entry.memory(), entry.offset(field), entry.length(field), ESCAPE);
            out.put('"');
        }
    }

    private static void putRequest(MemorySegment memory, long start, int length, LineBuffer out) {
        int methodEnd = 0;
        while (methodEnd < length && memory.get(JAVA_BYTE, start + methodEnd) != ' ') {
            methodEnd++;
        }
        int targetEnd = length - VERSION_BYTES;
        if (methodEnd == 0 || targetEnd <= methodEnd + 1 || !isVersion(memory, start + targetEnd)) {
            out.put(REQUEST);
            out.putEscaped(memory, start, length, ESCAPE);
            return;
        }
        out.put(METHOD);
        out.putEscaped(memory, start, methodEnd, ESCAPE);
        out.put(TARGET);
        out.putEscaped(memory, start + methodEnd + 1, targetEnd - methodEnd - 1, ESCAPE);
        out.put(PROTOCOL);
        out.putEscaped(memory, start + targetEnd + 1, VERSION_BYTES - 1, ESCAPE);
    }

    private static boolean isVersion(MemorySegment memory, long at) {
        for (int i = 0; i < HTTP.length; i++) {
            if (memory.get(JAVA_BYTE, at + i) != HTTP[i]) {
                return false;
            }
        }
        return true;
    }

    private void putTime(long millis, LineBuffer out) {
        long newSecond = Math.floorDiv(millis, 1000L);
        if (newSecond != second) {
            second = newSecond;
            Instant instant = Instant.ofEpochSecond(newSecond);
            time = LineBuffer.ascii(SECOND.format(instant));
            offset = LineBuffer.ascii(OFFSET.format(instant));
        }
        out.put(time);
        out.putDecimal(Math.floorMod(millis, 1000L), 3);
        out.put(offset);
    }
}
