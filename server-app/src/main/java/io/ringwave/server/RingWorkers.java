package io.ringwave.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * How many threads the kernel keeps for what a loop's ring could not do at once (io-wq). The process's threads are looked
 * through only when there are more or fewer of them than before. Thread-safe.
 */
final class RingWorkers {

    private static final Path TASKS = Path.of("/proc/self/task");
    /** Of a directory: how many it holds, and two. */
    private static final String LINKS = "unix:nlink";
    /** The kernel names these threads after the one that submits to the ring. */
    private static final String RING_WORKER = "iou-wrk-";

    private int threads = -1; // guarded by this, as the rest
    private Map<Integer, Integer> counts = Map.of(); // replaced, never changed

    /** By the thread of the loop, as the kernel numbers it (gettid(2)); those that have none are missing. */
    synchronized Map<Integer, Integer> byThread() {
        try {
            int now = (int) Files.getAttribute(TASKS, LINKS);
            if (now != threads) {
                counts = count();
                threads = now;
            }
        } catch (IOException | RuntimeException e) {
            threads = -1; // no /proc, or a name of another kernel's: as far as it is known
        }
        return counts;
    }

    private static Map<Integer, Integer> count() throws IOException {
        Map<Integer, Integer> counts = new HashMap<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                String name = name(task);
                if (name.startsWith(RING_WORKER) && name.length() > RING_WORKER.length()) {
                    counts.merge(Integer.valueOf(name.substring(RING_WORKER.length())), 1, Integer::sum);
                }
            }
        }
        return counts;
    }

    private static String name(Path task) {
        try {
            return Files.readString(task.resolve("comm"), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            return ""; // the thread has ended
        }
    }
}
