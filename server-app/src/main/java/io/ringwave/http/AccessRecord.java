package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * A request and what became of it, for an {@link AccessLog}: valid during the call, and used again for the next one.
 * What the client sent is bytes where they were received, unchecked for a request that was refused: whoever writes
 * them down must escape them. Allocates nothing unless {@link #text} is asked. Confined to the loop's thread.
 */
public final class AccessRecord {

    /** The status of a request whose client left before there was an answer; none was sent. As nginx has it. */
    public static final int CLIENT_LEFT = 499;

    /** What is text in a record; empty where there is none. */
    public enum Field {
        /** The address of the client, without its port; empty for a Unix-domain socket, which has none. */
        PEER,
        /**
         * The request line as it was sent, without its end: {@code GET / HTTP/1.1}. Of a request that was refused it is
         * what had arrived of the first line, whatever that was.
         */
        REQUEST_LINE,
        /** The first Referer; empty if the request was refused. */
        REFERER,
        /** The first User-Agent; empty if the request was refused. */
        USER_AGENT
    }

    private static final int FIELDS = Field.values().length;
    private static final int PEER = Field.PEER.ordinal();

    private final long[] offsets = new long[FIELDS];
    private final int[] lengths = new int[FIELDS];
    private MemorySegment peer = MemorySegment.NULL;
    private MemorySegment memory = MemorySegment.NULL;
    private long timeMillis;
    private int status;
    private long bodyBytes;

    AccessRecord() {}

    /** When the answer was written: milliseconds since 1970. */
    public long timeMillis() {
        return timeMillis;
    }

    /** The status of the response, or {@link #CLIENT_LEFT}. */
    public int status() {
        return status;
    }

    /**
     * How long the body of the response is: not the head, not what chunks add, 0 to HEAD and with 204 and 304. For a
     * {@link ResponseStream} it is what was written to the connection until it ended, however it did. For everything else it
     * is the length that was announced, also if the client goes before it has all of it, or a file is cut.
     */
    public long bodyBytes() {
        return bodyBytes;
    }

    /** How many bytes a field has. */
    public int length(Field field) {
        return lengths[field.ordinal()];
    }

    /** Copies the first {@code count} bytes of a field. */
    public void copyTo(Field field, MemorySegment target, long offset, int count) {
        int index = field.ordinal();
        Objects.checkFromIndexSize(0, count, lengths[index]);
        MemorySegment.copy(index == PEER ? peer : memory, offsets[index], target, offset, count);
    }

    /** A field as text, its bytes read as ISO 8859-1. */
    public String text(Field field) {
        byte[] bytes = new byte[length(field)];
        copyTo(field, MemorySegment.ofArray(bytes), 0, bytes.length);
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    // ---- For the connection

    /** Begins anew: a request from that address, whose texts are in that memory. */
    void request(MemorySegment newPeer, MemorySegment newMemory) {
        peer = newPeer;
        lengths[PEER] = (int) newPeer.byteSize();
        memory = newMemory;
        set(Field.REQUEST_LINE, 0, 0);
        set(Field.REFERER, 0, 0);
        set(Field.USER_AGENT, 0, 0);
    }

    /** Says where a field is. */
    void set(Field field, long offset, int length) {
        offsets[field.ordinal()] = offset;
        lengths[field.ordinal()] = length;
    }

    /** Says what became of the request. */
    void result(long newTimeMillis, int newStatus, long newBodyBytes) {
        timeMillis = newTimeMillis;
        status = newStatus;
        bodyBytes = newBodyBytes;
    }
}
