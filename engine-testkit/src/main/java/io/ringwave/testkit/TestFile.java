package io.ringwave.testkit;

import io.ringwave.bindings.linux.Linux;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;

/** A temporary file, open for reading by descriptor and deleted already. */
public final class TestFile implements AutoCloseable {

    private static final Linux.open OPEN = Linux.open.makeInvoker();

    private final int descriptor;

    /** Makes a file of these bytes. */
    public TestFile(byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            Path path = Files.createTempFile("ringwave", ".bin");
            Files.write(path, bytes);
            descriptor = OPEN.apply(arena.allocateFrom(path.toString()), Linux.O_RDONLY() | Linux.O_CLOEXEC());
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (descriptor < 0) {
            throw new IllegalStateException("open failed");
        }
    }

    /** The file's descriptor. */
    public int descriptor() {
        return descriptor;
    }

    @Override
    public void close() {
        Linux.close(descriptor);
    }
}
