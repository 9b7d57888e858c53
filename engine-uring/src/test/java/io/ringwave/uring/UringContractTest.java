package io.ringwave.uring;

import io.ringwave.spi.BackendProvider;
import io.ringwave.testkit.BackendContract;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.DescriptorLimit;
import io.ringwave.testkit.Peer;
import io.ringwave.testkit.RecordingCompletions;
import org.junit.jupiter.api.Test;

/** io_uring keeps the contract of the seam. */
class UringContractTest extends BackendContract {

    @Override
    protected BackendProvider provider() {
        return new UringBackendProvider();
    }

    /** An accept that is armed keeps to the limit that held when it was submitted. */
    @Override
    protected AutoCloseable exhaustDescriptors() {
        loadWhatIsNeededLater();
        return DescriptorLimit.exhaustWithoutLowering();
    }

    /** A buffer that came back is not spent on a connection that starved earlier, and has closed since. */
    @Test
    void whoStarvesIsNotPassedOverForOneThatHasClosed() {
        BackendRig rig = rig().listening();
        rig.completions().keepBuffers(true);
        Peer hog = rig.connect();
        open(0);
        hog.write(new byte[BackendRig.RECEIVE_BUFFERS * BackendRig.BUFFER_BYTES]);
        rig.until("all buffers are in use",
                () -> rig.completions().keptBuffers().size() == BackendRig.RECEIVE_BUFFERS);
        starve(1);
        RecordingCompletions.Channel waiting = starve(2);
        rig.backend().closeChannel(1);
        rig.turns(2);

        rig.completions().release(rig.completions().keptBuffers().remove());
        rig.until("the other one receives", () -> waiting.byteCount() == 1);
    }

    /** Opens a connection with something to read, while no buffer is free. */
    private RecordingCompletions.Channel starve(int slot) {
        BackendRig rig = rig();
        long before = rig.backend().counters().bufferShortages.get();
        rig.connect().write(new byte[1]);
        RecordingCompletions.Channel channel = open(slot);
        rig.until("it finds no buffer", () -> rig.backend().counters().bufferShortages.get() > before);
        return channel;
    }

    private RecordingCompletions.Channel open(int slot) {
        int socket = rig().awaitSocket();
        RecordingCompletions.Channel channel = rig().completions().opened(slot);
        rig().backend().open(slot, 1, socket);
        rig().backend().receive(slot);
        return channel;
    }
}
