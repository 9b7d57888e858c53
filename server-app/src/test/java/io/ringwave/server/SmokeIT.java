package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The first things that anybody tries, on the real jar. */
class SmokeIT {
    private static final Path SAMPLE_PAGE = Path.of("..", "static");

    @ParameterizedTest
    @EnumSource
    void curlFetchesAPageAndTheHealth(BackendOption backend, @TempDir Path directory) throws Exception {
        Commands.require("curl");
        Files.writeString(directory.resolve("index.html"), "Hello, World!\n");
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", directory.toString()))) {
            String url = "http://localhost:" + server.port();
            assertEquals(new Commands.Result(0, "Hello, World!\n"),
                    Commands.run("curl", "-sS4m20", url + "/static/index.html"));
            assertEquals(new Commands.Result(0, "{\"status\":\"UP\"}"),
                    Commands.run("curl", "-sS4m20", url + "/api/health"));
            server.terminate();
            assertEquals(0, server.awaitExit(), server.log());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSamplePageComesWithAllItsParts(BackendOption backend) throws Exception {
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", SAMPLE_PAGE.toString()));
                TestClient client = new TestClient(server.port())) {
            assertEquals("/static/", client.request("GET", "/").headers().get("Location"));
            assertArrayEquals(Files.readAllBytes(SAMPLE_PAGE.resolve("index.html")),
                    client.request("GET", "/static/").body());
            for (String[] part : new String[][]{{"style.css", "text/css"}, {"stats.js", "javascript"},
                {"wave.svg", "image/svg+xml"}}) {
                TestClient.Response response = client.request("GET", "/static/" + part[0]);
                assertEquals(200, response.status(), part[0]);
                assertTrue(response.headers().get("Content-Type").contains(part[1]), response.headers().toString());
                assertArrayEquals(Files.readAllBytes(SAMPLE_PAGE.resolve(part[0])), response.body());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theStatisticsNameTheBackendAndCount(BackendOption backend) throws Exception {
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", SAMPLE_PAGE.toString()));
                TestClient client = new TestClient(server.port())) {
            client.request("GET", "/api/health");
            byte[] stats = client.request("GET", "/api/stats").body();
            assertEquals(backend.backend, JsonText.at("/backend/name", stats));
            assertFalse(JsonText.at("/backend/reason", stats).isBlank());
            assertEquals("1", JsonText.at("/connections/open", stats));
            assertEquals("1", JsonText.at("/connections/accepted", stats));
            assertEquals("2", JsonText.at("/requests/total", stats));
            assertTrue(Double.parseDouble(JsonText.at("/uptimeSeconds", stats)) >= 0);
            assertTrue(server.log().contains("Backend " + backend.backend), server.log());
        }
    }

    @Test
    void ioUringIsTakenWithoutBeingAskedFor() throws Exception {
        try (ServerProcess server = ServerProcess.start("--static-dir", SAMPLE_PAGE.toString())) {
            byte[] stats = TestClient.get(server.port(), "/api/stats").body();
            assertEquals("io_uring", JsonText.at("/backend/name", stats), server.log());
            assertEquals("", JsonText.at("/backend/remedy", stats));
        }
    }

    @ParameterizedTest
    @EnumSource
    void benchmarkRoutesAreServedOnDemandOnly(BackendOption backend) throws Exception {
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", SAMPLE_PAGE.toString(), "--benchmark-routes"));
                TestClient client = new TestClient(server.port())) {
            TestClient.Response plain = client.request("GET", "/plaintext");
            assertEquals("Hello, World!", plain.text());
            assertEquals("text/plain", plain.headers().get("Content-Type"));
            TestClient.Response json = client.request("GET", "/json");
            assertEquals("{\"message\":\"Hello, World!\"}", json.text());
            assertEquals("application/json", json.headers().get("Content-Type"));
            for (String header : new String[]{"Content-Length", "Server", "Date"}) {
                assertTrue(plain.headers().containsKey(header), header);
                assertTrue(json.headers().containsKey(header), header);
            }
        }
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", SAMPLE_PAGE.toString()))) {
            assertEquals(404, TestClient.get(server.port(), "/plaintext").status());
            assertEquals(404, TestClient.get(server.port(), "/json").status());
        }
    }
}
