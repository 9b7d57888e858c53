package io.ringwave.server;

import io.ringwave.http.EventStream;
import io.ringwave.http.HttpHandler;
import io.ringwave.http.HttpRequest;
import io.ringwave.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /api/stats/stream}: what each second was like, as server-sent events. A second is rendered once for all who
 * listen, and not at all if nobody does. Who reads slowly misses seconds: a stream takes an event whole or refuses it. One
 * for all loops, thread-safe.
 */
final class StatsStream implements HttpHandler {

    /** How many may listen at a time; others are told to come back. */
    static final int MAX_READERS = 100;

    private final StatsJson json;
    private final Set<EventStream> readers = ConcurrentHashMap.newKeySet();
    private final AtomicInteger places = new AtomicInteger(MAX_READERS);
    private volatile byte @Nullable [] last; // the newest event, while somebody listens
    private volatile boolean closed;

    StatsStream(StatsJson json) {
        this.json = json;
    }

    @Override
    public void handle(HttpRequest request, HttpResponse response) {
        if (closed || places.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
            response.status(503).header("Retry-After", "5").sendText("too many listen already, or the server stops\n");
            return;
        }
        EventStream reader = EventStream.begin(response);
        readers.add(reader);
        reader.stream().onCancel(() -> leave(reader));
        byte[] event = last;
        if (event != null) {
            reader.stream().write(event);
        }
        if (closed) {
            end(reader); // it came while the others were ended
        }
    }

    private void leave(EventStream reader) {
        if (readers.remove(reader)) {
            places.incrementAndGet();
        }
    }

    boolean hasReaders() {
        return !readers.isEmpty();
    }

    /** Sends what the last second was like to all who listen. */
    void send(Figures figures, Present present) {
        byte[] event = ("event: stats\ndata: " + json.event(figures, present) + "\n\n")
                .getBytes(StandardCharsets.UTF_8);
        last = event;
        for (EventStream reader : readers) {
            reader.stream().write(event); // refused: it misses this second
        }
    }

    /** Nobody listened to the last second: who comes now must not be sent an old one. */
    void forget() {
        last = null;
    }

    /** Ends all streams: a server that stops need not wait for them. Idempotent. */
    void close() {
        closed = true;
        readers.forEach(this::end);
    }

    private void end(EventStream reader) {
        reader.close();
        leave(reader);
    }
}
