package io.ringwave.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** Picks single values out of a JSON text. */
final class JsonText {
    private static final JsonFactory JSON = new JsonFactory();

    private JsonText() {}

    /** The scalar at a JSON pointer (RFC 6901), as text. @throws AssertionError if there is none */
    static String at(String pointer, byte[] json) throws IOException {
        try (JsonParser parser = JSON.createParser(json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token.isScalarValue() && parser.getParsingContext().pathAsPointer().toString().equals(pointer)) {
                    return parser.getText();
                }
            }
        }
        throw new AssertionError("nothing at " + pointer + " in " + new String(json, "UTF-8"));
    }
}
