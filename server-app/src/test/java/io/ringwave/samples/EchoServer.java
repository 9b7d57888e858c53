package io.ringwave.samples;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;

/** Sends back whatever it receives, without copying it. */
public final class EchoServer {

    public static void main(String[] args) throws EngineException, InterruptedException {
        try (Engine engine = start(7000)) {
            engine.awaitTermination();
        }
    }

    static Engine start(int port) throws EngineException {
        EngineConfig config = EngineConfig.builder().port(port).build();
        return Engine.start(config, loop -> (connection, bytes) -> connection.send(bytes.retain()));
    }
}
