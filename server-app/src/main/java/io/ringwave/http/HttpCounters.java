package io.ringwave.http;

import io.ringwave.spi.Counter;

/** What one loop counts: written by the loop's thread, readable from any thread. */
final class HttpCounters {
    final Counter requests = new Counter();
    final Counter refused = new Counter();
    final Counter timeouts = new Counter();
    final Counter handlerFailures = new Counter();
    // By the first digit of the status; 0 and 1 are not used.
    private final Counter[] responses = {new Counter(), new Counter(), new Counter(), new Counter(), new Counter(),
        new Counter()};

    HttpCounters() {}

    /** Counts a response. */
    void responded(int status) {
        responses[status / 100].increment();
    }

    /** The responses whose status begins with that digit. */
    long responses(int firstDigit) {
        return responses[firstDigit].get();
    }
}
