package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The documentation tells the truth where a machine can check it: links lead to files, {@code File.java#symbol} to
 * something that the file declares, {@code #heading} to a heading, and the README's samples are the ones that are
 * tested.
 */
class DocumentationTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Set<String> NOT_OURS = Set.of("target", ".git", "node_modules");
    private static final Pattern LINK = Pattern.compile("\\[[^\\]]*\\]\\(([^)\\s]+)\\)");
    private static final Pattern FENCE = Pattern.compile("(?ms)^```.*?^```$");

    @Test
    void everyRelativeLinkLeadsSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        List<Path> pages = pages();
        for (Path page : pages) {
            String prose = FENCE.matcher(Files.readString(page)).replaceAll("");
            for (String link : LINK.matcher(prose).results().map(found -> found.group(1)).toList()) {
                if (!link.contains("://") && !link.startsWith("mailto:")) {
                    check(page, link, broken);
                }
            }
        }
        assertTrue(pages.size() >= 6, pages.toString());
        assertEquals(List.of(), broken);
    }

    @ParameterizedTest
    @ValueSource(strings = {"EchoServer", "TcpProxy", "HelloServer", "FileServer", "ApiServer"})
    void theReadmeShowsTheSamplesThatAreTested(String sample) throws IOException {
        String source = Files.readString(Path.of("src/test/java/io/ringwave/samples", sample + ".java"));
        String shown = source.substring(source.indexOf("import "));
        List<String> blocks = Pattern.compile("(?ms)^```java\\n(.*?)^```$")
                .matcher(Files.readString(ROOT.resolve("README.md"))).results().map(found -> found.group(1)).toList();
        assertTrue(blocks.contains(shown), "no block of the README equals " + sample + ".java from its imports on");
    }

    @Test
    void theReadmeListsEveryOption() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        for (var option : new picocli.CommandLine(new ServerOptions()).getCommandSpec().options()) {
            assertTrue(readme.contains("`" + option.longestName()), option.longestName());
        }
    }

    /** @param link a path relative to the page, with or without a fragment */
    private static void check(Path page, String link, List<String> broken) throws IOException {
        int hash = link.indexOf('#');
        String path = hash < 0 ? link : link.substring(0, hash);
        String fragment = hash < 0 ? "" : link.substring(hash + 1);
        Path target = path.isEmpty() ? page : page.resolveSibling(path).normalize();
        String where = ROOT.relativize(page) + ": " + link;
        if (!Files.exists(target)) {
            broken.add(where + ": no such file");
        } else if (!fragment.isEmpty() && target.toString().endsWith(".java")) {
            if (!declares(Files.readString(target), fragment)) {
                broken.add(where + ": the file declares no " + fragment);
            }
        } else if (!fragment.isEmpty() && !headings(Files.readString(target)).contains(fragment)) {
            broken.add(where + ": no such heading");
        }
    }

    /** Whether a type, method or field of that name is declared: named after a type or keyword, not after a dot. */
    private static boolean declares(String source, String symbol) {
        String code = source.replaceAll("(?s)/\\*.*?\\*/", "").replaceAll("//[^\\n]*", "");
        String name = Pattern.quote(symbol);
        return Pattern.compile("\\b(class|interface|record|enum)\\s+" + name + "\\b").matcher(code).find()
                || Pattern.compile("(?m)^\\s+[\\w<>\\[\\]@.?, ]*[\\w>\\]]\\s+" + name + "\\s*(\\([^;]*?\\)|[=;])")
                        .matcher(code)
                        .results().map(MatchResult::group)
                        .anyMatch(declaration -> !declaration.strip().startsWith("return "));
    }

    /** The anchors that GitHub gives to the headings of a page. */
    private static List<String> headings(String markdown) {
        return FENCE.matcher(markdown).replaceAll("").lines().filter(line -> line.matches("#+ .*"))
                .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
                .toList();
    }

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                return NOT_OURS.contains(directory.getFileName().toString())
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".md")) {
                    pages.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return pages;
    }
}
