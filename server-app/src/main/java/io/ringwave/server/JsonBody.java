package io.ringwave.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.ringwave.http.BodyWriter;
import io.ringwave.http.HttpResponse;
import java.io.IOException;
import java.io.OutputStream;

/**
 * JSON response bodies of one event loop. One generator writes them all, one root value after the other, from its own
 * buffer straight into that of the response, so that a body costs no allocation. Confined to the loop's thread.
 */
final class JsonBody {
    static final String CONTENT_TYPE = "application/json";

    private static final JsonFactory JSON = newFactory();

    private static final OutputStream NOWHERE = OutputStream.nullOutputStream();

    private final Target target = new Target();
    private final BodyWriter body = this::write; // made once, not for every response
    private JsonGenerator generator;
    private JsonWriter value = json -> {
    };

    JsonBody() throws IOException {
        generator = JSON.createGenerator(target);
    }

    /** What writes one value after the other, each character in UTF-8: names and strings alike. */
    static JsonFactory newFactory() {
        return new JsonFactoryBuilder().rootValueSeparator((String) null)
                .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8).build();
    }

    /** Sends one value. If {@code writer} throws, nothing was sent, and another answer can be. */
    void send(HttpResponse response, JsonWriter writer) throws IOException {
        value = writer;
        response.send(CONTENT_TYPE, body);
    }

    private void write(OutputStream out) throws IOException {
        boolean whole = false;
        target.out = out;
        try {
            value.write(generator);
            generator.flush();
            whole = true;
        } finally {
            target.out = NOWHERE;
            if (!whole) { // the generator still stands inside that value; closing it gives its buffer to the next
                generator.close();
                generator = JSON.createGenerator(target);
            }
        }
    }

    /** The response of the moment. */
    private static final class Target extends OutputStream {
        private OutputStream out = NOWHERE;

        @Override
        public void write(int value) throws IOException {
            out.write(value);
        }

        @Override
        public void write(byte[] source, int offset, int count) throws IOException {
            out.write(source, offset, count);
        }
    }
}
