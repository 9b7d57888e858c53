package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * How many system calls the real server makes while requests are pipelined over io_uring, counted by strace(1) over all its
 * threads.
 */
class SystemCallsIT {

    private static final int CONNECTIONS = 32;
    private static final int DEPTH = 64;
    private static final int ROUNDS = 100;
    private static final int REQUESTS_PER_CALL = 32;

    @TempDir
    private static Path scratch;

    @Test
    @Timeout(120)
    void aCallServesMoreThan32PipelinedRequests() throws Exception {
        Commands.require("strace");
        try (ServerProcess server = ServerProcess.start("--static-dir", scratch.toString(), "--workers", "1",
                "--benchmark-routes")) {
            assumeTrue(JsonText.at("/backend/name", TestClient.get(server.port(), "/api/stats").body())
                    .equals("io_uring"), "io_uring is not available here");
            List<Socket> clients = new ArrayList<>();
            try {
                for (int i = 0; i < CONNECTIONS; i++) {
                    clients.add(connect(server.port()));
                }
                int responseBytes = responseBytes(clients.getFirst());
                load(clients, responseBytes, ROUNDS); // what happens once happens now
                long calls = callsDuring(server.pid(), () -> load(clients, responseBytes, ROUNDS));
                long requests = (long) CONNECTIONS * DEPTH * ROUNDS;
                assertTrue(calls > 0, "strace saw nothing");
                assertTrue(calls * REQUESTS_PER_CALL < requests, calls + " system calls for " + requests + " requests");
            } finally {
                for (Socket client : clients) {
                    client.close();
                }
            }
        }
    }

    private interface Load {
        void run() throws IOException;
    }

    private static long callsDuring(long pid, Load load) throws Exception {
        Path summary = scratch.resolve("strace.out");
        Process strace = new ProcessBuilder("strace", "-f", "-c", "-o", summary.toString(), "-p", String.valueOf(pid))
                .start();
        try {
            BufferedReader messages = new BufferedReader(
                    new InputStreamReader(strace.getErrorStream(), StandardCharsets.UTF_8));
            String attached = messages.readLine();
            assumeTrue(attached != null && attached.contains("attached"), "strace may not attach: " + attached);
            load.run();
            assertEquals(0, Commands.run("kill", "-INT", String.valueOf(strace.pid())).status());
            while (messages.readLine() != null) {
                // read on, lest strace wait for us
            }
            assertTrue(strace.waitFor(30, TimeUnit.SECONDS), "strace did not end");
        } finally {
            strace.destroyForcibly();
        }
        String total = Files.readAllLines(summary).stream().filter(line -> line.endsWith(" total")).findFirst()
                .orElseThrow();
        return Long.parseLong(total.strip().split("\\s+")[3]);
    }

    /** In each round every client sends all its requests, and then reads all its responses. */
    private static void load(List<Socket> clients, int responseBytes, int rounds) throws IOException {
        byte[] requests = request().repeat(DEPTH).getBytes(StandardCharsets.US_ASCII);
        byte[] responses = new byte[DEPTH * responseBytes];
        for (int round = 0; round < rounds; round++) {
            for (Socket client : clients) {
                client.getOutputStream().write(requests);
            }
            for (Socket client : clients) {
                new DataInputStream(client.getInputStream()).readFully(responses);
                assertEquals('H', responses[(DEPTH - 1) * responseBytes], "the last response does not begin there");
            }
        }
    }

    private static int responseBytes(Socket client) throws IOException {
        client.getOutputStream().write(request().getBytes(StandardCharsets.US_ASCII));
        byte[] response = new byte[4096];
        int length = 0;
        while (!new String(response, 0, length, StandardCharsets.US_ASCII).endsWith("Hello, World!")) {
            int read = client.getInputStream().read(response, length, response.length - length);
            assertTrue(read > 0, "the response ends early");
            length += read;
        }
        return length;
    }

    private static String request() {
        return "GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout((int) ServerProcess.DEADLINE.toMillis());
        socket.setTcpNoDelay(true);
        return socket;
    }
}
