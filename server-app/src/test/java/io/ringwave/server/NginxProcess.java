package io.ringwave.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * An nginx that serves a directory below {@code /static/}, with its own configuration in a directory of its own, to compare
 * answers with. Ends with the test that started it.
 */
final class NginxProcess implements AutoCloseable {
    private static final List<Path> PLACES = Stream.of("/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx")
            .map(Path::of).toList();

    private final Process process;
    private final int port;

    private NginxProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it and waits until it answers. Skips the test, saying why, where it is missing. */
    static NginxProcess start(Path site, Path home) throws Exception {
        Path program = PLACES.stream().filter(Files::isExecutable).findFirst().orElse(null);
        Assumptions.assumeTrue(program != null, "nginx is not installed");
        int port = freePort();
        Path configuration = Files.writeString(home.resolve("nginx.conf"), """
                daemon off;
                master_process off;
                pid HOME/nginx.pid;
                error_log HOME/error.log;
                events { worker_connections 64; }
                http {
                    access_log off;
                    client_body_temp_path HOME/body; proxy_temp_path HOME/proxy; fastcgi_temp_path HOME/fastcgi;
                    uwsgi_temp_path HOME/uwsgi; scgi_temp_path HOME/scgi;
                    types { text/html html; text/plain txt; application/octet-stream bin; }
                    default_type application/octet-stream;
                    charset utf-8;
                    gzip_static on;
                    gzip_vary on;
                    gzip_http_version 1.0;
                    absolute_redirect off;
                    max_ranges 16;
                    server {
                        listen 127.0.0.1:PORT;
                        location /static/ { alias SITE/; }
                    }
                }
                """.replace("HOME", home.toString()).replace("SITE", site.toString()).replace("PORT", "" + port));
        Path log = home.resolve("stderr.log");
        Process process = new ProcessBuilder(program.toString(), "-p", home.toString(), "-c", configuration.toString(),
                "-e", home.resolve("error.log").toString()).redirectErrorStream(true).redirectOutput(log.toFile())
                .start();
        NginxProcess nginx = new NginxProcess(process, port);
        try {
            Await.until("nginx answers", nginx::answers, Boolean::booleanValue);
        } catch (AssertionError e) {
            nginx.close();
            throw new AssertionError(Files.readString(log), e);
        }
        return nginx;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private boolean answers() {
        try (Socket probe = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return probe.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    int port() {
        return port;
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
