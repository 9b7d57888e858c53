package io.ringwave.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Unpacks the files of a machine from the one file that describes them: {@code path = content} a line. A path with
 * {@code [0-3,8]} stands for as many files, whose number {@code {n}}, {@code {n+1}} and {@code {n-1}} are in the content;
 * {@code \n} begins a line.
 */
final class RecordedTree {

    private static final Pattern LINE = Pattern.compile("(\\S+) =(.*)");
    private static final Pattern NUMBERS = Pattern.compile("\\[([0-9,-]+)]");
    private static final Pattern NUMBER = Pattern.compile("\\{n([+-]\\d+)?}");

    private RecordedTree() {}

    /** Unpacks a description below a directory, which it returns. */
    static Path unpack(String name, Path root) throws IOException {
        try (InputStream in = RecordedTree.class.getResourceAsStream(name + ".txt")) {
            if (in == null) {
                throw new IOException("no description " + name);
            }
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    Matcher parts = LINE.matcher(line);
                    if (!parts.matches()) {
                        throw new IOException(name + ": " + line);
                    }
                    write(root, parts.group(1), parts.group(2).replaceFirst("^ ", "").replace("\\n", "\n") + "\n");
                }
            }
        }
        return root;
    }

    /** Writes one file, or as many as the path names. */
    static void write(Path root, String path, String content) throws IOException {
        Matcher numbers = NUMBERS.matcher(path);
        List<Integer> each = numbers.find() ? SystemTree.parseList(numbers.group(1)).orElseThrow() : List.of(0);
        for (int number : each) {
            Path file = root.resolve(NUMBERS.matcher(path).replaceFirst(String.valueOf(number)));
            Files.createDirectories(file.getParent());
            Files.writeString(file,
                    NUMBER.matcher(content).replaceAll(match -> String.valueOf(number + distance(match))));
        }
    }

    private static int distance(MatchResult match) {
        return match.group(1) == null ? 0 : Integer.parseInt(match.group(1));
    }
}
