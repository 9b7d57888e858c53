package io.ringwave.uring;

import static io.ringwave.uring.Channels.ARMED;
import static io.ringwave.uring.Channels.CANCELLING;
import static io.ringwave.uring.Channels.CLOSING;
import static io.ringwave.uring.Channels.ENDED;
import static io.ringwave.uring.Channels.FILE_SENT;
import static io.ringwave.uring.Channels.HELD;
import static io.ringwave.uring.Channels.HELD_END;
import static io.ringwave.uring.Channels.ONE_BY_ONE;
import static io.ringwave.uring.Channels.OPEN;
import static io.ringwave.uring.Channels.READING;
import static io.ringwave.uring.Channels.SET_ASIDE;
import static io.ringwave.uring.Channels.STARVED;
import static io.ringwave.uring.Channels.WANTED;
import static io.ringwave.uring.Operation.CANCEL;
import static io.ringwave.uring.Operation.READ;
import static io.ringwave.uring.Operation.READABLE;
import static io.ringwave.uring.Operation.RECEIVE;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.bindings.uring.Uring;
import io.ringwave.linux.Errno;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendCounters;
import io.ringwave.spi.BufferSlab;
import io.ringwave.spi.Completions;
import io.ringwave.spi.FilePace;
import io.ringwave.spi.SlotQueue;
import java.util.Arrays;

/**
 * The subscriptions to what peers send: arms the operations, reports or holds back what they bring, and arms them again. Owns
 * the free receive buffers as far as the kernel does not. Confined to the loop's thread.
 *
 * <p>What the kernel had received before a pause took effect is held back, in order, until {@link #begin}. A multishot
 * operation may have filled dozens of buffers by then; when others find none because of it, what is held back makes way:
 * it is {@link SetAside}, and its connection receives chunk by chunk from then on.
 */
final class Receives {

    private static final int NONE = -1;
    private static final int F_MORE = Uring.IORING_CQE_F_MORE();
    private static final int F_BUFFER = Uring.IORING_CQE_F_BUFFER();
    private static final int BUFFER_SHIFT = Uring.IORING_CQE_BUFFER_SHIFT();
    private static final int POLLIN = Linux.POLLIN();
    private static final int POLLRDHUP = Linux.POLLRDHUP();

    private final Channels channels;
    private final SubmissionQueue submissions;
    private final Features features;
    private final ReceiveBuffers buffers;
    private final Descriptors descriptors;
    private final FilePace pace;
    private final SlotQueue ready;
    private final BackendCounters counters;
    private final BackendFailure failure;
    private final HeldChunks held;
    private final SetAside aside;
    private final SlotQueue starved; // wait for a free buffer
    private int[] readBuffers = {}; // by slot, of those that are READING; as long as was needed so far
    private int reading; // how many slots are READING

    /**
     * @param slab its receive buffers are {@code buffers}
     * @param ready the slots that have something to do without a completion
     */
    Receives(Channels channels, SubmissionQueue submissions, Features features, ReceiveBuffers buffers,
            Descriptors descriptors, FilePace pace, SlotQueue ready, BackendCounters counters, BackendFailure failure,
            int slots, BufferSlab slab) {
        this.channels = channels;
        this.submissions = submissions;
        this.features = features;
        this.buffers = buffers;
        this.descriptors = descriptors;
        this.pace = pace;
        this.ready = ready;
        this.counters = counters;
        this.failure = failure;
        this.held = new HeldChunks(channels, slots, slab.receiveBuffers());
        this.aside = new SetAside(channels, slab, slots);
        this.starved = new SlotQueue(slots);
    }

    /** {@link Backend#receive}. */
    void begin(int slot) {
        assert channels.isOpen(slot);
        if (channels.is(slot, WANTED | CLOSING)) {
            return;
        }
        channels.set(slot, WANTED);
        if (channels.is(slot, HELD | SET_ASIDE | HELD_END)) {
            ready.add(slot); // reported in the next turn, before anything newer
        } else if (!channels.is(slot, ARMED | ENDED | STARVED)) {
            arm(slot);
        }
    }

    /** {@link Backend#pause}. */
    void pause(int slot) {
        assert channels.isOpen(slot);
        if (!channels.is(slot, WANTED)) {
            return;
        }
        channels.clear(slot, WANTED);
        cancel(slot);
    }

    /** The channel is closed: nothing more is reported. */
    void end(int slot) {
        channels.clear(slot, WANTED | STARVED | HELD_END);
        forgetHeld(slot);
        cancel(slot);
    }

    private void forgetHeld(int slot) {
        aside.forget(slot);
        while (!held.isEmpty(slot)) {
            release(held.remove(slot));
        }
    }

    private void arm(int slot) {
        channels.set(slot, ARMED);
        switch (features.receiving()) {
            case MULTISHOT -> {
                if (channels.is(slot, ONE_BY_ONE)) {
                    submissions.receiveProvided(channels.sockets[slot], BufferRing.GROUP,
                            channels.token(RECEIVE, slot));
                } else {
                    submissions.receiveMultishot(channels.sockets[slot], BufferRing.GROUP,
                            channels.token(RECEIVE, slot));
                }
            }
            case ONE_SHOT ->
                submissions.receiveProvided(channels.sockets[slot], BufferRing.GROUP, channels.token(RECEIVE, slot));
            case POLLED -> submissions.poll(channels.sockets[slot], POLLIN | POLLRDHUP, channels.token(READABLE, slot));
        }
    }

    /** Ends the operation that is armed; what it brought until then is still reported or held back. */
    void cancel(int slot) {
        if (channels.masked(slot, ARMED | CANCELLING | READING) == ARMED) {
            channels.set(slot, CANCELLING);
            int operation = features.receiving() == Features.Receiving.POLLED ? READABLE : RECEIVE;
            submissions.cancel(channels.token(operation, slot), channels.token(CANCEL, slot));
        }
    }

    /** A receive into a provided buffer has brought something, or has ended. */
    int received(long token, int slot, int result, int cqeFlags, Completions completions) {
        int buffer = NONE;
        if ((cqeFlags & F_BUFFER) != 0) {
            buffer = cqeFlags >>> BUFFER_SHIFT;
            ((BufferRing) buffers).taken();
        }
        if (!channels.isCurrent(slot, token)) {
            counters.staleReports.increment();
            recycle(buffer);
            return 0;
        }
        if ((cqeFlags & F_MORE) == 0) {
            channels.clear(slot, ARMED | CANCELLING);
        }
        if (channels.is(slot, CLOSING)) {
            recycle(buffer);
            return 0;
        }
        return deliver(slot, buffer, result, completions);
    }

    /** A poll has ended: reads into a free buffer, if bytes or an end are there. */
    int readable(long token, int slot, int result, Completions completions) {
        if (!channels.isCurrent(slot, token)) {
            counters.staleReports.increment();
            return 0;
        }
        channels.clear(slot, ARMED | CANCELLING);
        if (channels.is(slot, CLOSING)) {
            return 0;
        }
        if (result < 0) {
            return deliver(slot, NONE, result, completions);
        }
        if (!channels.is(slot, WANTED)) {
            return 0;
        }
        FreeBuffers free = (FreeBuffers) buffers;
        int buffer = free.take();
        if (buffer == NONE) {
            return deliver(slot, NONE, -Errno.ENOBUFS, completions);
        }
        channels.set(slot, ARMED | READING);
        if (slot >= readBuffers.length) {
            readBuffers = Arrays.copyOf(readBuffers, channels.length());
        }
        readBuffers[slot] = buffer;
        reading++;
        // SAFETY: the slab outlives the ring, and the buffer is not handed out until this operation has ended.
        submissions.receiveNow(channels.sockets[slot], free.address(buffer), free.bufferBytes(),
                channels.token(READ, slot));
        return 0;
    }

    /** Never late: a slot that is READING is not closed. */
    int read(int slot, int result, Completions completions) {
        reading--;
        channels.clear(slot, ARMED | READING);
        int buffer = readBuffers[slot];
        if (channels.is(slot, CLOSING)) {
            recycle(buffer);
            descriptors.closeUnlessBusy(slot);
            return 0;
        }
        return deliver(slot, buffer, result, completions);
    }

    /** Reports what was held back, and receives on behind it. */
    int work(int slot, Completions completions) {
        int reported = 0;
        while (channels.is(slot, WANTED) && channels.is(slot, HELD | SET_ASIDE)) {
            boolean isCopy = channels.is(slot, SET_ASIDE);
            int length = isCopy ? aside.length(slot) : 0;
            int buffer = isCopy ? aside.remove(slot) : held.remove(slot);
            if (buffer == NONE) {
                return reported; // publishBuffers() makes the slot ready again
            }
            completions.received(slot, buffer, 0, isCopy ? length : held.length(buffer));
            reported++;
        }
        if (channels.masked(slot, WANTED | HELD_END) == (WANTED | HELD_END)) {
            channels.clear(slot, WANTED | HELD_END);
            completions.received(slot, NONE, 0, channels.endResult(slot));
            reported++;
        }
        keepReceiving(slot);
        return reported;
    }

    /** Whether there is something to report soon: operations that end as they are submitted. */
    boolean isReading() {
        return reading > 0;
    }

    /** Reports or holds back what a receive brought, and keeps receiving. */
    private int deliver(int slot, int buffer, int result, Completions completions) {
        int generation = channels.generations[slot];
        int reported = 0;
        if (result > 0) {
            if (channels.is(slot, ENDED)) { // by us: cut
                recycle(buffer);
            } else if (isHeldBack(slot)) {
                held.add(slot, buffer, result);
            } else {
                if (!channels.is(slot, FILE_SENT)) {
                    pace.othersReceived();
                }
                completions.received(slot, buffer, 0, result);
                reported = 1;
            }
        } else {
            recycle(buffer);
            reported = receiveEnded(slot, result, completions);
        }
        if (generation == channels.generations[slot]) {
            keepReceiving(slot);
        }
        return reported;
    }

    /** The kernel ended a multishot operation; some of the reasons end the stream. */
    private int receiveEnded(int slot, int result, Completions completions) {
        switch (-result) {
            case Errno.ENOBUFS -> {
                counters.bufferShortages.increment();
                channels.set(slot, STARVED); // armed again when a buffer is released: at once would only fail again
                starved.add(slot);
                return 0;
            }
            case Errno.ECANCELED, Errno.EINTR, Errno.EAGAIN -> {
                return 0;
            }
            default -> {
                failure.ifOurBug(result);
                if (channels.is(slot, ENDED)) {
                    return 0;
                }
                channels.set(slot, ENDED);
                if (isHeldBack(slot)) {
                    channels.set(slot, HELD_END);
                    channels.endResult(slot, result);
                    return 0;
                }
                channels.clear(slot, WANTED);
                completions.received(slot, NONE, 0, result);
                return 1;
            }
        }
    }

    /** Whether a chunk must wait: receiving is paused, or older chunks wait. */
    private boolean isHeldBack(int slot) {
        return channels.masked(slot, WANTED | HELD | SET_ASIDE) != WANTED;
    }

    private void recycle(int buffer) {
        if (buffer != NONE) {
            release(buffer);
        }
    }

    /** {@link Backend#release}. */
    void release(int buffer) {
        if (aside.isEmpty() || !aside.keep(buffer)) {
            buffers.add(buffer);
        }
    }

    /** Arms the subscription again if it is wanted and has ended. */
    private void keepReceiving(int slot) {
        if (channels.masked(slot, OPEN | WANTED | HELD | SET_ASIDE | ARMED | STARVED | ENDED | CLOSING) == (OPEN
                | WANTED)) {
            counters.rearms.increment();
            arm(slot);
        }
    }

    /**
     * Makes the buffers available that came back, and gives those another try that found none.
     *
     * @return how many buffers are free
     */
    int publishBuffers() {
        if (!aside.isEmpty()) {
            aside.serve(ready);
            for (int buffer = aside.spare(); buffer != NONE; buffer = aside.spare()) {
                buffers.add(buffer);
            }
        }
        if (!starved.isEmpty()) {
            setHeldAside();
        }
        int free = buffers.publish();
        rearmStarved(free);
        return free;
    }

    /** What is held back makes way for those that found no free buffer. */
    private void setHeldAside() {
        for (int slot = held.removeHolder(); slot != NONE; slot = held.removeHolder()) {
            channels.set(slot, ONE_BY_ONE);
            while (!held.isEmpty(slot)) {
                int buffer = held.remove(slot);
                boolean fits = aside.add(slot, buffer, held.length(buffer));
                release(buffer);
                if (!fits) {
                    cut(slot);
                }
            }
        }
    }

    /** There is no room for what a connection has sent and nobody takes: that is its end. */
    private void cut(int slot) {
        forgetHeld(slot);
        channels.set(slot, ENDED | HELD_END);
        channels.endResult(slot, -Errno.ENOBUFS);
        cancel(slot);
        if (channels.is(slot, WANTED)) {
            ready.add(slot);
        }
    }

    /**
     * As many starved connections as there are free buffers get another try. Counted by buffers that are there, not by
     * those that came back: a try may take none (the stream had ended), and its buffer must not be lost to the others.
     */
    private void rearmStarved(int freeBuffers) {
        for (int tries = freeBuffers; tries > 0 && !starved.isEmpty();) {
            int slot = starved.remove();
            if (channels.is(slot, STARVED)) { // else it was closed meanwhile, and takes none from those that wait
                channels.clear(slot, STARVED);
                if (channels.is(slot, WANTED)) { // else it was paused; receive() arms it
                    keepReceiving(slot);
                    tries--;
                }
            }
        }
    }
}
