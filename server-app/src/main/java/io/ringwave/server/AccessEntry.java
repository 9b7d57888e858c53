package io.ringwave.server;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.ringwave.http.AccessRecord;
import io.ringwave.http.AccessRecord.Field;
import java.lang.foreign.MemorySegment;

/**
 * A request as it waits to be written to the access log, in the memory of an {@link AccessRing}: a flyweight, moved from
 * one to the next. Longer texts are cut, so that what a client sends bounds neither the memory nor the lines.
 *
 * <pre>
 *   0 int length of all, a multiple of 8     4 int status     8 long time     16 long body bytes
 *   24 short length of each field            32 the fields
 * </pre>
 */
final class AccessEntry {
    /** In place of a length: what follows is at the beginning of the ring. */
    static final int PADDING = -1;
    static final int ALIGNMENT = 8;
    /** More than any request line whose target has the default length. */
    static final int MAX_FIELD_BYTES = 8192;

    private static final Field[] FIELDS = Field.values();
    private static final int STATUS = 4;
    private static final int TIME = 8;
    private static final int BODY_BYTES = 16;
    private static final int LENGTHS = 24;
    private static final int HEADER_BYTES = 32;

    static final int MAX_BYTES = HEADER_BYTES + FIELDS.length * MAX_FIELD_BYTES;

    private MemorySegment memory = MemorySegment.NULL;
    private long at;

    /** How many bytes a record takes. */
    static int lengthOf(AccessRecord record) {
        int length = HEADER_BYTES;
        for (Field field : FIELDS) {
            length += fieldLength(record, field);
        }
        return length + ALIGNMENT - 1 & -ALIGNMENT;
    }

    private static int fieldLength(AccessRecord record, Field field) {
        return Math.min(record.length(field), MAX_FIELD_BYTES);
    }

    /** Writes a record; there must be room. */
    static void write(AccessRecord record, int length, MemorySegment memory, long at) {
        memory.set(JAVA_INT, at, length);
        memory.set(JAVA_INT, at + STATUS, record.status());
        memory.set(JAVA_LONG, at + TIME, record.timeMillis());
        memory.set(JAVA_LONG, at + BODY_BYTES, record.bodyBytes());
        long next = at + HEADER_BYTES;
        for (int i = 0; i < FIELDS.length; i++) {
            int count = fieldLength(record, FIELDS[i]);
            memory.set(JAVA_SHORT, at + LENGTHS + 2 * i, (short) count);
            record.copyTo(FIELDS[i], memory, next, count);
            next += count;
        }
    }

    /** Moves to an entry. */
    void wrap(MemorySegment newMemory, long newAt) {
        memory = newMemory;
        at = newAt;
    }

    /** How many bytes it takes, or {@link #PADDING}. */
    int length() {
        return memory.get(JAVA_INT, at);
    }

    int status() {
        return memory.get(JAVA_INT, at + STATUS);
    }

    long timeMillis() {
        return memory.get(JAVA_LONG, at + TIME);
    }

    long bodyBytes() {
        return memory.get(JAVA_LONG, at + BODY_BYTES);
    }

    /** What holds the fields. */
    MemorySegment memory() {
        return memory;
    }

    int length(Field field) {
        return memory.get(JAVA_SHORT, at + LENGTHS + 2L * field.ordinal());
    }

    /** Where a field begins within {@link #memory}. */
    long offset(Field field) {
        long offset = at + HEADER_BYTES;
        for (int i = 0; i < field.ordinal(); i++) {
            offset += length(FIELDS[i]);
        }
        return offset;
    }
}
