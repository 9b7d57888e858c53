package io.ringwave.uring;

import io.ringwave.linux.Libc;
import io.ringwave.spi.Counter;
import io.ringwave.spi.Token;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Wakes other loops' rings along with this one's submissions (IORING_OP_MSG_RING), which spares the writing of their
 * eventfd. Confined to the loop's thread.
 *
 * <p>Owns a duplicate of the descriptor of every ring that it has woken. A message that is submitted when its ring has
 * ended already thus reaches nobody, instead of whoever got the same descriptor since.
 */
final class RingMessages implements AutoCloseable {

    private static final int NO_DESCRIPTOR = -1;

    private final SubmissionQueue submissions;
    private final int sentOperation;
    private final long message;
    private final Counter sent;
    private @Nullable UringBackend[] targets = new UringBackend[0]; // by the number of their loop
    private int[] descriptors = new int[0];

    /**
     * @param sentOperation the operation of tokens that come back for messages that could not be delivered
     * @param message the token that the target's ring reports
     */
    RingMessages(SubmissionQueue submissions, int sentOperation, long message, Counter sent) {
        this.submissions = submissions;
        this.sentOperation = sentOperation;
        this.message = message;
        this.sent = sent;
    }

    /** Wakes a backend with the next submission. False if it has to be woken in another way. */
    boolean send(UringBackend target) {
        int loop = target.loop();
        if (loop >= targets.length) {
            grow(loop + 1);
        }
        if (targets[loop] == null) {
            targets[loop] = target;
            descriptors[loop] = target.duplicateRing();
        }
        if (targets[loop] != target || descriptors[loop] < 0) { // a loop of another engine, or no descriptor was left
            return false;
        }
        submissions.message(descriptors[loop], message, Token.of(sentOperation, 0, loop));
        sent.increment();
        return true;
    }

    /** A message was reported back: if it was not delivered, its target is woken in the other way. */
    void reported(int loop, int result) {
        UringBackend target = targets[loop];
        if (result < 0 && target != null) {
            target.wakeup();
        }
    }

    private void grow(int loops) {
        int before = targets.length;
        targets = Arrays.copyOf(targets, loops);
        descriptors = Arrays.copyOf(descriptors, loops);
        Arrays.fill(descriptors, before, loops, NO_DESCRIPTOR);
    }

    /** Messages that were not submitted any more are made up for: a loop that is not woken would sleep for ever. */
    @Override
    public void close() {
        for (int loop = 0; loop < targets.length; loop++) {
            UringBackend target = targets[loop];
            if (target != null) {
                target.wakeup();
            }
            if (descriptors[loop] >= 0) {
                Libc.close(descriptors[loop]);
            }
        }
        targets = new UringBackend[0];
    }
}
