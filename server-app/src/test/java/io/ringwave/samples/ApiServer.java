package io.ringwave.samples;

import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.http.BodyFlow;
import io.ringwave.http.BodyReceiver;
import io.ringwave.http.EventStream;
import io.ringwave.http.Handlers;
import io.ringwave.http.HttpRequest;
import io.ringwave.http.HttpResponse;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Router;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Looks users up where that may block, takes uploads as they arrive, and tells whoever listens about them. */
public final class ApiServer {

    private final Map<String, String> users = Map.of("1", "Ada", "2", "Grace"); // stands for a database
    private final Set<EventStream> listeners = ConcurrentHashMap.newKeySet();

    public static void main(String[] args) throws EngineException, InterruptedException {
        try (HttpServer server = new ApiServer().start(8080)) {
            server.awaitTermination();
        }
    }

    HttpServer start(int port) throws EngineException {
        EngineConfig config = EngineConfig.builder().port(port).build();
        return HttpServer.start(config, loop -> new Router()
                .get("/users/{id}", Handlers.offloaded(this::user)) // on a worker, so it may block
                .put("/files/{name}", Handlers.streaming(1L << 30, Upload::new))
                .get("/events", this::listen));
    }

    private void user(HttpRequest request, HttpResponse response) {
        String name = users.get(request.parameter("id"));
        if (name == null) {
            response.status(404).sendText("no such user\n");
        } else {
            response.sendText(name + "\n");
        }
    }

    private void listen(HttpRequest request, HttpResponse response) {
        EventStream events = EventStream.begin(response);
        listeners.add(events);
        events.stream().onCancel(() -> listeners.remove(events));
    }

    /** One upload: only counted. {@code flow} would slow the client down. */
    private final class Upload implements BodyReceiver {
        private final String name;
        private long bytes;

        Upload(HttpRequest request, BodyFlow flow) {
            name = request.parameter("name");
        }

        @Override
        public void received(MemorySegment memory, long offset, int length) {
            bytes += length;
        }

        @Override
        public void complete(HttpRequest request, HttpResponse response) {
            listeners.forEach(events -> events.send("upload", null, name + " has " + bytes + " bytes"));
            response.status(201).send();
        }
    }
}
