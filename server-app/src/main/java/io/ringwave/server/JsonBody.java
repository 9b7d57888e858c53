package io.ringwave.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import io.ringwave.http.HttpResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * JSON response bodies of one event loop. One generator writes them all, one root value after the other, into one array
 * that only ever grows, so that a body costs no allocation. Confined to the loop's thread.
 *
 * <pre>
 *   begin() -> write exactly one value -> send(response)
 * </pre>
 */
final class JsonBody {
    static final String CONTENT_TYPE = "application/json";

    private static final JsonFactory JSON = new JsonFactoryBuilder().rootValueSeparator((String) null).build();

    private final Bytes bytes = new Bytes();
    private JsonGenerator generator;
    private boolean unfinished;

    JsonBody() throws IOException {
        generator = JSON.createGenerator(bytes);
    }

    /** The generator for the next body. */
    JsonGenerator begin() throws IOException {
        if (unfinished) { // a handler failed halfway: the generator still stands inside that value
            generator = JSON.createGenerator(bytes);
        }
        unfinished = true;
        bytes.length = 0;
        return generator;
    }

    /** Sends what was written since {@link #begin}. */
    void send(HttpResponse response) throws IOException {
        generator.flush();
        unfinished = false;
        response.send(CONTENT_TYPE, bytes.array, 0, bytes.length);
    }

    private static final class Bytes extends OutputStream {
        private byte[] array = new byte[512];
        private int length;

        @Override
        public void write(int value) {
            reserve(1);
            array[length++] = (byte) value;
        }

        @Override
        public void write(byte[] source, int offset, int count) {
            reserve(count);
            System.arraycopy(source, offset, array, length, count);
            length += count;
        }

        private void reserve(int count) {
            if (array.length - length < count) {
                array = Arrays.copyOf(array, Math.max(2 * array.length, length + count));
            }
        }
    }
}
