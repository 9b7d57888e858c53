package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineConfig;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Router;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What Java's flight recorder is told. */
class FlightRecordIT {
    private static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(30);
    private static final int BIG_BYTES = 8 << 20; // more than all socket buffers hold

    @ParameterizedTest
    @EnumSource
    void stallsShortagesAndChoicesAreRecorded(BackendOption backend, @TempDir Path directory) throws Exception {
        Router router = new Router().get("/quick", (request, response) -> response.sendText("quick"))
                .get("/stall", (request, response) -> {
                    long end = System.nanoTime() + STALL_NANOS;
                    while (System.nanoTime() - end < 0) {
                        Thread.onSpinWait();
                    }
                    response.sendText("at last");
                }).get("/big", (request, response) -> response.send("text/plain", new byte[BIG_BYTES]));
        EngineConfig config = EngineConfig.builder().loops(1).backend(backend.backend).bufferBytes(4096)
                .receiveBuffers(2).sendBuffers(2).build();
        try (Recording recording = new Recording()) {
            recording.enable("io.ringwave.LoopStall").withThreshold(Duration.ofMillis(10));
            recording.enable("io.ringwave.BackendChoice");
            recording.enable("io.ringwave.BufferExhaustion");
            recording.start();
            try (HttpServer server = HttpServer.start(config, loop -> router)) {
                assertEquals(200, TestClient.get(server.port(), "/quick").status());
                assertEquals(200, TestClient.get(server.port(), "/stall").status());
                askForMoreThanThereAreBuffers(server.port());
            }
            recording.stop();
            Path file = directory.resolve("recording.jfr");
            recording.dump(file);
            assertTold(backend, file);
        }
    }

    /** All ask before one of them reads: those who come last find no buffer. */
    private static void askForMoreThanThereAreBuffers(int port) throws IOException {
        List<TestClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                TestClient client = new TestClient(port);
                clients.add(client);
                client.send("GET /big HTTP/1.1\r\nHost: test\r\n\r\n");
            }
            for (TestClient client : clients) {
                assertEquals(BIG_BYTES, client.readResponse(false).body().length);
            }
        } finally {
            for (TestClient client : clients) {
                client.hangUp();
            }
        }
    }

    private static void assertTold(BackendOption backend, Path file) throws IOException {
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        RecordedEvent choice = first(events, "io.ringwave.BackendChoice");
        assertEquals(backend.backend, choice.getString("backend"));
        assertTrue(choice.getString("reason").contains("chosen by configuration"), choice.toString());
        RecordedEvent stall = events.stream().filter(event -> event.getEventType().getName()
                .equals("io.ringwave.LoopStall") && event.getLong("longestCall") >= STALL_NANOS).findFirst()
                .orElseThrow(() -> new AssertionError("no stall in " + events));
        assertTrue(stall.getDuration().toNanos() >= STALL_NANOS, stall.toString());
        assertEquals("onReceive", stall.getString("what"));
        assertEquals(0, stall.getInt("loop"));
        assertTrue(stall.getInt("completions") > 0, stall.toString());
        assertTrue(events.stream()
                .anyMatch(event -> event.getEventType().getName().equals("io.ringwave.BufferExhaustion")
                        && event.getString("kind").equals("send") && event.getLong("times") > 0),
                () -> "no shortage in " + events);
    }

    private static RecordedEvent first(List<RecordedEvent> events, String name) {
        return events.stream().filter(event -> event.getEventType().getName().equals(name)).findFirst()
                .orElseThrow(() -> new AssertionError("no " + name + " in " + events));
    }
}
