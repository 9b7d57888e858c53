package io.ringwave.http;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;

/**
 * The present time as the Date field has it (RFC 9110 section 6.6.1): encoded once a second, copied as words. Confined
 * to its loop's thread.
 */
final class DateStamp {

    private static final long NANOS_PER_MILLI = 1_000_000;

    private final LongSupplier wallClock;
    private final byte[] text = new byte[HttpDate.LENGTH];
    private final MemorySegment bytes = Arena.ofAuto().allocate(HttpDate.LENGTH);
    private long nextNanos;
    private long seconds;
    private long renewedMillis;
    private long renewedNanos;
    private long first;
    private long second;
    private long third;
    private long last;

    /**
     * @param wallClock milliseconds since 1970, read once a second
     * @param nowNanos the loop's time
     */
    DateStamp(LongSupplier wallClock, long nowNanos) {
        this.wallClock = wallClock;
        renew(nowNanos);
    }

    /** Encodes the time anew if its second is over. */
    void update(long nowNanos) {
        if (nowNanos - nextNanos >= 0) {
            renew(nowNanos);
        }
    }

    /** The wall clock, in milliseconds since 1970, as it was read last, and what the loop's has moved since. */
    long millis(long nowNanos) {
        return renewedMillis + (nowNanos - renewedNanos) / NANOS_PER_MILLI;
    }

    /** The second that {@link #write} writes, since 1970. */
    long seconds() {
        return seconds;
    }

    private void renew(long nowNanos) {
        long millis = wallClock.getAsLong();
        renewedMillis = millis;
        renewedNanos = nowNanos;
        nextNanos = nowNanos + (1000 - Math.floorMod(millis, 1000)) * NANOS_PER_MILLI;
        seconds = Math.floorDiv(millis, 1000L);
        HttpDate.write(seconds, text, 0);
        MemorySegment.copy(text, 0, bytes, Words.BYTE, 0, HttpDate.LENGTH);
        first = bytes.get(Words.LONG, 0);
        second = bytes.get(Words.LONG, 8);
        third = bytes.get(Words.LONG, 16);
        last = bytes.get(Words.LONG, HttpDate.LENGTH - 8);
    }

    /** Writes the {@link HttpDate#LENGTH} bytes of the date. */
    void write(MemorySegment memory, long offset) {
        memory.set(Words.LONG, offset, first);
        memory.set(Words.LONG, offset + 8, second);
        memory.set(Words.LONG, offset + 16, third);
        memory.set(Words.LONG, offset + HttpDate.LENGTH - 8, last);
    }
}
