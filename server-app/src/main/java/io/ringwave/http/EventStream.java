package io.ringwave.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Server-sent events (WHATWG HTML, section 9.2): a response that goes on as long as client and server want, one event
 * after the other. Events may come from any thread, one at a time; an event is taken whole or refused, as {@link
 * ResponseStream} has it.
 */
public final class EventStream implements AutoCloseable {

    private static final HttpHeaderBytes NO_STORE = HttpHeaderBytes.of("Cache-Control", "no-store");

    private final ResponseStream stream;

    private EventStream(ResponseStream stream) {
        this.stream = stream;
    }

    /** Begins an event stream: sends the head. */
    public static EventStream begin(HttpResponse response) {
        return new EventStream(response.header(NO_STORE).stream("text/event-stream"));
    }

    /** The stream below: whether it takes events, is cancelled, and who is to be told. */
    public ResponseStream stream() {
        return stream;
    }

    /** Sends an event of the default type. */
    public boolean send(String data) {
        return send(null, null, data);
    }

    /**
     * Sends an event.
     *
     * @param type what the client listens for; null for the default, {@code message}
     * @param id what the client names when it comes back ({@code Last-Event-ID}); null for none
     * @param data any text; every line of it becomes a {@code data} field
     * @return false if the client does not keep up and the event was not taken, or it has left
     * @throws IllegalArgumentException if type or id have more than one line, or the id contains NUL; or if all of it
     *     is longer than {@link ResponseStream#MAX_WRITE_BYTES}
     */
    public boolean send(@Nullable String type, @Nullable String id, String data) {
        StringBuilder event = new StringBuilder(data.length() + 64);
        if (type != null) {
            field(event, "event", requireLine("type", type));
        }
        if (id != null) {
            if (id.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("an id must not contain NUL");
            }
            field(event, "id", requireLine("id", id));
        }
        data.lines().forEach(line -> field(event, "data", line));
        if (data.isEmpty() || data.endsWith("\n") || data.endsWith("\r")) {
            field(event, "data", ""); // lines() leaves the last, empty line out
        }
        return write(event.append('\n'));
    }

    /** Sends a comment, which clients ignore: it keeps proxies from taking a quiet connection for a dead one. */
    public boolean comment(String text) {
        return write(new StringBuilder().append(": ").append(requireLine("comment", text)).append("\n\n"));
    }

    /** Ends the response. A client that wants more comes back. */
    @Override
    public void close() {
        stream.close();
    }

    private boolean write(StringBuilder event) {
        return stream.write(event.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void field(StringBuilder event, String name, String value) {
        event.append(name).append(": ").append(value).append('\n');
    }

    private static String requireLine(String what, String text) {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0) {
            throw new IllegalArgumentException("the " + what + " of an event is one line");
        }
        return text;
    }
}
