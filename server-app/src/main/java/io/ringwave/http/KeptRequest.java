package io.ringwave.http;

import io.ringwave.http.AccessRecord.Field;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What the access log will say of a request whose answer is still open, when the bytes of the request are long gone. Made
 * for such requests only, one at a time for each connection. Confined to the loop's thread.
 */
final class KeptRequest {

    private static final Field[] FIELDS = {Field.REQUEST_LINE, Field.REFERER, Field.USER_AGENT};

    private final MemorySegment peer;
    private final MemorySegment bytes;
    private final int[] ends = new int[FIELDS.length];
    /** The status that was sent; {@link AccessRecord#CLIENT_LEFT} as long as none was. */
    int status = AccessRecord.CLIENT_LEFT;
    /** The body that is being sent; null if there is none yet. */
    @Nullable
    ResponseStream stream;

    /** @param record holds the request, without a result */
    KeptRequest(MemorySegment peer, AccessRecord record) {
        this.peer = peer;
        int length = 0;
        for (int i = 0; i < FIELDS.length; i++) {
            length += record.length(FIELDS[i]);
            ends[i] = length;
        }
        bytes = MemorySegment.ofArray(new byte[length]);
        int start = 0;
        for (int i = 0; i < FIELDS.length; i++) {
            record.copyTo(FIELDS[i], bytes, start, ends[i] - start);
            start = ends[i];
        }
    }

    /** Lets a record hold the request again. */
    void restore(AccessRecord record) {
        record.request(peer, bytes);
        int start = 0;
        for (int i = 0; i < FIELDS.length; i++) {
            record.set(FIELDS[i], start, ends[i] - start);
            start = ends[i];
        }
    }
}
