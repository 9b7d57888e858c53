package io.ringwave.http;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How the bytes of files are sent. Each serves every file, on every backend; which suits a file best is measured in
 * {@code docs/decisions/0012-file-strategies.md}. What a response was made of is checked before its last bytes are sent
 * with each of them, so that a file that changed meanwhile cuts the connection ({@link StaticFiles}).
 */
public enum FileStrategy {
    /** Small files that were asked for more than once from memory, the others as the backend does it best. */
    AUTO,
    /**
     * From memory, in one send with the head if both fit into a buffer of the loop's; files that do not fit into the
     * cache as by {@link #URING}.
     */
    MEMORY,
    /**
     * From a mapping of the file. The kernel copies once, or not at all where it can send without copying. Bytes that are
     * not in memory stop the loop, and what is mapped counts as memory of the process.
     */
    MMAP,
    /** sendfile(2) in bounded chunks: no copy in user space. Bytes that are not in memory stop the loop. */
    SENDFILE,
    /** splice(2) through a pipe: as {@link #SENDFILE}. */
    SPLICE,
    /**
     * Read through the ring into a buffer, and sent from there: two copies, and no disk ever stops the loop. Over epoll
     * the read is a system call, which may wait for the disk.
     */
    URING;

    private static final FileStrategy[] VALUES = values();

    /** The name on the command line and in statistics. */
    public String optionName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException one line that names the choices */
    public static FileStrategy named(String name) {
        for (FileStrategy strategy : VALUES) {
            if (strategy.optionName().equals(name)) {
                return strategy;
            }
        }
        throw new IllegalArgumentException(
                "must be one of "
                        + Arrays.stream(VALUES).map(FileStrategy::optionName).collect(Collectors.joining(", "))
                        + ": '" + name + "'");
    }
}
