package io.ringwave.loop;

import io.ringwave.CloseReason;
import io.ringwave.spi.Counter;

/** What a loop counts: written by its thread, read by any. */
public final class LoopCounters {
    public final Counter accepted = new Counter();
    public final Counter made = new Counter();
    public final Counter connectFailures = new Counter();
    public final Counter closed = new Counter();
    public final Counter refused = new Counter();
    public final Counter acceptPauses = new Counter();
    public final Counter bytesReceived = new Counter();
    public final Counter bytesSent = new Counter();
    public final Counter handlerFailures = new Counter();
    /** Not a count: the send buffers that were free when the last turn began. */
    public final Counter sendBuffersFree = new Counter();
    /** Not a count: the sends of all connections that were queued when the last turn began. */
    public final Counter sendsQueued = new Counter();
    /** Times that a full send queue stopped a connection's receiving. */
    public final Counter receivePauses = new Counter();
    public final Counter turns = new Counter();
    /** Turns by how much the backend reported: 0, 1, 2-3, 4-7 and so on; the last one has no upper bound. */
    private final Counter[] turnSizes = counters(TURN_SIZES);
    private final Counter[] closedBy = counters(CloseReason.values().length);

    /** How many sizes of turns are told apart. */
    public static final int TURN_SIZES = 9;

    private static Counter[] counters(int count) {
        Counter[] counters = new Counter[count];
        for (int i = 0; i < count; i++) {
            counters[i] = new Counter();
        }
        return counters;
    }

    /** Counts a turn in which the backend reported so much. */
    void turned(int reported) {
        turns.increment();
        turnSizes[Math.min(Integer.SIZE - Integer.numberOfLeadingZeros(reported), TURN_SIZES - 1)].increment();
    }

    /** Counts a connection that was closed. */
    void closed(CloseReason reason) {
        closedBy[reason.ordinal()].increment();
        closed.increment(); // last: see Engine.stats
    }

    /** The turns of that size. */
    public long turnsOfSize(int size) {
        return turnSizes[size].get();
    }

    /** The connections that were closed for that reason. */
    public long closedBy(CloseReason reason) {
        return closedBy[reason.ordinal()].get();
    }
}
