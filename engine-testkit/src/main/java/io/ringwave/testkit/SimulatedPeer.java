package io.ringwave.testkit;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import io.ringwave.linux.Errno;
import java.io.ByteArrayOutputStream;

/** The other end of a simulated connection. Confined to the thread of the {@link SimulatedNetwork}. */
public final class SimulatedPeer implements Peer {

    private final SimulatedSocket socket;
    private final ByteArrayOutputStream input = new ByteArrayOutputStream();
    private End end = End.NONE;

    SimulatedPeer(SimulatedSocket socket) {
        this.socket = socket;
    }

    /** Whether a fault was injected into this connection. */
    public boolean disturbed() {
        return socket.disturbed;
    }

    @Override
    public @Nullable SocketAddress address() {
        return null;
    }

    @Override
    public void write(byte[] bytes) {
        socket.write(bytes);
    }

    @Override
    public void finish() {
        socket.finishPeer();
    }

    @Override
    public void reset() {
        socket.resetBackend(Errno.ECONNRESET);
    }

    @Override
    public void exchange(int readLimit) {
        if (readLimit == 0 || socket.peerClosed || end != End.NONE) {
            return;
        }
        input.writeBytes(socket.toPeer.remove(Math.min(readLimit, socket.toPeer.size())));
        if (socket.toPeer.isEmpty()) {
            if (socket.resetForPeer) {
                end = End.RESET;
            } else if (socket.backendFinished) {
                end = End.FINISHED;
            }
        }
    }

    @Override
    public byte[] received() {
        return input.toByteArray();
    }

    @Override
    public int receivedBytes() {
        return input.size();
    }

    @Override
    public End end() {
        return end;
    }

    @Override
    public void close() {
        socket.closePeer();
    }
}
