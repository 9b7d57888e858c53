package io.ringwave.spi;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;

/**
 * How many connections a loop's backend can hold within the limits of the process.
 *
 * @param perLoop the number; {@link Integer#MAX_VALUE} if nothing limits it
 * @param reason what limits it, in one clause
 * @param remedy how to raise it, in one clause
 */
public record ConnectionLimit(int perLoop, String reason, String remedy) {

    /** Nothing but memory. */
    public static final ConnectionLimit NONE = new ConnectionLimit(Integer.MAX_VALUE, "", "");

    /** What the process needs besides connections: the JVM's own files, logs, files that are served. */
    private static final int RESERVE = 256;
    /** What a loop needs: its listener, its eventfd, its ring or epoll descriptor, and some room. */
    private static final int RESERVE_PER_LOOP = 16;

    private static final String REMEDY = "raise it with ulimit -n, LimitNOFILE= in a systemd unit, or --ulimit nofile= for a container";

    /** For a backend whose connections are descriptors of the process, which the loops share. */
    public static ConnectionLimit ofDescriptors(int loops) {
        long files = openFiles();
        long free = Math.max(files / 2, files - RESERVE - (long) RESERVE_PER_LOOP * loops);
        return new ConnectionLimit(toInt(free / loops),
                "the process may open " + files + " files (RLIMIT_NOFILE), and each connection is one", REMEDY);
    }

    /** For a backend whose loops each have a table of files; a table's size is bounded as the process's descriptors are. */
    public static ConnectionLimit ofTables() {
        long files = openFiles();
        return new ConnectionLimit(toInt(files),
                "a loop's table holds no more files than the process may open, which is " + files + " (RLIMIT_NOFILE)",
                REMEDY + ", or use more workers");
    }

    private static long openFiles() {
        long limit = Libc.getrlimit(Linux.RLIMIT_NOFILE());
        return limit < 0 ? Integer.MAX_VALUE : limit;
    }

    private static int toInt(long count) {
        return Math.clamp(count, 1, Integer.MAX_VALUE);
    }
}
