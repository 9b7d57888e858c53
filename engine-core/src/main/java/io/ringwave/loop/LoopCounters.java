package io.ringwave.loop;

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
}
