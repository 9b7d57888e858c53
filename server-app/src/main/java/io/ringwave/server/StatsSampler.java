package io.ringwave.server;

import io.ringwave.http.HttpServer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a sample of all that a server counts once a second, on a thread of its own, and tells what the last minute was like.
 * The loops have no part in it: what they count is read from outside. {@link #figures} is for any thread.
 */
final class StatsSampler implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StatsSampler.class);

    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final HttpServer server;
    private final StatsStream stream;
    private final StatsHistory history = new StatsHistory(); // of the thread, once it runs
    private final Thread thread;
    private volatile Figures figures;
    private volatile boolean closed;

    private StatsSampler(HttpServer server, StatsStream stream) {
        this.server = server;
        this.stream = stream;
        history.add(Sample.of(server, System.nanoTime(), System.currentTimeMillis()));
        figures = Figures.of(history, StatsHistory.LATENCY_SECONDS);
        thread = Thread.ofPlatform().name("ringwave-stats").daemon().unstarted(this::run);
    }

    /** @param stream is sent what each second was like */
    static StatsSampler start(HttpServer server, StatsStream stream) {
        StatsSampler sampler = new StatsSampler(server, stream);
        sampler.thread.start();
        return sampler;
    }

    /** As of the last sample, with the latencies of the last ten seconds. */
    Figures figures() {
        return figures;
    }

    private void run() {
        long next = history.newest().nanoTime() + INTERVAL_NANOS;
        while (!closed) {
            long now = System.nanoTime();
            if (now - next < 0) {
                LockSupport.parkNanos(this, next - now);
                continue;
            }
            // After a pause of the machine not as often as it was missed: a second is a second.
            next = now - next > INTERVAL_NANOS ? now + INTERVAL_NANOS : next + INTERVAL_NANOS;
            try {
                sample(now);
            } catch (RuntimeException failure) {
                LOG.error("The statistics of a second were lost", failure);
            }
        }
    }

    private void sample(long now) {
        history.add(Sample.of(server, now, System.currentTimeMillis()));
        figures = Figures.of(history, StatsHistory.LATENCY_SECONDS);
        if (stream.hasReaders()) {
            stream.send(Figures.of(history, 1));
        } else {
            stream.forget();
        }
    }

    /** Takes no more samples. Idempotent. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        try {
            thread.join(Duration.ofNanos(INTERVAL_NANOS)); // nobody is sent anything after this
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
