package io.ringwave.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.UnionLayout;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares the generated bindings with the C compiler's view of the system headers. Every symbol in the jextract
 * argument files becomes a line of a C program, one per compile unit, which prints its facts as {@code name|value}:
 * for a struct its size, for a field its offset and size, for a constant its bits. The bindings must say the same.
 */
final class BindingsAbiTest {

    private static final Path ARGUMENTS = Path.of("src/main/jextract");
    private static final Path HEADERS = Path.of("src/main/c");
    /** Somewhat fewer than there were when this was written, so that the test cannot pass on nothing. */
    private static final int FACTS_AT_LEAST = 1400;
    private static final int COMPILE_SECONDS = 60;

    /** What one argument file asks jextract to generate. */
    private record Unit(String name, String javaPackage, String headerClass, List<Group> groups,
            List<String> constants) {

        static Unit read(Path file) throws IOException {
            String javaPackage = "";
            String headerClass = "";
            List<Group> groups = new ArrayList<>();
            List<String> constants = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                String[] words = line.strip().split("\\s+");
                switch (words[0]) {
                    case "-t" -> javaPackage = words[1];
                    case "--header-class-name" -> headerClass = words[1];
                    case "--include-struct" -> groups.add(new Group("struct " + words[1], words[1]));
                    case "--include-union" -> groups.add(new Group("union " + words[1], words[1]));
                    case "--include-typedef" -> groups.add(new Group(words[1], words[1]));
                    case "--include-constant" -> constants.add(words[1]);
                    default -> {
                        // functions have no layout; the linker checks that they exist
                    }
                }
            }
            String name = file.getFileName().toString().replace(".args", "");
            return new Unit(name, javaPackage, headerClass, groups, constants);
        }
    }

    private record Group(String cType, String javaClass) {}

    @Test
    void everySizeOffsetAndConstantAgreesWithTheSystemHeaders(@TempDir Path directory) throws Exception {
        requireCompilerAndHeaders(directory);
        Map<String, String> inJava = new TreeMap<>();
        Map<String, String> inC = new TreeMap<>();
        for (Unit unit : units()) {
            Path source = directory.resolve("abi_" + unit.name() + ".c");
            Files.writeString(source, probe(unit, inJava));
            for (String line : outputOf(compiled(source))) {
                int separator = line.lastIndexOf('|');
                inC.put(line.substring(0, separator), line.substring(separator + 1));
            }
        }
        assertEquals(List.of(), differences(inJava, inC));
        assertTrue(inJava.size() >= FACTS_AT_LEAST, () -> "only " + inJava.size() + " facts were compared");
    }

    private static List<Unit> units() throws IOException {
        List<Unit> units = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(ARGUMENTS, "*.args")) {
            for (Path file : files) {
                units.add(Unit.read(file));
            }
        }
        return units;
    }

    /** The C program for a unit; the facts that it will print go into {@code inJava} as the bindings have them. */
    private static String probe(Unit unit, Map<String, String> inJava) throws ReflectiveOperationException {
        StringBuilder program = new StringBuilder("""
                #include "%s.h"
                #include <stddef.h>
                #include <stdio.h>
                #define SIZE(type) printf("%s|" #type "|%%zu\\n", sizeof(type))
                #define FIELD(type, field, size) \\
                    printf("%s|" #type "." #field "|%%zu %%zu\\n", offsetof(type, field), (size_t) (size))
                #define CONSTANT(name) printf("%s|" #name "|%%llx\\n", \\
                    (unsigned long long) (name) & (sizeof(name) == 8 ? ~0ULL : 0xffffffffULL))
                int main(void) {
                """.formatted(unit.name(), unit.name(), unit.name(), unit.name()));
        for (Group group : unit.groups()) {
            GroupLayout layout = (GroupLayout) bindings(unit, group.javaClass()).getMethod("layout").invoke(null);
            String type = group.cType();
            inJava.put(unit.name() + "|" + type, Long.toString(layout.byteSize()));
            program.append("SIZE(").append(type).append(");\n");
            Map<String, String> fields = new TreeMap<>();
            collectFields(layout, "", 0, fields);
            fields.forEach((path, offsetAndSize) -> {
                inJava.put(unit.name() + "|" + type + "." + path, offsetAndSize);
                // C refuses sizeof for a flexible array member, which the bindings give no bytes
                String size = offsetAndSize.endsWith(" 0") ? "0" : "sizeof(((" + type + " *) 0)->" + path + ")";
                program.append("FIELD(%s, %s, %s);\n".formatted(type, path, size));
            });
        }
        Class<?> header = bindings(unit, unit.headerClass());
        for (String constant : unit.constants()) {
            Object value = header.getMethod(constant).invoke(null);
            long bits = value instanceof Integer number ? Integer.toUnsignedLong(number) : ((Number) value).longValue();
            inJava.put(unit.name() + "|" + constant, Long.toHexString(bits));
            program.append("CONSTANT(").append(constant).append(");\n");
        }
        return program.append("return 0;\n}\n").toString();
    }

    private static Class<?> bindings(Unit unit, String name) throws ClassNotFoundException {
        return Class.forName(unit.javaPackage() + "." + name);
    }

    /** Puts {@code path -> "offset size"} for every field; an anonymous struct's fields count as its parent's. */
    private static void collectFields(GroupLayout group, String prefix, long base, Map<String, String> fields) {
        long offset = base;
        for (MemoryLayout member : group.memberLayouts()) {
            String name = member.name().orElse("");
            boolean anonymous = name.isEmpty() || name.startsWith("$anon$");
            if (!(member instanceof PaddingLayout)) {
                if (!anonymous) {
                    fields.put(prefix + name, offset + " " + member.byteSize());
                }
                if (member instanceof GroupLayout inner) {
                    collectFields(inner, anonymous ? prefix : prefix + name + ".", offset, fields);
                }
            }
            if (!(group instanceof UnionLayout)) {
                offset += member.byteSize();
            }
        }
    }

    private static List<String> differences(Map<String, String> inJava, Map<String, String> inC) {
        List<String> differences = new ArrayList<>();
        inJava.forEach((fact, value) -> {
            String other = inC.get(fact);
            if (!value.equals(other)) {
                differences.add(fact + ": bindings " + value + ", C " + other);
            }
        });
        inC.keySet().stream().filter(fact -> !inJava.containsKey(fact)).forEach(differences::add);
        return differences;
    }

    private static void requireCompilerAndHeaders(Path directory) throws Exception {
        Path source = directory.resolve("liburing_present.c");
        Files.writeString(source, "#include <liburing.h>\n");
        Process compiler;
        try {
            compiler = start("gcc", "-fsyntax-only", source.toString());
        } catch (IOException noCompiler) {
            fail("the ABI check needs a C compiler: apt-get install gcc libc6-dev liburing-dev");
            return;
        }
        if (finished(compiler) != 0) {
            fail("the ABI check needs liburing.h: apt-get install libc6-dev liburing-dev");
        }
    }

    private static Path compiled(Path source) throws Exception {
        Path program = Path.of(source.toString().replace(".c", ""));
        // -w: this reads what the headers say, deprecated or not
        Process compiler = start("gcc", "-w", "-I", HEADERS.toString(), "-o", program.toString(), source.toString());
        String messages = new String(compiler.getInputStream().readAllBytes());
        assertEquals(0, finished(compiler), messages);
        return program;
    }

    private static List<String> outputOf(Path program) throws Exception {
        Process process = start(program.toString());
        List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
        assertEquals(0, finished(process), program.toString());
        return lines;
    }

    private static Process start(String... command) throws IOException {
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static int finished(Process process) throws InterruptedException {
        process.onExit().orTimeout(COMPILE_SECONDS, TimeUnit.SECONDS).join();
        return process.exitValue();
    }
}
