package io.ringwave.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.Engine;
import io.ringwave.http.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's samples do what it says. */
class SamplesIT {

    @Test
    void theEchoServerEchoes() throws Exception {
        byte[] sent = "back and forth\n".repeat(10_000).getBytes(StandardCharsets.UTF_8);
        try (Engine engine = EchoServer.start(0); Socket socket = connect(engine.port())) {
            Thread writer = Thread.ofVirtual().start(() -> write(socket, sent));
            assertArrayEquals(sent, socket.getInputStream().readNBytes(sent.length));
            writer.join();
        }
    }

    @Test
    void theHelloServerSaysHello() throws Exception {
        try (HttpServer server = HelloServer.start(0)) {
            assertEquals("Hello, World!\n", body(get(server.port(), "/hello")));
            assertTrue(get(server.port(), "/goodbye").startsWith("HTTP/1.1 404 "));
        }
    }

    @Test
    void theFileServerServesFiles(@TempDir Path directory) throws Exception {
        Files.createDirectory(directory.resolve("docs"));
        Files.writeString(directory.resolve("docs/page.txt"), "a page");
        try (HttpServer server = FileServer.start(0, directory)) {
            assertEquals("a page", body(get(server.port(), "/docs/page.txt")));
        }
    }

    @Test
    void theApiServerLooksUpTakesUploadsAndTellsOfThem() throws Exception {
        try (HttpServer server = new ApiServer().start(0); Socket listener = connect(server.port())) {
            assertEquals("Ada\n", body(get(server.port(), "/users/1")));
            assertTrue(get(server.port(), "/users/3").startsWith("HTTP/1.1 404 "));
            write(listener, "GET /events HTTP/1.1\r\nHost: test\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            readUntil(listener, "\r\n\r\n");
            try (Socket uploader = connect(server.port())) {
                write(uploader, ("PUT /files/notes HTTP/1.1\r\nHost: test\r\nContent-Length: 200000\r\n"
                        + "Connection: close\r\n\r\n" + "x".repeat(200_000)).getBytes(StandardCharsets.US_ASCII));
                assertTrue(new String(uploader.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                        .startsWith("HTTP/1.1 201 "));
            }
            assertTrue(readUntil(listener, "\n\n").endsWith("event: upload\ndata: notes has 200000 bytes\n\n"));
        }
    }

    private static String readUntil(Socket socket, String end) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int next = socket.getInputStream().read();
            assertTrue(next >= 0, "the connection ended after " + text);
            text.append((char) next);
        }
        return text.toString();
    }

    private static String get(int port, String path) throws IOException {
        try (Socket socket = connect(port)) {
            write(socket, ("GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String body(String response) {
        return response.substring(response.indexOf("\r\n\r\n") + 4);
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void write(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
