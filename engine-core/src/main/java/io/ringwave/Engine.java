package io.ringwave;

import java.util.List;

/** Placeholder, replaced by the loop in the next commit. */
public final class Engine implements AutoCloseable {
    private Engine() {}

    public static Engine start(EngineConfig config, HandlerFactory handlers) throws EngineException {
        throw new EngineException("no event loop yet");
    }

    public int port() {
        return 0;
    }

    public BackendChoice backend() {
        return new BackendChoice("", "", "", List.of());
    }

    public EngineStats stats() {
        return new EngineStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    public void awaitTermination() throws InterruptedException {
        Thread.currentThread().join();
    }

    @Override
    public void close() {}
}
