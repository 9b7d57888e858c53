package io.ringwave.server;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.ringwave.LoopContext;
import io.ringwave.http.AccessLog;
import io.ringwave.linux.Errno;
import io.ringwave.spi.Counter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access log: has one thread write what the loops leave in their rings, so that no loop ever waits for a disk. Where
 * the thread does not keep up, the disk is full, or nobody reads the FIFO, lines are dropped and counted: each request is
 * {@link #written} or {@link #dropped}, once this was closed.
 *
 * <pre>
 *   loops ---> rings ---> the writing thread ---> lines ---> file
 *          \              \
 *           `--> dropped   `--> dropped (the file does not take them)
 * </pre>
 *
 * The file is opened anew on {@link #reopen}, and when it was renamed or removed, which is looked at once a second.
 */
final class AccessLogWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLogWriter.class);

    /** How long the writer sleeps after it has found something; a loop fills a small part of its ring meanwhile. */
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    /** How long while it finds nothing: so late a line is at most, and so often an idle server wakes up. */
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** How long between two attempts to write to a FIFO that is full. */
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** How often it is said at most that lines are lost. */
    private static final long COMPLAINT_NANOS = TimeUnit.MINUTES.toNanos(1);
    /** How long the end of the program waits for lines to be written. */
    private static final long LAST_WRITES_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final MemorySegment LINE_END = Arena.global().allocateFrom(JAVA_BYTE, (byte) '\n');

    private final AccessLogFile file;
    private final AccessLines lines;
    private final int ringBytes;
    private final List<AccessRing> rings = new CopyOnWriteArrayList<>();
    private final LineBuffer buffer = new LineBuffer();
    private final Counter written = new Counter();
    private final Counter unwritten = new Counter();
    private final Thread thread = Thread.ofPlatform().name("ringwave-access-log").daemon().unstarted(this::run);
    private volatile boolean mustReopen;
    private volatile boolean stopping;
    private volatile long stopNanos;
    // The thread's.
    private long lookNanos;
    private long complaintNanos;
    private long complainedOf;
    private int lastError;
    private int bufferedLines;
    private boolean lineCut; // the file ends in the middle of a line
    private boolean openFails;

    private AccessLogWriter(AccessLogFile file, AccessLines lines, int ringBytes) {
        this.file = file;
        this.lines = lines;
        this.ringBytes = ringBytes;
    }

    /**
     * Opens the file and begins to write.
     *
     * @throws IllegalArgumentException if it cannot be opened; not for a FIFO that nobody reads yet
     */
    static AccessLogWriter start(String name, AccessLogFormat format) {
        return start(name, format, AccessRing.DEFAULT_BYTES);
    }

    /** As {@link #start(String, AccessLogFormat)}, with rings of another size. */
    static AccessLogWriter start(String name, AccessLogFormat format, int ringBytes) {
        AccessLogFile file = new AccessLogFile(name);
        int result = file.open();
        if (result < 0 && result != -Errno.ENXIO) {
            throw new IllegalArgumentException("--access-log: cannot open " + file + ": " + Errno.describe(-result));
        }
        AccessLogWriter writer = new AccessLogWriter(file, format.lines(), ringBytes);
        writer.lookNanos = System.nanoTime() + LOOK_NANOS;
        writer.complaintNanos = System.nanoTime();
        writer.thread.start();
        return writer;
    }

    /** What takes the requests of one loop. */
    AccessLog forLoop(LoopContext loop) {
        AccessRing ring = new AccessRing(ringBytes);
        rings.add(ring);
        return ring;
    }

    /** Opens the file anew, soon; any thread. */
    void reopen() {
        mustReopen = true;
        LockSupport.unpark(thread);
    }

    /** How many lines were written; any thread. */
    long written() {
        return written.get();
    }

    /** How many requests got no line, and will not get one; any thread. */
    long dropped() {
        return unwritten.get() + rings.stream().mapToLong(AccessRing::dropped).sum();
    }

    /** Writes what waits, for a second at most; what is left then is dropped. To be called once the loops have ended. */
    @Override
    public void close() {
        stopNanos = System.nanoTime() + LAST_WRITES_NANOS;
        stopping = true;
        LockSupport.unpark(thread);
        try {
            thread.join(TimeUnit.NANOSECONDS.toMillis(2 * LAST_WRITES_NANOS)); // it may be stuck in writing to stdout
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- The writing thread

    private void run() {
        while (!stopping) {
            lookAtFile();
            boolean found = writeRings();
            complain();
            LockSupport.parkNanos(found ? BUSY_NANOS : IDLE_NANOS);
        }
        boolean more = true;
        while (more && hasTime()) { // what the loops have left
            more = writeRings();
        }
        for (AccessRing ring : rings) {
            for (; ring.next() != null; ring.advance()) {
                unwritten.increment();
            }
        }
        file.close();
    }

    private boolean hasTime() {
        return !stopping || System.nanoTime() - stopNanos < 0;
    }

    /** Writes what waits now. Whether there was something. */
    private boolean writeRings() {
        boolean found = false;
        for (AccessRing ring : rings) {
            for (AccessEntry entry = ring.next(); entry != null && hasTime(); entry = ring.next()) {
                found = true;
                lines.write(entry, buffer);
                bufferedLines++;
                ring.advance();
                if (!buffer.hasRoom()) {
                    flush();
                    lookAtFile(); // a busy ring may never be empty
                }
            }
        }
        flush();
        return found;
    }

    /** Writes the lines of the buffer; drops and counts those that are not taken. */
    private void flush() {
        int length = buffer.length();
        int done = 0;
        boolean taken = length == 0 || endCutLine();
        while (taken && done < length) {
            int result = file.write(buffer.memory().address() + done, length - done);
            if (result > 0) {
                done += result;
            } else {
                taken = canRetry(-result);
            }
        }
        int whole = done == length ? bufferedLines : countLines(done);
        written.add(whole);
        unwritten.add(bufferedLines - whole);
        lineCut |= done > 0 && buffer.memory().get(JAVA_BYTE, done - 1) != '\n';
        bufferedLines = 0;
        buffer.clear();
    }

    /** Whether to write again, after a pause where a FIFO is full or nobody has it open. */
    private boolean canRetry(int errno) {
        lastError = errno;
        if (errno == Errno.EINTR) {
            return true;
        }
        boolean full = errno == Errno.EAGAIN;
        if (!full && errno != Errno.ENXIO || !hasTime() || !full && stopping) {
            return false;
        }
        complain(); // the rings may be filling up
        LockSupport.parkNanos(RETRY_NANOS);
        lookAtFile();
        return true;
    }

    /** Gives the file a line end, if what it took last was a part of a line. Whether the next line can follow. */
    private boolean endCutLine() {
        if (lineCut) {
            int result = file.write(LINE_END.address(), 1);
            lineCut = result != 1;
            lastError = lineCut ? -result : lastError;
        }
        return !lineCut;
    }

    private int countLines(int end) {
        int count = 0;
        for (int i = 0; i < end; i++) {
            count += buffer.memory().get(JAVA_BYTE, i) == '\n' ? 1 : 0;
        }
        return count;
    }

    /** Opens the file anew if that was asked for, or it is time to look and its name leads elsewhere. */
    private void lookAtFile() {
        long now = System.nanoTime();
        boolean asked = mustReopen;
        if (!asked && now - lookNanos < 0) {
            return;
        }
        lookNanos = now + LOOK_NANOS;
        mustReopen = false;
        if (!asked && file.isOpen() && !file.hasMoved()) {
            return;
        }
        int result = file.open();
        if (result == 0) {
            lineCut = false;
            openFails = false;
        } else if (result != -Errno.ENXIO && !openFails) {
            openFails = true;
            LOG.warn("The access log {} cannot be opened anew, and goes on where it was: {}", file,
                    Errno.describe(-result));
        }
    }

    /** Says that lines are lost, once in a while. */
    private void complain() {
        long dropped = dropped();
        long now = System.nanoTime();
        if (dropped > complainedOf && now - complaintNanos >= 0) {
            LOG.warn("{} lines of the access log were dropped so far; the last error of {}: {}", dropped, file,
                    lastError == 0 ? "none, it is not written fast enough" : Errno.describe(lastError));
            complainedOf = dropped;
            complaintNanos = now + COMPLAINT_NANOS;
        }
    }
}
