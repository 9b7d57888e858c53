package io.ringwave.http;

/**
 * Hears of every request that was answered, or given up, on one event loop. Made for each loop by what {@link
 * HttpConfig#accessLog} gives; called on that loop's thread only, so it needs no locks, and must neither block nor throw.
 *
 * <p>There is one call for each request that {@link HttpStats} counts, refused ones included, in the order in which a
 * connection's answers were written: for most when the response was written, for one that was left open when it is
 * complete, or its client has left.
 */
@FunctionalInterface
public interface AccessLog {

    /** @param record valid during the call; the object is used again for the next one */
    void answered(AccessRecord record);
}
