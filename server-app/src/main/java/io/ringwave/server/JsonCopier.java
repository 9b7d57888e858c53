package io.ringwave.server;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.JsonTokenId;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Copies JSON texts token by token, and remembers the names in them: objects tend to have the names of those before, in
 * the same order. So each name that it knows has the one that came after it the last time. If that is what comes, the
 * parser need only compare bytes ({@link JsonParser#nextFieldName(com.fasterxml.jackson.core.SerializableString)}), and
 * the generator copies them. Confined to one thread.
 */
final class JsonCopier {
    /** More, or longer ones, are copied but not remembered; nor are names with surrogates, of which one may be missing. */
    static final int MAX_NAMES = 256;
    static final int MAX_NAME_CHARS = 64;

    private final Map<String, Name> names = new HashMap<>();
    private final Name beforeAll = new Name("");

    /** A name as it is written. */
    private static final class Name {
        private final SerializedString written;
        private @Nullable Name next;

        Name(String name) {
            written = new SerializedString(name);
        }
    }

    /** How many names it knows. */
    int names() {
        return names.size();
    }

    /** Copies one text; fails if there is none, or more than one. What is written is not flushed. */
    void copy(JsonParser in, JsonGenerator out) throws IOException {
        Name last = beforeAll;
        int depth = 0;
        do {
            Name expected = last.next == null ? beforeAll : last.next;
            if (in.nextFieldName(expected.written)) {
                out.writeFieldName(expected.written);
                last = expected;
                continue;
            }
            JsonToken token = in.currentToken();
            if (token == null) {
                throw new SyntaxException("the body is empty");
            }
            switch (token.id()) {
                case JsonTokenId.ID_START_OBJECT -> {
                    depth++;
                    out.writeStartObject();
                }
                case JsonTokenId.ID_END_OBJECT -> {
                    depth--;
                    out.writeEndObject();
                }
                case JsonTokenId.ID_START_ARRAY -> {
                    depth++;
                    out.writeStartArray();
                }
                case JsonTokenId.ID_END_ARRAY -> {
                    depth--;
                    out.writeEndArray();
                }
                case JsonTokenId.ID_FIELD_NAME -> last = writeName(in.currentName(), last, out);
                case JsonTokenId.ID_STRING -> out.writeString(in.getTextCharacters(), in.getTextOffset(),
                        in.getTextLength());
                case JsonTokenId.ID_NUMBER_INT, JsonTokenId.ID_NUMBER_FLOAT ->
                    // As it stands: a double would lose digits.
                    out.writeNumber(in.getTextCharacters(), in.getTextOffset(), in.getTextLength());
                default -> out.copyCurrentEvent(in);
            }
        } while (depth > 0);
        if (in.nextToken() != null) {
            throw new SyntaxException("something follows the JSON text");
        }
    }

    /** Another name than was expected. Returns what the next one follows. */
    private Name writeName(String name, Name last, JsonGenerator out) throws IOException {
        Name known = names.get(name);
        if (known == null && names.size() < MAX_NAMES && name.length() <= MAX_NAME_CHARS
                && name.chars().noneMatch(each -> Character.isSurrogate((char) each))) {
            known = new Name(name);
            names.put(name, known);
        }
        if (known == null) {
            out.writeFieldName(name);
            return last;
        }
        out.writeFieldName(known.written);
        last.next = known;
        return known;
    }

    /** The text is not what was asked for, although every token in it is well-formed. */
    private static final class SyntaxException extends JsonProcessingException {
        private static final long serialVersionUID = 1L;

        private SyntaxException(String message) {
            super(message);
        }
    }
}
