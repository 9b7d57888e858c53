package io.ringwave.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Takes the pictures of the live page for the README; run by scripts/screenshots.sh, not by the build. */
class DashboardPictures {
    private static final Path PICTURES = Path.of(System.getProperty("picturesDirectory", "target"));
    /** Half of what the charts show at first is enough to see something. */
    private static final int SAMPLES = 62;
    private static final int LOAD_SECONDS = 110;

    private static final List<List<String>> LOADS = List.of(List.of("-c48", "/plaintext"),
            List.of("-c16", "/static/index.html"), List.of("-c4", "/api/health"), List.of("-c2", "/blocking"),
            List.of("-c1", "/static/none"));

    @TempDir
    Path directory;

    @Test
    void takePictures() throws Exception {
        Files.createDirectories(PICTURES);
        try (ServerProcess server = ServerProcess.start("--static-dir", "../static", "--benchmark-routes", "--workers",
                "2"); ChromiumProcess browser = ChromiumProcess.start(Files.createTempDirectory(directory, "p"))) {
            List<Process> loads = load(server.port());
            try {
                browser.emulate(1200, 980, 1, "light");
                browser.open(DashboardIT.page(server));
                for (int samples = 10; samples <= SAMPLES; samples += 10) {
                    DashboardIT.awaitSamples(browser, samples);
                }
                take(browser, "dashboard-light.png");
                browser.emulate(1200, 980, 1, "dark");
                DashboardIT.awaitSamples(browser, SAMPLES + 2);
                take(browser, "dashboard-dark.png");
                browser.emulate(360, 1400, 1, "light");
                DashboardIT.awaitSamples(browser, SAMPLES + 4);
                take(browser, "dashboard-phone.png");
            } finally {
                loads.forEach(Process::destroyForcibly);
            }
        }
    }

    private static List<Process> load(int port) throws IOException {
        List<Process> processes = new ArrayList<>();
        for (List<String> load : LOADS) {
            processes.add(new ProcessBuilder("wrk", "-t1", load.get(0), "-d" + LOAD_SECONDS,
                    "http://127.0.0.1:" + port + load.get(1)).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start());
        }
        return processes;
    }

    private static void take(ChromiumProcess browser, String name) throws Exception {
        Files.write(PICTURES.resolve(name), browser.screenshot());
    }
}
