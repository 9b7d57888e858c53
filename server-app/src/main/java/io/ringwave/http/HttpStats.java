package io.ringwave.http;

/**
 * What an HTTP server counted since it started, over all loops. A snapshot: the values were read one after the other.
 *
 * @param requestsTotal requests that reached routing: their head was valid, and their body complete
 * @param responses2xx responses with a status of 200 to 299 (interim responses are not counted)
 * @param responses3xx responses with a status of 300 to 399
 * @param responses4xx responses with a status of 400 to 499
 * @param responses5xx responses with a status of 500 to 599
 * @param requestsRefused requests that were answered with an error before routing: malformed, too long, unsupported
 * @param timeouts connections that were closed because a deadline had passed
 * @param handlerFailures handlers that threw, or did not answer
 */
public record HttpStats(long requestsTotal, long responses2xx, long responses3xx, long responses4xx, long responses5xx,
        long requestsRefused, long timeouts, long handlerFailures) {}
