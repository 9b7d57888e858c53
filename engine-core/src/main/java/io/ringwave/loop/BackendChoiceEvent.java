package io.ringwave.loop;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** An engine has started. */
@Name("io.ringwave.BackendChoice")
@Label("Backend Choice")
@Category("Ringwave")
@StackTrace(false)
final class BackendChoiceEvent extends Event {
    @Label("Backend")
    String backend = "";

    @Label("Reason")
    String reason = "";

    @Label("Remedy")
    String remedy = "";
}
