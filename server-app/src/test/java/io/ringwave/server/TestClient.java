package io.ringwave.server;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * One connection of a plain HTTP client that says exactly what it is told to, and reads responses as RFC 9112 frames
 * them. Every read has a deadline.
 */
final class TestClient implements AutoCloseable {
    private static final Duration READ_DEADLINE = Duration.ofSeconds(20);

    private final Socket socket;
    private final InputStream in;

    TestClient(int port) throws IOException {
        this(new Socket(InetAddress.getLoopbackAddress(), port));
    }

    /** @param socket connected; closed with this client */
    TestClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) READ_DEADLINE.toMillis());
        in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
    }

    /** A response; header names are found whatever their case. */
    record Response(String statusLine, Map<String, String> headers, byte[] body) {
        int status() {
            return Integer.parseInt(statusLine.split(" ", 3)[1]);
        }

        /** The length of the body that the head announces. */
        int contentLength() {
            return Integer.parseInt(headers.get("Content-Length"));
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    static Response get(int port, String path) throws IOException {
        try (TestClient client = new TestClient(port)) {
            return client.request("GET", path);
        }
    }

    Response request(String method, String path) throws IOException {
        send(method + " " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
        return readResponse(method.equals("HEAD"));
    }

    Response post(String path, String contentType, byte[] body) throws IOException {
        send("POST " + path + " HTTP/1.1\r\nHost: test\r\nContent-Type: " + contentType + "\r\nContent-Length: "
                + body.length + "\r\n\r\n");
        socket.getOutputStream().write(body);
        return readResponse(false);
    }

    void send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Reads one response. @param headOnly whether it answers HEAD, so that no body follows */
    Response readResponse(boolean headOnly) throws IOException {
        Response head = readHead();
        String statusLine = head.statusLine();
        Map<String, String> headers = head.headers();
        int status = head.status();
        boolean bodiless = headOnly || status < 200 || status == 204 || status == 304;
        byte[] body = bodiless ? new byte[0] : in.readNBytes(head.contentLength());
        if (!bodiless && body.length < head.contentLength()) {
            throw new EOFException("the body ended after " + body.length + " bytes: " + statusLine + " " + headers);
        }
        return new Response(statusLine, headers, body);
    }

    /** Reads the head of a response; what it announces as the body is left to read from {@link #in}. */
    Response readHead() throws IOException {
        String statusLine = readLine();
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = readLine(); !line.isEmpty(); line = readLine()) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon), line.substring(colon + 1).strip());
        }
        return new Response(statusLine, headers, new byte[0]);
    }

    /** Whether the server ends the connection now, having sent nothing more. */
    boolean isClosedByServer() throws IOException {
        try {
            return in.read() < 0;
        } catch (SocketException e) {
            return true; // a reset closes as well
        }
    }

    /** Ends the connection; what has arrived and was not read makes that a reset. */
    void hangUp() throws IOException {
        socket.close();
    }

    Socket socket() {
        return socket;
    }

    InputStream in() {
        return in;
    }

    @Override
    public void close() throws IOException {
        hangUp();
    }

    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(80);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException(
                        "the connection ended within '" + line.toString(StandardCharsets.ISO_8859_1) + "'");
            }
            line.write(next);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        if (!text.endsWith("\r")) {
            throw new IOException("a line without CR: " + text);
        }
        return text.substring(0, text.length() - 1);
    }
}
