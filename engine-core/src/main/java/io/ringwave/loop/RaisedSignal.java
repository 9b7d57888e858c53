package io.ringwave.loop;

import io.ringwave.LoopSignal;

/**
 * A signal of a loop. It says that it was raised before it tells the mailbox; the loop asks the mailbox first: so a
 * signal is never overlooked, only sometimes looked at twice.
 */
final class RaisedSignal implements LoopSignal {

    private final Mailbox mailbox;
    private final Runnable task;
    private volatile boolean raised;

    RaisedSignal(Mailbox mailbox, Runnable task) {
        this.mailbox = mailbox;
        this.task = task;
    }

    @Override
    public void raise() {
        raised = true;
        mailbox.signal();
    }

    /** The loop: runs the task if it has been asked for since it last ran. */
    void runIfRaised() {
        if (raised) {
            raised = false; // first: whoever raises it from now on has it run again
            task.run();
        }
    }
}
