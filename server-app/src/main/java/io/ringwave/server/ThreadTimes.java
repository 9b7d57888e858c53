package io.ringwave.server;

import io.ringwave.LoopPlacement;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How long the loops' threads have been on a CPU, as the kernel says. Read from outside, since on the loop it could not be
 * told: over io_uring the call that waits is the one that works. Confined to one thread.
 */
final class ThreadTimes implements AutoCloseable {

    /** Of a thread that has ended, or if the kernel does not tell. */
    static final long UNKNOWN = -1;

    /** Of each loop's thread, {@code schedstat} (Documentation/scheduler/sched-stats.rst); null: could not be opened. */
    private final List<@Nullable RandomAccessFile> files = new ArrayList<>();
    private final byte[] text = new byte[128]; // three numbers

    ThreadTimes(List<LoopPlacement> loops) {
        for (LoopPlacement loop : loops) {
            files.add(open("/proc/self/task/" + loop.thread() + "/schedstat"));
        }
    }

    private static @Nullable RandomAccessFile open(String file) {
        try {
            return new RandomAccessFile(file, "r");
        } catch (IOException e) {
            return null;
        }
    }

    /** In nanoseconds, in the order of the loops. */
    long[] read() {
        long[] nanos = new long[files.size()];
        for (int loop = 0; loop < nanos.length; loop++) {
            nanos[loop] = read(files.get(loop));
        }
        return nanos;
    }

    /** The first number of the file, which stays open: opening it would be most of the work. */
    private long read(@Nullable RandomAccessFile file) {
        if (file == null) {
            return UNKNOWN;
        }
        int length;
        try {
            file.seek(0);
            length = file.read(text);
        } catch (IOException e) {
            return UNKNOWN; // the thread has ended
        }
        long nanos = 0;
        int at = 0;
        for (; at < length && text[at] >= '0' && text[at] <= '9'; at++) {
            nanos = nanos * 10 + text[at] - '0';
        }
        return at == 0 ? UNKNOWN : nanos;
    }

    @Override
    public void close() {
        for (RandomAccessFile each : files) {
            try {
                if (each != null) {
                    each.close();
                }
            } catch (IOException e) {
                continue; // it was only read
            }
        }
    }
}
