package bench;
import com.fasterxml.jackson.core.*;
import java.io.*;
import java.lang.invoke.*;
import java.lang.reflect.*;

/**
 * What POST /api/echo does, with the same library, settings and source (one array) as Ringwave's EchoEndpoint, token by token as the library copies them.
 * With -Dcopier=ringwave the tokens are copied by Ringwave's JsonCopier, whose jar is on the class path then.
 */
final class Echo {
    static final JsonFactory FACTORY = JsonFactory.builder()
        .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
        .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(500).maxNumberLength(1000).maxNameLength(50_000).build()).build();
    private static final boolean OWN = !"ringwave".equals(System.getProperty("copier"));
    private static final MethodHandle COPIER = OWN ? null : copier();
    private static MethodHandle copier() {
        try {
            Class<?> copier = Class.forName("io.ringwave.server.JsonCopier");
            Constructor<?> make = copier.getDeclaredConstructor(); make.setAccessible(true);
            Method copy = copier.getDeclaredMethod("copy", JsonParser.class, JsonGenerator.class); copy.setAccessible(true);
            return MethodHandles.lookup().unreflect(copy).bindTo(make.newInstance());
        } catch (ReflectiveOperationException e) { throw new ExceptionInInitializerError(e); }
    }
    static void copy(byte[] from, int length, OutputStream to) throws IOException {
        try (JsonParser in = FACTORY.createParser(from, 0, length); JsonGenerator out = FACTORY.createGenerator(to)) {
            if (!OWN) { try { COPIER.invokeExact(in, out); } catch (IOException | RuntimeException | Error e) { throw e; } catch (Throwable e) { throw new IOException(e); } return; }
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
