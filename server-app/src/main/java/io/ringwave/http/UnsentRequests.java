package io.ringwave.http;

/**
 * Requests of one connection whose answers the kernel has not taken whole yet: how many of which class began when, and how
 * many sends are to end until that is so. Lent to a connection by its {@link LatencyRecorder} while there are any.
 *
 * <p>At most one request is open, the last: part of its answer is still to come, which keeps the connection from looking at
 * another. Bounded: if there are more entries than {@link #CAPACITY}, because the peer sends requests faster than it takes
 * answers, two of a class become one, with the beginning of the older and the end of the newer. No request is lost from the
 * count by that; some appear to have taken longer than they did.
 */
final class UnsentRequests {

    static final int CAPACITY = 8;
    /** In place of a number of sends: some of the output was not queued yet. */
    private static final int OPEN = -1;

    private final int[] classes = new int[CAPACITY];
    private final int[] counts = new int[CAPACITY];
    private final long[] starts = new long[CAPACITY];
    private final int[] sends = new int[CAPACITY];
    private int size;

    /** Adds requests whose answers are queued whole. @param sendsLeft how many sends are to end until they are sent */
    void add(int routeClass, int count, long start, int sendsLeft) {
        assert !hasOpen() && count > 0 && sendsLeft > 0;
        put(routeClass, count, start, sendsLeft);
    }

    /** Adds a request of whose answer something is still to come. */
    void addOpen(int routeClass, long start) {
        assert !hasOpen();
        put(routeClass, 1, start, OPEN);
    }

    boolean hasOpen() {
        return size > 0 && sends[size - 1] == OPEN;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** The answer of the open request is queued whole. */
    void close(int sendsLeft, LatencyRecorder recorder) {
        assert hasOpen();
        if (sendsLeft > 0) {
            sends[size - 1] = sendsLeft;
        } else {
            size--;
            recorder.ended(classes[size], counts[size], starts[size]);
        }
    }

    /** The open request will not be answered. */
    void dropOpen() {
        assert hasOpen();
        size--;
    }

    /** One send has ended: tells the recorder which requests have ended with it. */
    void sent(LatencyRecorder recorder) {
        int kept = 0;
        for (int entry = 0; entry < size; entry++) {
            int left = sends[entry] == OPEN ? OPEN : sends[entry] - 1;
            if (left == 0) {
                recorder.ended(classes[entry], counts[entry], starts[entry]);
            } else {
                move(entry, kept);
                sends[kept++] = left;
            }
        }
        size = kept;
    }

    /** Forgets all; returns how many requests that were. */
    int drop() {
        int dropped = 0;
        for (int entry = 0; entry < size; entry++) {
            dropped += counts[entry];
        }
        size = 0;
        return dropped;
    }

    private void put(int routeClass, int count, long start, int sendsLeft) {
        if (size == CAPACITY) {
            merge();
        }
        classes[size] = routeClass;
        counts[size] = count;
        starts[size] = start;
        sends[size++] = sendsLeft;
    }

    /** Makes room. There are more entries than classes, so two of them are of one. */
    private void merge() {
        for (int newer = 1; newer < size; newer++) {
            for (int older = 0; older < newer; older++) {
                if (classes[older] == classes[newer]) {
                    counts[newer] += counts[older];
                    starts[newer] = starts[older];
                    for (int entry = older + 1; entry < size; entry++) {
                        move(entry, entry - 1);
                        sends[entry - 1] = sends[entry];
                    }
                    size--;
                    return;
                }
            }
        }
        throw new AssertionError("as many classes as entries");
    }

    private void move(int from, int to) {
        classes[to] = classes[from];
        counts[to] = counts[from];
        starts[to] = starts[from];
    }
}
