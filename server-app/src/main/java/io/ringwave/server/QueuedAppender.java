package io.ringwave.server;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.encoder.Encoder;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Has one thread write the log, so that who logs, often an event loop, never waits for a slow terminal, a full disk or a
 * pipe that nobody reads. What may wait is bounded, in events and in characters; what comes beyond is dropped and
 * counted, as is what cannot be written. Logback's own {@code AsyncAppender} drops without counting.
 *
 * <pre>
 *   append (any thread) ---> queue ---> the writing thread ---> encoder ---> out, one write for each line
 *                      \---> dropped <---------/
 * </pre>
 */
final class QueuedAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {
    private static final int MAX_WAITING = 4096;
    /** A message may quote a request's line, which can be long. */
    private static final long MAX_WAITING_CHARS = 4 << 20;
    /** How long the end of the program waits for lines to be written. */
    private static final long LAST_WRITES_MILLIS = 1000;

    private final Encoder<ILoggingEvent> encoder;
    private final OutputStream out;
    private final BlockingQueue<ILoggingEvent> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
    private final AtomicLong waitingChars = new AtomicLong();
    private final LongAdder dropped = new LongAdder();
    private final Thread writer = Thread.ofPlatform().name("ringwave-log").daemon().unstarted(this::write);

    /**
     * @param encoder started; used by the writing thread alone
     * @param out what each line is written to, in one piece; not closed
     */
    QueuedAppender(Encoder<ILoggingEvent> encoder, OutputStream out) {
        this.encoder = encoder;
        this.out = out;
        setName("stderr");
    }

    @Override
    public void start() {
        super.start();
        writer.start();
    }

    /** How many events were not written, and will not be; any thread. */
    long dropped() {
        return dropped.sum();
    }

    @Override
    protected void append(ILoggingEvent event) {
        event.prepareForDeferredProcessing(); // formats the message: its arguments may change, or belong to this thread
        int chars = event.getFormattedMessage().length();
        if (waitingChars.addAndGet(chars) > MAX_WAITING_CHARS || !waiting.offer(event)) {
            waitingChars.addAndGet(-chars);
            dropped.increment();
        }
    }

    /** Takes no more events, and waits a while until those that wait are written; what is left then is dropped. */
    @Override
    public void stop() {
        if (isStarted()) {
            super.stop();
            writer.interrupt(); // it does not end a write, only the wait for an event
            try {
                writer.join(LAST_WRITES_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void write() {
        try {
            while (isStarted()) {
                write(waiting.take());
            }
        } catch (InterruptedException e) {
            // stopped
        }
        for (ILoggingEvent event = waiting.poll(); event != null; event = waiting.poll()) {
            write(event);
        }
    }

    private void write(ILoggingEvent event) {
        waitingChars.addAndGet(-event.getFormattedMessage().length());
        try {
            out.write(encoder.encode(event));
        } catch (IOException | RuntimeException e) { // there is no place to say so, but the metrics
            dropped.increment();
        }
    }
}
