package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The live page as a browser has it. */
class DashboardIT {
    private static final String PAGES = "../static";
    private static final String CHART = "document.querySelector('#throughput canvas').toDataURL()";

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void theChartsMoveUnderLoad(BackendOption backend) throws Exception {
        Commands.require("chromium");
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", PAGES, "--benchmark-routes", "--workers", "2"));
                ChromiumProcess browser = browser()) {
            browser.open(page(server));
            awaitState(browser, "live");
            awaitSamples(browser, 2);
            assertEquals(backend.backend, browser.evaluate("document.getElementById('backend').textContent"));
            String quiet = browser.evaluate(CHART);
            whileLoaded(server, () -> Await.until("requests on the page", () -> data(browser, "requests"),
                    requests -> requests > 500));
            assertNotEquals(quiet, browser.evaluate(CHART));
            assertNotEquals("–", browser.evaluate("document.getElementById('p99').textContent"));
            assertEquals("2", browser.evaluate("document.querySelectorAll('#loop-rows tr').length"));
            assertEquals(List.of(), browser.errors());
        }
    }

    @Test
    void itOutlivesTheServer() throws Exception {
        Commands.require("chromium");
        try (ChromiumProcess browser = browser()) {
            int port;
            try (ServerProcess server = ServerProcess.start("--static-dir", PAGES)) {
                port = server.port();
                browser.open(page(server));
                awaitState(browser, "live");
                server.terminate();
                assertEquals(Main.STOPPED, server.awaitExit(), server.log()); // a stream does not keep it
            }
            awaitState(browser, "away");
            assertTrue(browser.evaluate("document.getElementById('state').textContent").contains("server away for"));
            long samples = data(browser, "samples");
            try (ServerProcess again = ServerProcess.start("--static-dir", PAGES, "--port", Integer.toString(port))) {
                assertEquals(port, again.port());
                awaitState(browser, "live");
                awaitSamples(browser, samples + 2);
            }
            assertFalse(browser.errors().stream().anyMatch(error -> error.contains("exceptionThrown")),
                    browser.errors().toString());
        }
    }

    @Test
    void withoutTheStreamItAsks() throws Exception {
        Commands.require("chromium");
        try (ServerProcess server = ServerProcess.start("--static-dir", PAGES); ChromiumProcess browser = browser()) {
            browser.block("*/api/stats/stream");
            browser.open(page(server));
            awaitState(browser, "polling");
            awaitSamples(browser, 3);
            whileLoaded(server, () -> Await.until("requests on the page", () -> data(browser, "requests"),
                    requests -> requests > 100));
        }
    }

    @Test
    void itFitsAPhone() throws Exception {
        Commands.require("chromium");
        try (ServerProcess server = ServerProcess.start("--static-dir", PAGES); ChromiumProcess browser = browser()) {
            browser.emulate(360, 740, 1, "dark");
            browser.open(page(server));
            awaitSamples(browser, 1);
            assertEquals("360", browser.evaluate("document.documentElement.scrollWidth"));
            assertTrue(
                    Integer.parseInt(browser.evaluate("document.querySelector('#latency canvas').clientWidth")) > 280);
            assertEquals("rgb(14, 19, 26)", browser.evaluate("getComputedStyle(document.body).backgroundColor"));
            browser.emulate(360, 740, 1, "light");
            assertEquals("rgb(245, 246, 248)", browser.evaluate("getComputedStyle(document.body).backgroundColor"));
        }
    }

    @Test
    void itIsOnePageThatNeedsNothingFromElsewhere() throws Exception {
        try (ServerProcess server = ServerProcess.start("--static-dir", PAGES);
                TestClient client = new TestClient(server.port())) {
            TestClient.Response page = client.request("GET", "/api/dashboard");
            assertEquals(200, page.status());
            assertEquals("text/html; charset=utf-8", page.headers().get("Content-Type"));
            assertEquals("no-cache", page.headers().get("Cache-Control"));
            assertTrue(page.headers().get("Content-Security-Policy")
                    .matches("default-src 'none'; script-src( 'sha256-[^']+'){2}; style-src 'sha256-[^']+'; "
                            + "connect-src 'self'; .*"),
                    page.headers().toString());
            assertFalse(Pattern.compile("(src|href|@import|url)\\s*[=(]\\s*[\"']?(https?:)?//").matcher(page.text())
                    .find());
            assertFalse(page.text().contains("{{"), "a part is missing");
            client.send("GET /api/dashboard HTTP/1.1\r\nHost: test\r\nIf-None-Match: " + page.headers().get("ETag")
                    + "\r\n\r\n");
            assertEquals(304, client.readResponse(false).status());
        }
    }

    @Test
    void itCanBeLeftOut() throws IOException {
        try (ServerProcess server = ServerProcess.start("--static-dir", PAGES, "--no-dashboard")) {
            assertEquals(404, TestClient.get(server.port(), "/api/dashboard").status());
            assertEquals(200, TestClient.get(server.port(), "/api/stats").status());
        }
    }

    private ChromiumProcess browser() throws Exception {
        return ChromiumProcess.start(Files.createTempDirectory(directory, "profile"));
    }

    static String page(ServerProcess server) {
        return "http://127.0.0.1:" + server.port() + "/api/dashboard";
    }

    static void awaitState(ChromiumProcess browser, String state) throws Exception {
        Await.until("the page's state", () -> browser.evaluate("document.body && document.body.dataset.state"),
                state::equals);
    }

    static void awaitSamples(ChromiumProcess browser, long count) throws Exception {
        Await.until("samples on the page", () -> data(browser, "samples"), samples -> samples >= count);
    }

    private static long data(ChromiumProcess browser, String name) throws Exception {
        return Long.parseLong(browser.evaluate("document.body && document.body.dataset." + name + " || 0"));
    }

    /** Waits for something while one request after the other is made. */
    private static void whileLoaded(ServerProcess server, Callable<?> wait) throws Exception {
        AtomicBoolean ended = new AtomicBoolean();
        Thread load = Thread.ofVirtual().start(() -> {
            try (TestClient client = new TestClient(server.port())) {
                while (!ended.get()) {
                    client.request("GET", "/static/style.css");
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        try {
            wait.call();
        } finally {
            ended.set(true);
            load.join();
        }
    }
}
