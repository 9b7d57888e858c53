package io.ringwave.testkit;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A temporary file, open for reading by descriptor and deleted already. */
public final class TestFile implements AutoCloseable {

    private final int descriptor;

    /** Makes a file of these bytes. */
    public TestFile(byte[] bytes) {
        try {
            Path path = Files.createTempFile("ringwave", ".bin");
            Files.write(path, bytes);
            descriptor = Libc.openat(Linux.AT_FDCWD(), path.toString(), Linux.O_RDONLY() | Linux.O_CLOEXEC(), 0);
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (descriptor < 0) {
            throw new IllegalStateException("open: " + Errno.describe(-descriptor));
        }
    }

    /** The file's descriptor. */
    public int descriptor() {
        return descriptor;
    }

    @Override
    public void close() {
        Libc.close(descriptor);
    }
}
