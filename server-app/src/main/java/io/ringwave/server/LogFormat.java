package io.ringwave.server;

import java.util.Locale;

/** What a line of the log looks like. */
enum LogFormat {
    /** For people: time, level, thread, message. */
    TEXT,
    /** For programs: one JSON object. */
    JSON;

    /** The name on the command line, for example {@code json}. */
    String optionName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
