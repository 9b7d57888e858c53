package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.ThreadAffinity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Where the kernel says that the program's loops may run, and where it runs them. */
class PinningIT {

    private static final String PAGES = "../static";
    private static final List<Integer> USABLE = ThreadAffinity.ofProcess().stream().boxed().toList();
    private static final int REQUESTS = 2_000;
    private static final int LOOK_EVERY = 100;

    /** Loop to the directory of its thread. */
    private static TreeMap<Integer, Path> loops(ServerProcess server) throws IOException {
        TreeMap<Integer, Path> loops = new TreeMap<>();
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + server.pid() + "/task"))) {
            for (Path task : tasks.toList()) {
                String name = Files.readString(task.resolve("comm")).strip();
                if (name.startsWith("ringwave-loop-")) {
                    loops.put(Integer.parseInt(name.substring("ringwave-loop-".length())), task);
                }
            }
        }
        return loops;
    }

    private static String allowed(Path task) throws IOException {
        return Files.readAllLines(task.resolve("status")).stream().filter(line -> line.startsWith("Cpus_allowed_list:"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst().orElseThrow();
    }

    private static int lastCpu(Path task) throws IOException {
        String stat = Files.readString(task.resolve("stat"));
        return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[39 - 3]);
    }

    @ParameterizedTest
    @EnumSource
    void eachLoopRunsOnItsCpuAndNowhereElse(BackendOption backend) throws Exception {
        List<Integer> cpus = USABLE.reversed().stream().limit(4).toList();
        String list = cpus.stream().map(String::valueOf).collect(Collectors.joining(","));
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", PAGES, "--pin", list))) {
            server.awaitLine(line -> line.contains("loops are pinned to CPUs " + list + ": as configured"));
            TreeMap<Integer, Path> loops = loops(server);
            assertEquals(cpus.size(), loops.size(), "as many loops as CPUs");
            TestClient[] clients = new TestClient[8];
            for (int i = 0; i < clients.length; i++) {
                clients[i] = new TestClient(server.port());
            }
            for (int i = 0; i < REQUESTS; i++) {
                assertEquals(200, clients[i % clients.length].request("GET", "/api/health").status());
                if (i % LOOK_EVERY == 0) {
                    for (int loop = 0; loop < cpus.size(); loop++) {
                        assertEquals(cpus.get(loop).toString(), allowed(loops.get(loop)));
                        assertEquals(cpus.get(loop), lastCpu(loops.get(loop)));
                    }
                }
            }
            String stats = clients[0].request("GET", "/api/stats").text();
            String expected = IntStream.range(0, cpus.size())
                    .mapToObj(loop -> "{\"loop\":" + loop + ",\"cpu\":" + cpus.get(loop)
                            + ",\"node\":\\d+,\"pinned\":true}")
                    .collect(Collectors.joining(",")).replace("{", "\\{").replace("}", "\\}");
            assertTrue(stats.matches("(?s).*\"placement\":\\[" + expected + "].*"), stats);
            for (TestClient client : clients) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void buffersStandInHugePagesAsFarAsThereAreAny(BackendOption backend) throws Exception {
        try (ServerProcess server = ServerProcess
                .start(backend.with("--static-dir", PAGES, "--huge-pages", "--workers", "2"))) {
            server.awaitLine(line -> line.matches(".*Buffers of 26208 KiB a loop: 2 loops in "
                    + "(reserved huge pages|transparent huge pages, since .*|plain pages, since .*)"));
            assertEquals(200, TestClient.get(server.port(), "/api/health").status());
            assertEquals(200, TestClient.get(server.port(), "/static/").status());
        }
    }

    @Test
    void withoutBeingToldItPinsOnlyWhereItHasTheCpusForItself() throws Exception {
        try (ServerProcess server = ServerProcess.start("--static-dir", PAGES, "--workers", "1")) {
            server.awaitLine(line -> line.contains("loops are not pinned: "));
            assertTrue(server.log().contains("; usable: "), server.log());
            assertEquals(USABLE.size() > 1, allowed(loops(server).get(0)).matches(".*[-,].*"));
        }
    }
}
