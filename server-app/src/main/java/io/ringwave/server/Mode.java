package io.ringwave.server;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What the program serves. */
enum Mode {
    /** Files, and the GET endpoints of the API. */
    FAST_PATH,
    /** The same, and the JSON API. */
    DYNAMIC_PATH;

    /** The name on the command line, for example {@code fast-path}. */
    String optionName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException listing the names there are */
    static Mode named(String optionName) {
        return Arrays.stream(values()).filter(mode -> mode.optionName().equals(optionName)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("expected one of " + Arrays.stream(values())
                        .map(Mode::optionName).collect(Collectors.joining(", ")) + ", but was '" + optionName + "'"));
    }
}
