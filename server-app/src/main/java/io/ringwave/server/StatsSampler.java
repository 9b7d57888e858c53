package io.ringwave.server;

import io.ringwave.http.HttpServer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a sample of what a server counts once a second, on a thread of its own, and tells what the last minute was like.
 * The loops have no part in it: what they count is read from outside. Where they have no CPU of their own they do wait for
 * it, so a sample is only what must be read at that moment; the rest is done when somebody asks. {@link #figures} is for
 * any thread.
 */
final class StatsSampler implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StatsSampler.class);

    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final HttpServer server;
    private final StatsStream stream;
    private final ThreadTimes times; // of the thread, once it runs
    private final StatsHistory history = new StatsHistory(); // guarded by this
    private final Thread thread;
    private volatile @Nullable Figures figures; // those that were asked for last
    private volatile boolean closed;

    private StatsSampler(HttpServer server, StatsStream stream) {
        this.server = server;
        this.stream = stream;
        times = new ThreadTimes(server.engine().placements());
        history.add(Sample.of(server, times, System.nanoTime(), System.currentTimeMillis()));
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
        StatsHistory samples = history();
        Figures known = figures;
        if (known == null || known.sample() != samples.newest()) {
            known = Figures.of(samples, StatsHistory.LATENCY_SECONDS);
            figures = known;
        }
        return known;
    }

    /** Worked on without the lock, which a loop may want meanwhile. */
    private synchronized StatsHistory history() {
        return history.copy();
    }

    private synchronized void add(Sample sample) {
        history.add(sample);
    }

    private void run() {
        try (times) {
            sampleUntilClosed();
        }
    }

    private void sampleUntilClosed() {
        long next = System.nanoTime() + INTERVAL_NANOS;
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
        add(Sample.of(server, times, now, System.currentTimeMillis()));
        if (stream.hasReaders()) {
            stream.send(Figures.of(history(), 1), Present.of(server));
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
