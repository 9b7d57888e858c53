package io.ringwave.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A real Prometheus that scrapes a server once a second, with its configuration and its data in a directory of its own. Ends
 * with the test that started it.
 */
final class PrometheusProcess implements AutoCloseable {
    private final Process process;
    private final int port;

    private PrometheusProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it and waits until it is ready. Skips the test, saying why, where it is missing. */
    static PrometheusProcess start(int target, Path home) throws Exception {
        Commands.require("prometheus");
        int port = freePort();
        Path configuration = Files.writeString(home.resolve("prometheus.yml"), """
                global: { scrape_interval: 1s, scrape_timeout: 1s }
                scrape_configs:
                  - job_name: ringwave
                    metrics_path: /api/metrics
                    static_configs: [ targets: ["127.0.0.1:PORT"] ]
                """.replace("PORT", "" + target));
        Path log = home.resolve("prometheus.log");
        Process process = new ProcessBuilder("prometheus", "--config.file=" + configuration,
                "--storage.tsdb.path=" + home.resolve("data"), "--web.listen-address=127.0.0.1:" + port)
                .redirectErrorStream(true).redirectOutput(log.toFile()).start();
        PrometheusProcess prometheus = new PrometheusProcess(process, port);
        try {
            Await.until("Prometheus is ready", prometheus::isReady, Boolean::booleanValue);
        } catch (AssertionError e) {
            prometheus.close();
            throw new AssertionError(Files.readString(log), e);
        }
        return prometheus;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private boolean isReady() {
        try {
            return TestClient.get(port, "/-/ready").status() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** The newest value of an expression that yields one; empty if it yields none. */
    String query(String expression) throws IOException {
        byte[] answer = TestClient
                .get(port, "/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8)).body();
        return new String(answer, StandardCharsets.UTF_8).contains("\"result\":[]")
                ? ""
                : JsonText.at("/data/result/0/value/1", answer);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
