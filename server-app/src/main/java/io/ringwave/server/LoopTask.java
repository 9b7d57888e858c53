package io.ringwave.server;

import io.ringwave.LoopPlacement;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the kernel says of a loop's thread. Read from outside, since on the loop neither could be told: over io_uring
 * the call that waits is the one that works.
 *
 * @param cpuNanos how long it has been on a CPU; {@link #UNKNOWN} if it has ended, or the kernel does not tell
 * @param ringWorkers how many threads the kernel keeps for what its ring could not do at once (io-wq)
 */
record LoopTask(long cpuNanos, int ringWorkers) {

    static final long UNKNOWN = -1;

    private static final Path TASKS = Path.of("/proc/self/task");
    /** The kernel names these threads after the one that submits to the ring. */
    private static final String RING_WORKER = "iou-wrk-";

    static List<LoopTask> of(List<LoopPlacement> loops) {
        Map<Integer, Integer> workers = workersByThread();
        return loops.stream()
                .map(loop -> new LoopTask(cpuNanos(loop.thread()), workers.getOrDefault(loop.thread(), 0))).toList();
    }

    /** The first number of {@code schedstat} (Documentation/scheduler/sched-stats.rst). */
    private static long cpuNanos(int thread) {
        String text = read(TASKS.resolve(Integer.toString(thread)).resolve("schedstat"));
        int end = text.indexOf(' ');
        return end <= 0 ? UNKNOWN : Long.parseLong(text, 0, end, 10);
    }

    private static Map<Integer, Integer> workersByThread() {
        Map<Integer, Integer> workers = new HashMap<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
            for (Path task : tasks) {
                String name = read(task.resolve("comm")).strip();
                if (name.startsWith(RING_WORKER) && name.length() > RING_WORKER.length()) {
                    workers.merge(Integer.valueOf(name.substring(RING_WORKER.length())), 1, Integer::sum);
                }
            }
        } catch (IOException | RuntimeException e) {
            return workers; // no /proc, or a name of another kernel's: as far as it is known
        }
        return workers;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return ""; // the thread has ended
        }
    }
}
