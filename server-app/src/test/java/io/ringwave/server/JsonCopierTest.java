package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The copier writes what the JSON library's own copying writes, whatever names it expects. */
class JsonCopierTest {
    private static final JsonFactory JSON = JsonBody.newFactory();
    private static final String[] NAMES = {"id", "ide", "name", "", "a\"b", "\u00e9\u20ac", "\ud83d\ude00", "tab\t",
        "x".repeat(64),
        "y".repeat(65), "n\u0000l"};

    private final JsonCopier copier = new JsonCopier();

    private String copy(byte[] text, boolean fromStream) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonParser parser = fromStream
                ? JSON.createParser(new ByteArrayInputStream(text))
                : JSON.createParser(text); JsonGenerator generator = JSON.createGenerator(out)) {
            copier.copy(parser, generator);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static String copiedByTheLibrary(byte[] text) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (JsonParser parser = JSON.createParser(text); JsonGenerator generator = JSON.createGenerator(out)) {
            parser.nextToken();
            generator.copyCurrentStructure(parser);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Without fractions, whose digits the library's own copying does not keep. */
    private static void writeValue(JsonGenerator out, Random random, int depth) throws IOException {
        switch (random.nextInt(depth > 4 ? 5 : 8)) {
            case 0 -> out.writeNumber(random.nextLong());
            case 1 -> out.writeBoolean(random.nextBoolean());
            case 2 -> out.writeNull();
            case 3 -> out.writeString(NAMES[random.nextInt(NAMES.length)] + random.nextInt());
            case 4 -> out.writeString("long ".repeat(random.nextInt(3000)));
            case 5 -> {
                out.writeStartArray();
                for (int i = random.nextInt(5); i > 0; i--) {
                    writeValue(out, random, depth + 1);
                }
                out.writeEndArray();
            }
            default -> {
                out.writeStartObject();
                boolean usual = random.nextBoolean();
                for (int i = 0, count = random.nextInt(6); i < count; i++) {
                    out.writeFieldName(NAMES[usual ? i : random.nextInt(NAMES.length)]);
                    writeValue(out, random, depth + 1);
                }
                out.writeEndObject();
            }
        }
    }

    @Test
    void writesWhatTheLibrarysOwnCopyingWrites() throws IOException {
        for (int seed = 0; seed < 3000; seed++) {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            Random random = new Random(seed);
            try (JsonGenerator generator = JSON.createGenerator(text)) {
                if (random.nextBoolean()) {
                    generator.useDefaultPrettyPrinter();
                }
                writeValue(generator, random, 0);
            }
            assertEquals(copiedByTheLibrary(text.toByteArray()), copy(text.toByteArray(), seed % 2 == 0),
                    "seed " + seed);
        }
    }

    @Test
    void keepsTheDigitsOfNumbers() throws IOException {
        String text = "[1.10,1e400,-0.0,123456789012345678901234567890.5,1E+2]";
        assertEquals(text, copy(bytes(text), false));
    }

    /** Whoever sends the names chooses them. */
    @Test
    void remembersSoManyNamesAndNoMore() throws IOException {
        StringBuilder text = new StringBuilder("{\"").append("n".repeat(JsonCopier.MAX_NAME_CHARS + 1)).append("\":0");
        for (int name = 0; name < 3 * JsonCopier.MAX_NAMES; name++) {
            text.append(",\"").append(name).append("\":").append(name);
        }
        String object = text.append('}').toString();
        for (int time = 0; time < 2; time++) {
            assertEquals(object, copy(bytes(object), false));
            assertEquals(JsonCopier.MAX_NAMES, copier.names());
        }
    }

    /** A text that ends too early fails wherever that is, and the next one is copied as ever. */
    @Test
    void isNotConfusedByTextsThatFail() throws IOException {
        byte[] text = bytes("[{\"id\":1,\"name\":\"a\"},{\"id\":2,\"name\":null,\"x\":[true,false]}]");
        String whole = new String(text, StandardCharsets.UTF_8);
        for (int length = 0; length < text.length; length++) {
            byte[] cut = Arrays.copyOf(text, length);
            assertThrows(JsonProcessingException.class, () -> copy(cut, false), "cut at " + length);
            assertEquals(whole, copy(text, false));
        }
        assertThrows(JsonProcessingException.class, () -> copy(bytes(whole + "1"), false));
        assertEquals(whole, copy(text, false));
    }
}
