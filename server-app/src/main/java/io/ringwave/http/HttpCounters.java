package io.ringwave.http;

import io.ringwave.spi.Counter;

/** What one loop counts: written by the loop's thread, readable from any thread. */
final class HttpCounters {
    final Counter requests = new Counter();
    final Counter refused = new Counter();
    final Counter timeouts = new Counter();
    final Counter handlerFailures = new Counter();
    /** Responses that were cut because their file had changed, become shorter or could not be read. */
    final Counter filesCut = new Counter();
    /** Files that were asked for and known, and those that had to be looked for on the disk. */
    final Counter fileHits = new Counter();
    final Counter fileMisses = new Counter();
    // By the strategy that sent them; AUTO is what was read into the buffer of the head.
    private final Counter[] fileBytes = new Counter[FileStrategy.values().length];
    // By the first digit of the status; 0 and 1 are not used.
    private final Counter[] responses = {new Counter(), new Counter(), new Counter(), new Counter(), new Counter(),
        new Counter()};

    HttpCounters() {
        for (int i = 0; i < fileBytes.length; i++) {
            fileBytes[i] = new Counter();
        }
    }

    /** Counts bytes of files that were sent in a way; AUTO: that were read into the buffer of the head. */
    void fileSent(FileStrategy way, long bytes) {
        fileBytes[way.ordinal()].add(bytes);
    }

    long fileBytes(FileStrategy way) {
        return fileBytes[way.ordinal()].get();
    }

    /** Counts a response. */
    void responded(int status) {
        responses[status / 100].increment();
    }

    /** The responses whose status begins with that digit. */
    long responses(int firstDigit) {
        return responses[firstDigit].get();
    }
}
