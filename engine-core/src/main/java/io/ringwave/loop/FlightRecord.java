package io.ringwave.loop;

import io.ringwave.BackendChoice;
import org.jspecify.annotations.Nullable;

/**
 * What a loop tells Java's flight recorder (JFR), where that is there: the module {@code jdk.jfr} is not required. While
 * nobody records, a turn costs two branches, and no clock is read. Confined to the loop's thread; its events are made once
 * and used again.
 */
public final class FlightRecord {

    /** On the module path it is there if somebody asks for it, as the option that starts a recording does. */
    private static final boolean AVAILABLE = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private final @Nullable LoopStallEvent stall;
    private final @Nullable BufferExhaustionEvent exhaustion;
    private boolean watching; // the turn that runs
    private long longest;
    private String longestWas = "";
    private long sendShortages; // in this turn
    private long receiveShortages; // up to the last turn

    FlightRecord(int loop) {
        if (AVAILABLE) {
            stall = new LoopStallEvent();
            stall.loop = loop;
            exhaustion = new BufferExhaustionEvent();
            exhaustion.loop = loop;
        } else {
            stall = null;
            exhaustion = null;
        }
    }

    /** Any thread: an engine has started. */
    public static void chosen(BackendChoice choice) {
        if (AVAILABLE) {
            BackendChoiceEvent event = new BackendChoiceEvent();
            event.backend = choice.name();
            event.reason = choice.reason();
            event.remedy = choice.remedy();
            event.commit();
        }
    }

    /** The wait for the kernel is over. */
    void turnBegins() {
        if (stall != null && stall.isEnabled()) {
            watching = true;
            longest = 0;
            stall.begin();
        }
    }

    /** The time before a call, if it is to be known how long that takes. */
    long beforeCall() {
        return watching ? System.nanoTime() : 0;
    }

    /** A call has returned. */
    void called(long before, String what) {
        if (watching) {
            long took = System.nanoTime() - before;
            if (took > longest) {
                longest = took;
                longestWas = what;
            }
        }
    }

    /** No send buffer was free. */
    void sendShortage() {
        sendShortages++;
    }

    /**
     * The next wait for the kernel comes.
     *
     * @param shortages how often the backend has found no receive buffer so far
     */
    void turnEnds(int completions, int tasks, long shortages) {
        if (watching) {
            watching = false;
            tellStall(completions, tasks);
        }
        if (sendShortages > 0) {
            tellExhaustion("send", sendShortages);
            sendShortages = 0;
        }
        if (shortages != receiveShortages) {
            tellExhaustion("receive", shortages - receiveShortages);
            receiveShortages = shortages;
        }
    }

    private void tellStall(int completions, int tasks) {
        LoopStallEvent event = stall;
        assert event != null;
        event.end();
        if (event.shouldCommit()) {
            event.completions = completions;
            event.tasks = tasks;
            event.longestCall = longest;
            event.what = longestWas;
            event.commit();
        }
    }

    private void tellExhaustion(String kind, long times) {
        BufferExhaustionEvent event = exhaustion;
        if (event != null && event.isEnabled()) {
            event.kind = kind;
            event.times = times;
            event.commit();
        }
    }
}
