package io.ringwave.loop;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A loop had no free buffer. */
@Name("io.ringwave.BufferExhaustion")
@Label("Buffer Exhaustion")
@Category("Ringwave")
@Description("In a turn of an event loop connections had to wait for a free buffer")
@StackTrace(false)
final class BufferExhaustionEvent extends Event {
    @Label("Loop")
    int loop;

    @Label("Kind")
    @Description("receive or send")
    String kind = "";

    @Label("Times")
    @Description("How often a buffer was wanted in vain")
    long times;
}
