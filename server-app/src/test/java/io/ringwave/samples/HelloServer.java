package io.ringwave.samples;

import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Router;

/** Answers {@code GET /hello}. */
public final class HelloServer {

    public static void main(String[] args) throws EngineException, InterruptedException {
        try (HttpServer server = start(8080)) {
            server.awaitTermination();
        }
    }

    static HttpServer start(int port) throws EngineException {
        EngineConfig config = EngineConfig.builder().port(port).build();
        return HttpServer.start(config, loop -> new Router() // one per event loop: handlers need no locks
                .get("/hello", (request, response) -> response.sendText("Hello, World!\n")));
    }
}
