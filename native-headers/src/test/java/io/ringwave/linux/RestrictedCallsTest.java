package io.ringwave.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Only this module may do what can crash the JVM. The compiler and the JVM say so too, but each can be told to be
 * quiet ({@code @SuppressWarnings("restricted")}, a wider {@code --enable-native-access}); this cannot.
 */
final class RestrictedCallsTest {

    private static final Path THIS_MODULE = Path.of("").toAbsolutePath();

    /** The restricted methods of Java 22, and the way round them. */
    private static final List<String> RESTRICTED = List.of(".reinterpret(", "downcallHandle(", "upcallStub(",
            "libraryLookup(", "withTargetLayout(", "enableNativeAccess(", "System.load", "Runtime.getRuntime().load",
            "sun.misc.Unsafe");

    @Test
    void noOtherModuleMakesARestrictedCall() throws IOException {
        List<Path> sources = sourcesOfTheOtherModules();
        assertFalse(sources.isEmpty(), "no sibling module has sources: this test looks in the wrong place");
        List<String> hits = new ArrayList<>();
        for (Path source : sources) {
            collectHits(source, hits);
        }
        assertEquals(List.of(), hits);
    }

    private static List<Path> sourcesOfTheOtherModules() throws IOException {
        List<Path> sources = new ArrayList<>();
        try (DirectoryStream<Path> modules = Files.newDirectoryStream(THIS_MODULE.getParent(), Files::isDirectory)) {
            for (Path module : modules) {
                Path root = module.resolve("src/main/java");
                if (!module.equals(THIS_MODULE) && Files.isDirectory(root)) {
                    try (Stream<Path> files = Files.walk(root)) {
                        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
                    }
                }
            }
        }
        return sources;
    }

    private static void collectHits(Path source, List<String> hits) throws IOException {
        List<String> lines = Files.readAllLines(source);
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (RESTRICTED.stream().anyMatch(line::contains)) {
                hits.add(THIS_MODULE.getParent().relativize(source) + ":" + (i + 1) + ": " + line.strip());
            }
        }
    }
}
