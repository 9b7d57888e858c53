package io.ringwave.server;

import io.ringwave.http.AccessRecord.Field;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The combined format, as nginx writes it: {@code 127.0.0.1 - - [26/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 13 "-"
 * "curl/8"}. What a client sent is escaped as nginx does it: quotes, backslashes and all but printable ASCII as
 * {@code \xHH}.
 */
final class CombinedLines implements AccessLines {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss xx", Locale.ROOT)
            .withZone(ZoneId.systemDefault());
    private static final byte[] ESCAPE = LineBuffer.ascii("\\x");
    private static final byte[] UNIX = LineBuffer.ascii("unix:"); // nginx's word for a client without an address
    private static final byte[] NO_USER = LineBuffer.ascii(" - - [");
    private static final byte[] BEFORE_LINE = LineBuffer.ascii("] \"");
    private static final byte[] BEFORE_STATUS = LineBuffer.ascii("\" ");
    private static final byte[] BETWEEN = LineBuffer.ascii("\" \"");

    private long second = Long.MIN_VALUE;
    private byte[] time = {};

    CombinedLines() {}

    @Override
    public void write(AccessEntry entry, LineBuffer out) {
        if (entry.length(Field.PEER) == 0) {
            out.put(UNIX);
        } else {
            out.put(entry.memory(), entry.offset(Field.PEER), entry.length(Field.PEER));
        }
        out.put(NO_USER);
        out.put(time(Math.floorDiv(entry.timeMillis(), 1000L)));
        out.put(BEFORE_LINE);
        putField(entry, Field.REQUEST_LINE, out);
        out.put(BEFORE_STATUS);
        out.putDecimal(entry.status());
        out.put(' ');
        out.putDecimal(entry.bodyBytes());
        out.put(' ');
        out.put('"');
        putField(entry, Field.REFERER, out);
        out.put(BETWEEN);
        putField(entry, Field.USER_AGENT, out);
        out.put('"');
        out.put('\n');
    }

    private static void putField(AccessEntry entry, Field field, LineBuffer out) {
        int length = entry.length(field);
        if (length == 0) {
            out.put('-');
        } else {
            out.putEscaped(entry.memory(), entry.offset(field), length, ESCAPE);
        }
    }

    /** Encoded once a second. */
    private byte[] time(long newSecond) {
        if (newSecond != second) {
            second = newSecond;
            time = LineBuffer.ascii(TIME.format(Instant.ofEpochSecond(newSecond)));
        }
        return time;
    }
}
