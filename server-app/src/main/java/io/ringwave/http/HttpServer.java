package io.ringwave.http;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.LoopContext;
import java.util.function.Function;

/**
 * An HTTP/1.1 server: an {@link Engine} with an HTTP handler on every loop.
 *
 * <pre>{@code
 * try (HttpServer server = HttpServer.start(EngineConfig.builder().port(8080).build(), loop -> new Router()
 *         .get("/hello", (request, response) -> response.sendText("Hello, World!")))) {
 *     server.awaitTermination();
 * }
 * }</pre>
 */
public final class HttpServer implements AutoCloseable {

    private final Engine engine;

    private HttpServer(Engine engine) {
        this.engine = engine;
    }

    /** Starts a server with the default limits. */
    public static HttpServer start(EngineConfig engine, Function<LoopContext, Router> routers) throws EngineException {
        return start(engine, HttpConfig.defaults(), routers);
    }

    /**
     * Starts a server.
     *
     * @param routers called once per event loop, on the loop's thread, so that handlers need no synchronisation
     * @throws EngineException with a one-line message, if the engine cannot start
     */
    public static HttpServer start(EngineConfig engine, HttpConfig http, Function<LoopContext, Router> routers)
            throws EngineException {
        throw new UnsupportedOperationException();
    }

    /** The port it listens on. */
    public int port() {
        return engine.port();
    }

    /** The engine below. */
    public Engine engine() {
        return engine;
    }

    /** What was counted since the start; any thread. */
    public HttpStats stats() {
        throw new UnsupportedOperationException();
    }

    /** Waits until the server was closed. */
    public void awaitTermination() throws InterruptedException {
        engine.awaitTermination();
    }

    /**
     * Stops accepting, lets requests in flight finish (their responses say {@code Connection: close}), and ends the
     * loops; see {@link Engine#close}. Idempotent.
     */
    @Override
    public void close() {
        engine.close();
    }
}
