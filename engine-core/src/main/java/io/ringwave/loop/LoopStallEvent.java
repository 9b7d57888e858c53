package io.ringwave.loop;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;

/** A turn of a loop that took long: whatever it ran kept all its connections waiting. */
@Name("io.ringwave.LoopStall")
@Label("Event Loop Stall")
@Category("Ringwave")
@Description("A turn of an event loop took so long, without the wait for the kernel")
@Threshold("10 ms")
@StackTrace(false)
final class LoopStallEvent extends Event {
    @Label("Loop")
    int loop;

    @Label("Completions")
    @Description("What the backend reported in this turn")
    int completions;

    @Label("Tasks")
    int tasks;

    @Label("Longest Call")
    @Timespan(Timespan.NANOSECONDS)
    long longestCall;

    @Label("Longest Call Was")
    @Description("The call of a handler or a task that took the longest part of it")
    String what = "";
}
