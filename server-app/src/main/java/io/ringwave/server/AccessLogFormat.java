package io.ringwave.server;

import java.util.Locale;

/** How the lines of the access log look. */
enum AccessLogFormat {
    /** The combined format of Apache and nginx, with what is no printable ASCII as {@code \xHH}. */
    COMBINED,
    /** One JSON object a line. */
    JSON;

    /** The name on the command line. */
    String optionName() {
        return name().toLowerCase(Locale.ROOT);
    }

    AccessLines lines() {
        return switch (this) {
            case COMBINED -> new CombinedLines();
            case JSON -> new JsonLines();
        };
    }
}
