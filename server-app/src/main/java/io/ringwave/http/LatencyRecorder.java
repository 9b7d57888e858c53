package io.ringwave.http;

import io.ringwave.Connection;
import io.ringwave.LoopContext;
import io.ringwave.spi.Counter;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/**
 * How long the requests of one event loop take: from the reading of the clock with which a request was complete and taken
 * up, to that by which the kernel had taken the last byte of its response. Confined to the loop's thread, but for
 * {@link #interval} and {@link #cut}.
 *
 * <p>A request costs an addition; the rest is done for a piece of received bytes with all its requests, and the clock is
 * not read for it but once for a group of sends over epoll:
 * <ol>
 * <li>{@link #answered} counts requests by their class, while a piece is served;
 * <li>{@link #settled} notes for the connection how many sends are to end until their answers are sent;
 * <li>{@link #sent} notes what has ended by a send;
 * <li>{@link #batchEnded} records that: what began together and ends together is one entry with a count.
 * </ol>
 *
 * Each request is recorded once, or counted by {@link #cut} if its connection ends before. Durations below
 * {@link #LOWEST_NANOS} or above {@link #HIGHEST_NANOS} are recorded as these.
 */
final class LatencyRecorder {

    static final int CLASSES = RouteClass.values().length;
    static final long LOWEST_NANOS = 1_000;
    static final long HIGHEST_NANOS = 60_000_000_000L;
    /** Two digits are 1 %: a histogram then takes 25 KB. */
    static final int DIGITS = 2;
    /** Finer than the lowest value, lest that be off by more than the digits say. */
    static final long RESOLUTION_NANOS = 64;

    /** How many entries wait for the end of the batch at most: those beyond are recorded at once. */
    private static final int MAX_ENDED = 64;
    private static final int NONE = -1;

    private final LoopContext loop;
    private final SingleWriterRecorder[] recorders = new SingleWriterRecorder[CLASSES];
    private final Counter[] recorded = new Counter[CLASSES]; // entries
    private final Counter cut = new Counter();
    private final ArrayDeque<UnsentRequests> free = new ArrayDeque<>(); // as many as were needed at a time

    // Answered on the connection of the moment, since its turn began: the last ones, and before them others.
    private RouteClass runClass = RouteClass.API;
    private int run;
    private final int[] earlier = new int[CLASSES];
    private boolean anyEarlier;

    // Sent since the last end of a batch.
    private final int[] endedClass = new int[MAX_ENDED];
    private final int[] endedCount = new int[MAX_ENDED];
    private final long[] endedStart = new long[MAX_ENDED];
    private int ended;
    private final int[] lastEnded = new int[CLASSES]; // the last entry of each class

    LatencyRecorder(LoopContext loop) {
        this.loop = loop;
        for (int i = 0; i < CLASSES; i++) {
            recorders[i] = new SingleWriterRecorder(RESOLUTION_NANOS, HIGHEST_NANOS, DIGITS);
            recorded[i] = new Counter();
        }
        Arrays.fill(lastEnded, NONE);
    }

    /** A turn for a connection begins. What an exception has left of another's is cut: that connection is closed. */
    void begin() {
        if (run > 0) {
            cutAnswered();
        }
    }

    /** A request is answered in this turn; unless it is the last of this turn, whose answer may be still to come. */
    void answered(RouteClass routeClass) {
        if (routeClass != runClass) {
            endRun(routeClass);
        }
        run++;
    }

    /** So are more requests of the same class. */
    void answered(int more) {
        run += more;
    }

    private void endRun(RouteClass next) {
        if (run > 0) {
            earlier[runClass.ordinal()] += run;
            anyEarlier = true;
            run = 0;
        }
        runClass = next;
    }

    /** The connection's turn ends, and its output was flushed. */
    void settled(Connection connection, HttpConnection http) {
        UnsentRequests unsent = http.unsent;
        if (run == 0 && unsent == null) {
            return;
        }
        // On a connection that is about to close nothing is sent any more: what is noted is then cut by its end.
        int sends = connection.isOpen() ? connection.queuedSends() : Integer.MAX_VALUE;
        if (unsent != null && unsent.hasOpen() && (run > 0 || !http.isAnswering())) {
            unsent.close(sends, this);
        }
        if (run > 0) {
            noteAnswered(http, sends);
        }
        giveBackIfEmpty(http);
    }

    /** An answer that is still to come keeps the connection from looking at other requests, so it is the last one's. */
    private void noteAnswered(HttpConnection http, int sends) {
        long start = loop.nanoTime();
        boolean open = http.isAnswering();
        if (anyEarlier) {
            noteEarlier(http, start, sends);
        }
        if (open) {
            run--;
        }
        if (run > 0) {
            note(http, runClass.ordinal(), run, start, sends);
            run = 0;
        }
        if (open) {
            unsent(http).addOpen(runClass.ordinal(), start);
        }
    }

    private void noteEarlier(HttpConnection http, long start, int sends) {
        anyEarlier = false;
        for (int i = 0; i < CLASSES; i++) {
            if (earlier[i] > 0) {
                note(http, i, earlier[i], start, sends);
                earlier[i] = 0;
            }
        }
    }

    private void note(HttpConnection http, int routeClass, int count, long start, int sends) {
        if (sends > 0) {
            unsent(http).add(routeClass, count, start, sends);
        } else {
            ended(routeClass, count, start);
        }
    }

    /** The kernel has taken a send of the connection. */
    void sent(HttpConnection http) {
        UnsentRequests unsent = http.unsent;
        if (unsent != null) {
            unsent.sent(this);
            giveBackIfEmpty(http);
        }
    }

    /** Requests are answered, and the kernel has taken it all by the end of the batch. */
    void ended(int routeClass, int count, long start) {
        int last = lastEnded[routeClass];
        if (last != NONE && endedStart[last] == start) {
            endedCount[last] += count;
            return;
        }
        if (ended == MAX_ENDED) {
            batchEnded();
        }
        lastEnded[routeClass] = ended;
        endedClass[ended] = routeClass;
        endedCount[ended] = count;
        endedStart[ended++] = start;
    }

    /** Records what has ended. */
    void batchEnded() {
        if (ended == 0) {
            return;
        }
        long now = loop.batchNanoTime();
        for (int i = 0; i < ended; i++) {
            recorders[endedClass[i]].recordValueWithCount(
                    Math.clamp(now - endedStart[i], LOWEST_NANOS, HIGHEST_NANOS), endedCount[i]);
            recorded[endedClass[i]].increment(); // after it: who sees that will find it in the interval
        }
        ended = 0;
        Arrays.fill(lastEnded, NONE);
    }

    /** The answer that a connection's open request waits for will not come. */
    void abandoned(HttpConnection http) {
        UnsentRequests unsent = http.unsent;
        if (unsent != null && unsent.hasOpen()) {
            unsent.dropOpen();
            cut.increment();
            giveBackIfEmpty(http);
        }
    }

    /** A connection is gone: what it was not sent is cut. */
    void closed(HttpConnection http) {
        if (run > 0) {
            cutAnswered();
        }
        UnsentRequests unsent = http.unsent;
        if (unsent != null) {
            cut.add(unsent.drop());
            giveBackIfEmpty(http);
        }
    }

    private void cutAnswered() {
        for (int i = 0; i < CLASSES; i++) {
            run += earlier[i];
            earlier[i] = 0;
        }
        cut.add(run);
        run = 0;
        anyEarlier = false;
    }

    private UnsentRequests unsent(HttpConnection http) {
        UnsentRequests unsent = http.unsent;
        if (unsent == null) {
            @Nullable
            UnsentRequests reused = free.poll();
            unsent = reused != null ? reused : new UnsentRequests();
            http.unsent = unsent;
        }
        return unsent;
    }

    private void giveBackIfEmpty(HttpConnection http) {
        UnsentRequests unsent = http.unsent;
        if (unsent != null && unsent.isEmpty()) {
            http.unsent = null;
            free.push(unsent);
        }
    }

    // ---- Whoever reads

    /**
     * What was recorded of a class since the last call. For one thread at a time, and not for a loop's: it may have to wait
     * until the recorder is between two values.
     *
     * @param recycled what an earlier call has returned, to be used again; or null
     */
    Histogram interval(int routeClass, @Nullable Histogram recycled) {
        return recorders[routeClass].getIntervalHistogram(recycled);
    }

    /** Another number than before, if something of a class was recorded since. Any thread. */
    long recorded(int routeClass) {
        return recorded[routeClass].get();
    }

    /** How many requests were never recorded, their connection having ended before. Any thread. */
    long cut() {
        return cut.get();
    }
}
