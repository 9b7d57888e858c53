package io.ringwave.testkit;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.bindings.linux.rlimit;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The state of having no descriptor left, until it is closed: the soft limit (RLIMIT_NOFILE, getrlimit(2)) is lowered
 * to the descriptors in use, and the gaps among those are filled. The whole JVM is in that state, which includes class
 * loading: see {@link #loadClassesBeside}.
 */
public final class DescriptorLimit implements AutoCloseable {

    private static final long NOT_LOWERED = -1;

    private final List<FileInputStream> fillers = new ArrayList<>();
    private final long formerLimit;
    private boolean closed;

    private DescriptorLimit(long formerLimit) {
        this.formerLimit = formerLimit;
    }

    /** Only lowers the limit. */
    public static DescriptorLimit atMost(int descriptors) {
        return new DescriptorLimit(replaceSoftLimit(descriptors));
    }

    /** Uses up the descriptors below a limit that is lowered first, so that few are needed. */
    public static DescriptorLimit exhaust() {
        return exhaust(new DescriptorLimit(replaceSoftLimit(highestDescriptor() + 1L)));
    }

    /**
     * Uses up the descriptors below the present limit. For kernels' operations that remember the limit as it was when
     * they were submitted, as io_uring's accept does.
     */
    public static DescriptorLimit exhaustWithoutLowering() {
        return exhaust(new DescriptorLimit(NOT_LOWERED));
    }

    private static DescriptorLimit exhaust(DescriptorLimit exhausted) {
        try {
            while (true) {
                exhausted.fillers.add(new FileInputStream("/dev/null"));
            }
        } catch (IOException tooManyOpenFiles) {
            return exhausted;
        } catch (RuntimeException | Error e) {
            exhausted.close();
            throw e;
        }
    }

    /** How many descriptors this process has open. */
    public static int descriptorsInUse() {
        return descriptors().length;
    }

    /**
     * Loads, but does not initialise, all classes of the package of this class, if they are files of their own: with no
     * descriptor left they could not be loaded when they are first needed.
     */
    static void loadClassesBeside(Class<?> type) {
        String folder = type.getPackageName().replace('.', '/');
        try {
            Path root = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
            if (!Files.isDirectory(root)) {
                return; // a jar, which the class loader holds open
            }
            try (Stream<Path> files = Files.list(root.resolve(folder))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
                    String name = file.getFileName().toString().replace(".class", "");
                    if (!name.endsWith("-info")) {
                        Class.forName(type.getPackageName() + "." + name, false, type.getClassLoader());
                    }
                }
            }
        } catch (IOException | java.net.URISyntaxException | ClassNotFoundException e) {
            throw new IllegalStateException("cannot load the classes beside " + type, e);
        }
    }

    private static int highestDescriptor() {
        int highest = 0;
        for (String name : descriptors()) {
            highest = Math.max(highest, Integer.parseInt(name));
        }
        return highest;
    }

    private static String[] descriptors() {
        String[] names = new File("/proc/self/fd").list();
        if (names == null) {
            throw new IllegalStateException("/proc/self/fd cannot be read");
        }
        return names;
    }

    private static long replaceSoftLimit(long limit) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = rlimit.allocate(arena);
            check(Linux.getrlimit(Linux.RLIMIT_NOFILE(), limits), "getrlimit");
            long former = rlimit.rlim_cur(limits);
            rlimit.rlim_cur(limits, limit);
            check(Linux.setrlimit(Linux.RLIMIT_NOFILE(), limits), "setrlimit");
            return former;
        }
    }

    private static void check(int result, String call) {
        if (result != 0) {
            throw new IllegalStateException(call + " failed");
        }
    }

    /** Makes descriptors available again. Idempotent. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (formerLimit != NOT_LOWERED) {
                replaceSoftLimit(formerLimit);
            }
            try {
                for (FileInputStream filler : fillers) {
                    filler.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
