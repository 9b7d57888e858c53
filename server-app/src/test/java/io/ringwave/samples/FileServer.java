package io.ringwave.samples;

import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Router;
import io.ringwave.http.StaticFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Serves the files below a directory. */
public final class FileServer {

    public static void main(String[] args) throws EngineException, InterruptedException {
        try (HttpServer server = start(8080, Path.of(args[0]))) {
            server.awaitTermination();
        }
    }

    static HttpServer start(int port, Path directory) throws EngineException {
        EngineConfig config = EngineConfig.builder().port(port).build();
        return HttpServer.start(config, loop -> new Router().get("/{rest...}", files(directory)));
    }

    private static StaticFiles files(Path directory) {
        try {
            return StaticFiles.open(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
