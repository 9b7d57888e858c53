package io.ringwave.testkit;

import io.ringwave.linux.Errno;
import java.util.SplittableRandom;

/**
 * A connection of a {@link SimulatedNetwork}: two byte streams, and how each of them ends. Follows TCP in what destroys
 * what: closing with unread bytes resets, writing to a closed end resets, a reset may take bytes with it that were on
 * the way.
 */
final class SimulatedSocket {

    private static final int MAX_WINDOW_BYTES = 256 * 1024;

    private final SplittableRandom random;
    private final int windowBytes;
    final ByteQueue toBackend = new ByteQueue();
    final ByteQueue toPeer = new ByteQueue();

    // What the backend finds after it has read all bytes.
    boolean peerFinished;
    int errno; // the connection is dead: ECONNRESET or ETIMEDOUT
    // What the peer finds after it has read all bytes.
    boolean backendFinished;
    boolean resetForPeer;

    boolean peerClosed;
    boolean backendClosed;
    /** A fault was injected: nothing is promised about this connection any more, but that bytes are in order. */
    boolean disturbed;

    SimulatedSocket(SplittableRandom random) {
        this.random = random;
        this.windowBytes = 1 << random.nextInt(8, 19);
        assert windowBytes <= MAX_WINDOW_BYTES;
    }

    boolean hasForBackend() {
        return !toBackend.isEmpty() || peerFinished || errno != 0;
    }

    /** How many bytes the backend can send now. */
    int room() {
        return windowBytes - toPeer.size();
    }

    /** The backend sends; there must be room. */
    void send(byte[] bytes) {
        if (peerClosed) { // lost, and answered with a reset
            errno = errno == 0 ? Errno.ECONNRESET : errno;
        } else {
            toPeer.add(bytes);
        }
    }

    void closeBackend() {
        if (!backendClosed) {
            backendClosed = true;
            if (!toBackend.isEmpty()) {
                resetPeer();
            } else {
                backendFinished = true;
            }
        }
    }

    void write(byte[] bytes) {
        if (peerFinished || peerClosed || errno != 0) {
            return;
        }
        if (backendClosed) {
            resetPeer();
        } else {
            toBackend.add(bytes);
        }
    }

    void finishPeer() {
        peerFinished = true;
    }

    void closePeer() {
        if (!peerClosed) {
            if (toPeer.isEmpty()) {
                peerClosed = true;
                peerFinished = true;
            } else {
                resetBackend(Errno.ECONNRESET);
            }
        }
    }

    /** The peer resets. */
    void resetBackend(int withErrno) {
        peerClosed = true;
        if (errno == 0 && !backendClosed) {
            errno = withErrno;
            toBackend.truncate(random.nextInt(toBackend.size() + 1));
        }
    }

    private void resetPeer() {
        if (!resetForPeer && !peerClosed) {
            resetForPeer = true;
            toPeer.truncate(random.nextInt(toPeer.size() + 1));
        }
    }

    /** An injected fault kills the connection in both directions. */
    void disturb(int withErrno) {
        disturbed = true;
        errno = withErrno;
        toBackend.truncate(0);
        resetPeer();
    }
}
