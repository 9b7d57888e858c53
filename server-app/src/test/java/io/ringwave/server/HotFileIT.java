package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.EngineConfig;
import io.ringwave.http.FileCacheConfig;
import io.ringwave.http.HttpConfig;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Router;
import io.ringwave.http.StaticFiles;
import io.ringwave.http.StaticFilesConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Hot files leave without a copy: sockets refer to the pages of the server's memory until a client has read them, however
 * late, while each second has a new head, and files drive out each other.
 */
class HotFileIT {

    private static final int[] SIZES = {4096, 5_000, 40_000, 65_536, 200_000};
    private static final int FILES = 15;
    /** Too few for all files twice, so that memory is given to others all the time. */
    private static final long CACHE_BYTES = 1_900_000;
    private static final int LATE = 30;
    /** As many requests as it takes until a connection has pages handed over, and more. */
    private static final int WARM_UP = 4;
    private static final int SECONDS = 3;

    private record File(String path, byte[] content) {}

    private record Late(TestClient client, File file, Instant asked) {}

    @TempDir
    private Path directory;

    private HttpServer start(BackendOption backend) throws Exception {
        StaticFilesConfig files = StaticFilesConfig.builder()
                .cache(FileCacheConfig.defaults().withCacheBytes(CACHE_BYTES)).build();
        return HttpServer.start(EngineConfig.builder().loops(1).backend(backend.backend).build(),
                HttpConfig.builder().build(), loop -> {
                    try {
                        return new Router().get("/{rest...}", StaticFiles.open(directory, files));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }

    private List<File> files() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        List<File> files = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            byte[] content = new byte[SIZES[i % SIZES.length]];
            random.nextBytes(content);
            Files.write(directory.resolve("f" + i), content);
            files.add(new File("/f" + i, content));
        }
        return files;
    }

    @ParameterizedTest
    @EnumSource
    void whoReadsLateGetsWhatWasSentThen(BackendOption backend) throws Exception {
        List<File> files = files();
        List<Late> late = new ArrayList<>();
        try (HttpServer server = start(backend); TestClient busy = new TestClient(server.port())) {
            Instant begin = Instant.now();
            while (Instant.now().isBefore(begin.plusSeconds(SECONDS))) {
                for (File file : files) {
                    askOften(busy, file);
                    if (late.size() < LATE) {
                        TestClient client = new TestClient(server.port());
                        for (int i = 0; i < WARM_UP; i++) {
                            ask(client, file);
                        }
                        client.send("GET " + file.path + " HTTP/1.1\r\nHost: a\r\n\r\n"); // and does not read
                        late.add(new Late(client, file, Instant.now().truncatedTo(ChronoUnit.SECONDS)));
                    }
                }
            }
            for (Late each : late) {
                TestClient.Response response = each.client.readResponse(false);
                assertArrayEquals(each.file.content, response.body());
                Instant made = date(response);
                assertFalse(made.isBefore(each.asked.minusSeconds(1)) || made.isAfter(each.asked.plusSeconds(1)),
                        () -> "asked at " + each.asked + ", and the response says " + made);
                assertTrue(date(ask(each.client, each.file)).isAfter(made), "a later one");
            }
        } finally {
            for (Late each : late) {
                each.client.close();
            }
        }
    }

    /** So often within a second that it is worth a response in memory. */
    private static void askOften(TestClient client, File file) throws IOException {
        for (int i = 0; i < 40; i++) {
            ask(client, file);
        }
    }

    private static TestClient.Response ask(TestClient client, File file) throws IOException {
        TestClient.Response response = client.request("GET", file.path);
        assertArrayEquals(file.content, response.body());
        return response;
    }

    private static Instant date(TestClient.Response response) {
        return ZonedDateTime.parse(response.headers().get("Date"), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
    }
}
