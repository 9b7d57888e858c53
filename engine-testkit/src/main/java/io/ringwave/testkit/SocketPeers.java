package io.ringwave.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Peers over loopback: the JDK's own sockets, non-blocking, so that one thread can drive both ends. */
public final class SocketPeers implements Peers {

    private static final int SCRATCH_BYTES = 256 * 1024;

    private final ByteBuffer scratch = ByteBuffer.allocateDirect(SCRATCH_BYTES);
    private final List<SocketPeer> peers = new ArrayList<>();

    /** No peers yet. */
    public SocketPeers() {}

    @Override
    public Peer connect(int port) {
        try {
            SocketChannel channel = SocketChannel.open();
            try {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                channel.configureBlocking(false);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            SocketPeer peer = new SocketPeer(channel, scratch);
            peers.add(peer);
            return peer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        peers.forEach(SocketPeer::close);
        peers.clear();
    }

    private static final class SocketPeer implements Peer {

        private final SocketChannel channel;
        private final ByteBuffer scratch;
        private final ArrayDeque<ByteBuffer> output = new ArrayDeque<>();
        private final ByteArrayOutputStream input = new ByteArrayOutputStream();
        private boolean finishing;
        private boolean outputFailed;
        private End end = End.NONE;

        SocketPeer(SocketChannel channel, ByteBuffer scratch) {
            this.channel = channel;
            this.scratch = scratch;
        }

        @Override
        public SocketAddress address() {
            try {
                return channel.getLocalAddress();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void write(byte[] bytes) {
            output.add(ByteBuffer.wrap(bytes.clone()));
            flush();
        }

        @Override
        public void finish() {
            finishing = true;
            flush();
        }

        private void flush() {
            if (outputFailed || !channel.isOpen()) {
                return;
            }
            try {
                while (!output.isEmpty()) {
                    channel.write(output.peek());
                    if (output.peek().hasRemaining()) {
                        return;
                    }
                    output.remove();
                }
                if (finishing) {
                    finishing = false;
                    channel.shutdownOutput();
                }
            } catch (IOException e) {
                outputFailed = true; // the connection is broken: reading finds the end
            }
        }

        @Override
        public void exchange(int readLimit) {
            int left = readLimit;
            try {
                while (left > 0 && end == End.NONE && channel.isOpen()) {
                    scratch.clear().limit(Math.min(left, scratch.capacity()));
                    int count = channel.read(scratch);
                    if (count == 0) {
                        break;
                    } else if (count < 0) {
                        // The kernel reports a reset once; if a write was told, a read is not.
                        end = outputFailed ? End.RESET : End.FINISHED;
                    } else {
                        byte[] bytes = new byte[count];
                        scratch.flip().get(bytes);
                        input.writeBytes(bytes);
                        left -= count;
                    }
                }
            } catch (IOException e) {
                end = End.RESET;
            }
            flush();
        }

        @Override
        public void reset() {
            try {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0); // close(2) then sends RST: socket(7)
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
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
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
