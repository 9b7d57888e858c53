package io.ringwave.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server holds on to while nobody asks for anything.
 *
 * @param descriptors open descriptors, that of the connection that asks included
 * @param residentBytes the process's resident memory
 * @param liveHeapBytes what a full collection leaves of its Java heap
 * @param connections open connections, the one that asks included
 * @param operations operations that have not ended
 * @param receiveBuffersFree buffers that wait for bytes
 * @param sendBuffersFree buffers that wait for output
 */
record ServerVitals(long descriptors, long residentBytes, long liveHeapBytes, long connections, long operations,
        long receiveBuffersFree, long sendBuffersFree) {

    private static final String JCMD = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    private static final Pattern HEAP_TOTAL = Pattern.compile("(?m)^Total\\s+\\d+\\s+(\\d+)\\s*$");
    /** What the collector puts where it leaves a gap between objects, instead of moving all of them. */
    private static final Pattern HEAP_GAPS = Pattern
            .compile("(?m)^ *\\d+: +\\d+ +(\\d+) +\\[?L?jdk\\.internal\\.vm\\.Filler");
    private static final Pattern RESIDENT = Pattern.compile("(?m)^VmRSS:\\s+(\\d+) kB$");

    static ServerVitals of(ServerProcess server) throws IOException, InterruptedException {
        // First: it makes the JVM open a socket for such commands, and collect.
        long liveHeapBytes = liveHeapBytes(server.pid());
        try (TestClient client = new TestClient(server.port())) {
            byte[] stats = client.request("GET", "/api/stats").body();
            return new ServerVitals(server.openDescriptors(), residentBytes(server.pid()),
                    liveHeapBytes, number("/connections/open", stats),
                    number("/operations/inFlight", stats), number("/buffers/receiveFree", stats),
                    number("/buffers/sendFree", stats));
        }
    }

    /** A number of {@code /api/stats}. */
    static long number(String pointer, byte[] stats) throws IOException {
        return Long.parseLong(JsonText.at(pointer, stats));
    }

    private static long liveHeapBytes(long pid) throws IOException, InterruptedException {
        String histogram = Commands.run(JCMD, Long.toString(pid), "GC.class_histogram").output();
        Matcher heap = HEAP_TOTAL.matcher(histogram);
        if (!heap.find()) {
            throw new AssertionError("jcmd says nothing of the heap of " + pid);
        }
        return Long.parseLong(heap.group(1))
                - HEAP_GAPS.matcher(histogram).results().mapToLong(gap -> Long.parseLong(gap.group(1))).sum();
    }

    static long residentBytes(long pid) throws IOException {
        Matcher resident = RESIDENT.matcher(Files.readString(Path.of("/proc/" + pid + "/status")));
        if (!resident.find()) {
            throw new AssertionError("no VmRSS of " + pid);
        }
        return Long.parseLong(resident.group(1)) << 10;
    }

    /** Whether nothing is in use that was not in use then; memory aside, which never is quite what it was. */
    boolean holdsNoMoreThan(ServerVitals then) {
        return descriptors <= then.descriptors && connections <= then.connections && operations <= then.operations
                && receiveBuffersFree >= then.receiveBuffersFree && sendBuffersFree >= then.sendBuffersFree;
    }

    /** The names of its threads, kernel workers that serve it among them ({@code iou-wrk-...}). */
    static List<String> threads(long pid) throws IOException {
        try (var tasks = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            List<String> names = new ArrayList<>();
            for (Path task : tasks) {
                try {
                    names.add(Files.readString(task.resolve("comm")).strip());
                } catch (IOException e) {
                    // that thread has ended meanwhile
                }
            }
            return names;
        }
    }
}
