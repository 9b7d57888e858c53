package io.ringwave.http;

/**
 * What an HTTP server counted since it started, over all loops or on one of them. A snapshot: the values were read one after the other.
 *
 * @param requestsTotal requests that reached routing: their head was valid, and their body complete
 * @param responses2xx responses with a status of 200 to 299 (interim responses are not counted)
 * @param responses3xx responses with a status of 300 to 399
 * @param responses4xx responses with a status of 400 to 499
 * @param responses5xx responses with a status of 500 to 599
 * @param requestsRefused requests that were answered with an error before routing: malformed, too long, unsupported
 * @param timeouts connections that were closed because a deadline had passed
 * @param handlerFailures handlers that threw, or did not answer
 * @param files how the bytes of files were sent
 */
public record HttpStats(long requestsTotal, long responses2xx, long responses3xx, long responses4xx, long responses5xx,
        long requestsRefused, long timeouts, long handlerFailures, Files files) {

    /**
     * Bytes of files that were handed to the kernel, by the way they went; and how often that ended badly.
     *
     * @param copied read into the buffer that holds the head: short files that are not in memory
     * @param memory from the loops' memory
     * @param mmap from a mapping of the file
     * @param sendfile by sendfile(2)
     * @param splice by splice(2)
     * @param uring read into a buffer of the backend's, through the ring or by pread(2), and sent from there
     * @param cut responses whose connection was cut, because the file had changed or could not be read
     * @param cacheHits requests for files that the loop's cache had
     * @param cacheMisses requests for which the disk was looked at: the file was not in the cache, not checked for a
     *     while, or does not exist
     */
    public record Files(long copied, long memory, long mmap, long sendfile, long splice, long uring, long cut,
            long cacheHits, long cacheMisses) {

        private Files plus(Files other) {
            return new Files(copied + other.copied, memory + other.memory, mmap + other.mmap,
                    sendfile + other.sendfile, splice + other.splice, uring + other.uring, cut + other.cut,
                    cacheHits + other.cacheHits, cacheMisses + other.cacheMisses);
        }
    }

    static final HttpStats NOTHING = new HttpStats(0, 0, 0, 0, 0, 0, 0, 0, new Files(0, 0, 0, 0, 0, 0, 0, 0, 0));

    HttpStats plus(HttpStats other) {
        return new HttpStats(requestsTotal + other.requestsTotal, responses2xx + other.responses2xx,
                responses3xx + other.responses3xx, responses4xx + other.responses4xx,
                responses5xx + other.responses5xx, requestsRefused + other.requestsRefused, timeouts + other.timeouts,
                handlerFailures + other.handlerFailures, files.plus(other.files));
    }
}
