package io.ringwave.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.ringwave.http.HttpHandler;
import io.ringwave.http.HttpRequest;
import io.ringwave.http.HttpResponse;
import java.io.CharConversionException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * {@code POST /api/echo}: parses the JSON text of the body where it was received and writes it back, token by token and
 * without the blanks between them, to where it is sent from. Numbers keep their digits. What is not exactly one JSON text (RFC 8259) is answered with 400, another
 * content type with 415. Confined to one event loop.
 */
final class EchoEndpoint implements HttpHandler {
    private static final int MAX_DEPTH = 500;
    private static final int MAX_NUMBER_DIGITS = 1000;
    private static final int MAX_NAME_LENGTH = 50_000;

    /**
     * A factory keeps the names that it has met, so that those which come again need not be decoded; the copier keeps
     * some, too. Whoever sends them chooses them: so both are replaced when they have seen so many bytes, of which its
     * names are the most that a factory can hold.
     */
    private static final long FACTORY_BYTES = 16 << 20;

    private final JsonBody reply;
    private JsonFactory json = newFactory();
    private JsonCopier copier = new JsonCopier();
    private long seenBytes;

    EchoEndpoint(JsonBody reply) {
        this.reply = reply;
    }

    @Override
    public void handle(HttpRequest request, HttpResponse response) throws IOException {
        try (JsonParser in = parser(request)) {
            reply.send(response, out -> copier.copy(in, out));
        } catch (JsonProcessingException e) {
            refuse(response, 400, describe(e));
        } catch (CharConversionException e) {
            refuse(response, 400, "the body is not text in a Unicode encoding");
        }
    }

    private static JsonFactory newFactory() {
        return JsonFactory.builder().disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH)
                        .maxNumberLength(MAX_NUMBER_DIGITS).maxNameLength(MAX_NAME_LENGTH).build())
                .build();
    }

    private JsonParser parser(HttpRequest request) throws IOException {
        MemorySegment body = request.bodySegment();
        seenBytes += body.byteSize();
        if (seenBytes > FACTORY_BYTES) {
            json = newFactory();
            copier = new JsonCopier();
            seenBytes = body.byteSize();
        }
        return body.heapBase().orElse(null) instanceof byte[] bytes
                ? json.createParser(bytes, (int) body.address(), (int) body.byteSize())
                : json.createParser(request.bodyStream());
    }

    private void refuse(HttpResponse response, int status, String message) throws IOException {
        reply.send(response.status(status), out -> {
            out.writeStartObject();
            out.writeStringField("error", message);
            out.writeEndObject();
        });
    }

    /** One line: the parser's words and where, without the source that it quotes. */
    private static String describe(JsonProcessingException e) {
        String message = e.getOriginalMessage().replaceAll("\\s+", " ");
        return e.getLocation() == null
                ? message
                : message + " (line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr() + ")";
    }
}
