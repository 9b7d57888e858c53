package io.ringwave.cpu;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The files below {@code /sys} and {@code /proc}, or a recorded copy of them elsewhere. What is missing, unreadable or
 * not understood is absent: sandboxes and old kernels leave much of it out, and nobody should fail to start for that.
 */
record SystemTree(Path root) {

    static final SystemTree HERE = new SystemTree(Path.of("/"));

    private static final String LIST_ITEM = "\\d{1,6}(-\\d{1,6})?";
    /** Far above any machine's; a list that says more is damaged. */
    private static final int MAX_NUMBER = 1 << 16;

    /** The content of a file, without blanks around it. */
    Optional<String> text(String path) {
        try {
            return Optional.of(Files.readString(root.resolve(path)).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The lines of a file; none if it is absent. */
    List<String> lines(String path) {
        return text(path).map(text -> text.lines().toList()).orElse(List.of());
    }

    /** The number that a file holds. */
    Optional<Long> number(String path) {
        return text(path).flatMap(SystemTree::parseNumber);
    }

    /** The list of numbers that a file holds, ascending. An empty file is an empty list. */
    Optional<List<Integer>> list(String path) {
        return text(path).flatMap(SystemTree::parseList);
    }

    /** The names in a directory, sorted; none if it is absent. */
    List<String> names(String path) {
        TreeSet<String> names = new TreeSet<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve(path))) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            return List.of();
        }
        return List.copyOf(names);
    }

    static Optional<Long> parseNumber(String text) {
        try {
            return Optional.of(Long.parseLong(text));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Reads the kernel's form of a list of CPUs, {@code 0-3,8} (cpuset(7), formats). */
    static Optional<List<Integer>> parseList(String text) {
        TreeSet<Integer> numbers = new TreeSet<>();
        for (String item : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            if (!item.matches(LIST_ITEM)) {
                return Optional.empty();
            }
            int dash = item.indexOf('-');
            int first = Integer.parseInt(dash < 0 ? item : item.substring(0, dash));
            int last = Integer.parseInt(item.substring(dash + 1));
            if (last < first || last > MAX_NUMBER) {
                return Optional.empty();
            }
            for (int number = first; number <= last; number++) {
                numbers.add(number);
            }
        }
        return Optional.of(List.copyOf(numbers));
    }

    /** Writes a list as the kernel does. @param numbers ascending */
    static String format(List<Integer> numbers) {
        List<String> ranges = new ArrayList<>();
        for (int i = 0; i < numbers.size();) {
            int end = i;
            while (end + 1 < numbers.size() && numbers.get(end + 1) == numbers.get(end) + 1) {
                end++;
            }
            ranges.add(i == end ? numbers.get(i).toString() : numbers.get(i) + "-" + numbers.get(end));
            i = end + 1;
        }
        return String.join(",", ranges);
    }
}
