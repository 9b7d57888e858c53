package io.ringwave.testkit;

import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Sockets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.NetworkChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Peers over loopback: the JDK's own sockets, non-blocking, so that one thread can drive both ends. */
public final class SocketPeers implements Peers {

    private static final int SCRATCH_BYTES = 256 * 1024;
    private static final int BACKLOG = 1024;
    /** An accept queue of length 1 holds two connections. */
    private static final int MAX_FILLERS = 16;
    /** How long a connection over loopback may take; the kernel repeats a dropped SYN after a second. */
    private static final long FILLER_NANOS = 200_000_000;

    private final ByteBuffer scratch = ByteBuffer.allocateDirect(SCRATCH_BYTES);
    private final List<SocketPeer> peers = new ArrayList<>();
    private final List<SocketListener> listeners = new ArrayList<>();
    private @Nullable SocketAddress silent;

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
            return add(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private SocketPeer add(SocketChannel channel) {
        SocketPeer peer = new SocketPeer(channel, scratch);
        peers.add(peer);
        return peer;
    }

    @Override
    public Accepted accepted() {
        int listener = checked(
                Sockets.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1, false, false));
        try {
            Peer peer = connect(checked(Sockets.port(listener)));
            return new Accepted(peer, checked(Libc.accept4(listener, 0)));
        } finally {
            Libc.close(listener);
        }
    }

    private static int checked(int result) {
        if (result < 0) {
            throw new IllegalStateException(Errno.describe(-result));
        }
        return result;
    }

    @Override
    public PeerListener listen() {
        return listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), null);
    }

    @Override
    public PeerListener listenOnPath() {
        try {
            Path directory = Files.createTempDirectory("ringwave");
            return listen(UnixDomainSocketAddress.of(directory.resolve("socket")), directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private PeerListener listen(SocketAddress address, @Nullable Path directory) {
        try {
            ServerSocketChannel channel = address instanceof UnixDomainSocketAddress
                    ? ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                    : ServerSocketChannel.open();
            SocketListener listener = new SocketListener(channel, directory);
            listeners.add(listener);
            channel.bind(address, BACKLOG);
            channel.configureBlocking(false);
            return listener;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A port that was free a moment ago. */
    @Override
    public SocketAddress nobody() {
        try (ServerSocketChannel channel = ServerSocketChannel.open()) {
            channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
            return channel.getLocalAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A listener whose accept queue is full: the kernel then drops the SYN of who comes (listen(2)). */
    @Override
    public SocketAddress silent() {
        if (silent == null) {
            try {
                ServerSocketChannel channel = ServerSocketChannel.open();
                listeners.add(new SocketListener(channel, null));
                channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
                SocketAddress address = channel.getLocalAddress();
                boolean full = false;
                for (int i = 0; i < MAX_FILLERS && !full; i++) {
                    SocketChannel filler = SocketChannel.open();
                    add(filler);
                    filler.configureBlocking(false);
                    full = !filler.connect(address) && !isConnectedWithin(filler, FILLER_NANOS);
                }
                if (!full) {
                    throw new IllegalStateException("the accept queue takes more than " + MAX_FILLERS);
                }
                silent = address;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return silent;
    }

    private static boolean isConnectedWithin(SocketChannel channel, long nanos) throws IOException {
        long deadline = System.nanoTime() + nanos;
        while (!channel.finishConnect()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    @Override
    public void close() {
        peers.forEach(SocketPeer::close);
        peers.clear();
        listeners.forEach(SocketListener::close);
        listeners.clear();
        silent = null;
    }

    private static SocketAddress localAddress(NetworkChannel channel) {
        try {
            return channel.getLocalAddress();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class SocketListener implements PeerListener {

        private final ServerSocketChannel channel;
        private final @Nullable Path directory;

        SocketListener(ServerSocketChannel channel, @Nullable Path directory) {
            this.channel = channel;
            this.directory = directory;
        }

        @Override
        public SocketAddress address() {
            return localAddress(channel);
        }

        @Override
        public @Nullable Peer accept() {
            try {
                SocketChannel accepted = channel.accept();
                if (accepted == null) {
                    return null;
                }
                accepted.configureBlocking(false);
                return add(accepted);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            try {
                channel.close();
                if (directory != null) {
                    Files.deleteIfExists(directory.resolve("socket"));
                    Files.deleteIfExists(directory);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
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
            return localAddress(channel);
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
