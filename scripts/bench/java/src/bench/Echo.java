package bench;
import com.fasterxml.jackson.core.*;
import java.io.*;

/** What POST /api/echo does, with the same library, settings and steps as Ringwave's EchoEndpoint. */
final class Echo {
    static final JsonFactory FACTORY = JsonFactory.builder()
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(500).maxNumberLength(1000).maxNameLength(50_000).build()).build();
    static void copy(InputStream from, OutputStream to) throws IOException {
        try (JsonParser in = FACTORY.createParser(from); JsonGenerator out = FACTORY.createGenerator(to)) {
            int depth = 0;
            do {
                JsonToken token = in.nextToken();
                if (token == null) throw new IOException("the body is empty");
                if (token.isStructStart()) depth++; else if (token.isStructEnd()) depth--;
                if (token.isNumeric()) out.writeNumber(in.getTextCharacters(), in.getTextOffset(), in.getTextLength()); else out.copyCurrentEvent(in);
            } while (depth > 0);
            if (in.nextToken() != null) throw new IOException("something follows the JSON text");
        }
    }
}
