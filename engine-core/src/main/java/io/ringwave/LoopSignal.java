package io.ringwave;

/**
 * Makes a loop run one fixed task: what {@link LoopContext#execute} does for any task, but without a place in the
 * mailbox, so that it never fails for want of room. For whoever keeps a queue of its own that the loop must look into.
 *
 * @see LoopContext#signal
 */
@FunctionalInterface
public interface LoopSignal {

    /**
     * Has the task run soon, on the loop's thread; any thread. It runs at least once after this call began; of several
     * calls before it runs, one may do. Once the loop has ended, this does nothing.
     */
    void raise();
}
