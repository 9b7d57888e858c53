package io.ringwave.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ringwave.spi.Availability;
import io.ringwave.spi.BackendProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark still runs: once, in this JVM, so that its figure means nothing. */
class BenchmarksRunTest {

    private static final String IO_URING = "io_uring";

    /** A benchmark class; and the backend, if it is to run with one only. */
    record Subject(String className, String backend) {
        @Override
        public String toString() {
            return className.substring(className.lastIndexOf('.') + 1) + (backend.isEmpty() ? "" : " " + backend);
        }

        /** The backend without which it cannot run; empty if there is none. */
        String needs() {
            return className.equals("io.ringwave.uring.RingBenchmark") ? IO_URING : backend;
        }
    }

    static List<Subject> subjects() {
        return entries().stream().flatMap(BenchmarksRunTest::subjects).distinct().toList();
    }

    private static Stream<Subject> subjects(BenchmarkListEntry entry) {
        String[] backends = entry.getParams().orElse(Map.of()).getOrDefault("backend", new String[]{""});
        return Stream.of(backends).map(backend -> new Subject(classOf(entry), backend));
    }

    @ParameterizedTest
    @MethodSource("subjects")
    void everyBenchmarkOfAClassRunsOnce(Subject subject) throws RunnerException {
        requireBackend(subject.needs());
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + subject.className().replace(".", "\\.") + "\\.")
                .mode(Mode.SingleShotTime).forks(0).warmupIterations(0).measurementIterations(1)
                .shouldFailOnError(true).addProfiler(GCProfiler.class).verbosity(VerboseMode.SILENT);
        if (!subject.backend().isEmpty()) {
            options.param("backend", subject.backend());
        }
        Set<String> ran = new TreeSet<>();
        for (RunResult result : new Runner(options.build()).run()) {
            assertTrue(result.getPrimaryResult().getScore() > 0, result.getParams().getBenchmark());
            ran.add(result.getParams().getBenchmark());
        }
        assertEquals(entries().stream().filter(entry -> classOf(entry).equals(subject.className()))
                .map(BenchmarkListEntry::getUsername).collect(Collectors.toCollection(TreeSet::new)), ran);
    }

    @Test
    void everyClassThatIsCalledABenchmarkIsListed() throws IOException {
        Path sources = Path.of("src/main/java");
        try (Stream<Path> files = Files.walk(sources)) {
            Set<String> inSources = files.map(file -> sources.relativize(file).toString())
                    .filter(file -> file.endsWith("Benchmark.java"))
                    .map(file -> file.substring(0, file.length() - ".java".length()).replace('/', '.'))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertEquals(inSources, entries().stream().map(BenchmarksRunTest::classOf)
                    .collect(Collectors.toCollection(TreeSet::new)));
        }
    }

    private static Set<BenchmarkListEntry> entries() {
        return BenchmarkList.defaultList().getAll(
                OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT), List.of());
    }

    private static String classOf(BenchmarkListEntry entry) {
        return entry.getUsername().substring(0, entry.getUsername().lastIndexOf('.'));
    }

    /** Skips the test, saying why, where a backend does not work. */
    private static void requireBackend(String name) {
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
            if (provider.name().equals(name)) {
                Availability availability = provider.probe();
                assumeTrue(availability.available(), name + " is not available: " + availability.reason());
                return;
            }
        }
        assertEquals("", name, "there is no such backend");
    }
}
