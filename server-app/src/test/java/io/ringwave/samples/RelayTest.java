package io.ringwave.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.HandlerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Echo server and proxy carry much more than they have memory for, to a reader that is slow: what does not fit stays
 * with the writer, and nobody else waits for it.
 */
class RelayTest {

    private static final long TOTAL_BYTES = 100L << 20;
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final HandlerFactory ECHO = loop -> (connection, bytes) -> connection.send(bytes.retain());

    /** 256 KiB of buffers. */
    private static EngineConfig config(String backend) {
        return EngineConfig.builder().backend(backend).loops(1).bufferBytes(4096).receiveBuffers(64).sendBuffers(2)
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void theEchoServerWaitsForASlowReader(String backend) throws Exception {
        try (Engine echo = Engine.start(config(backend), ECHO)) {
            carry(echo, echo);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void theProxyWaitsForASlowReader(String backend) throws Exception {
        try (Engine echo = Engine.start(config(backend), ECHO);
                Engine proxy = Engine.start(config(backend), TcpProxy.proxyTo(address(echo)))) {
            carry(proxy, echo);
            assertEquals(0, proxy.stats().connectFailures());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void theProxyHangsUpIfTheServerIsNotThere(String backend) throws Exception {
        InetSocketAddress nobody;
        try (Engine gone = Engine.start(config(backend), ECHO)) {
            nobody = address(gone);
        }
        try (Engine proxy = Engine.start(config(backend), TcpProxy.proxyTo(nobody)); Socket client = connect(proxy)) {
            assertEquals(-1, client.getInputStream().read());
        }
    }

    /** Whoever answers before having read everything would otherwise wait for a client that waits for the answer. */
    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll"})
    void theProxyCarriesAnswersWhileTheServerReadsNothing(String backend) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Engine proxy = Engine.start(config(backend),
                        TcpProxy.proxyTo((InetSocketAddress) server.getLocalSocketAddress()))) {
            try (Socket client = connect(proxy); Socket accepted = server.accept()) {
                AtomicLong written = new AtomicLong();
                CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> write(client, written),
                        task -> Thread.ofPlatform().daemon().start(task));
                assertTrue(awaitStandstill(written) < TOTAL_BYTES, "the server reads nothing, and yet all was written");
                accepted.getOutputStream().write(42);
                assertEquals(42, client.getInputStream().read());
                assertFalse(writer.isDone());
            }
        }
    }

    private static void carry(Engine first, Engine last) throws Exception {
        try (Socket slow = connect(first)) {
            AtomicLong written = new AtomicLong();
            CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> write(slow, written),
                    task -> Thread.ofPlatform().daemon().start(task));
            long stuckAt = awaitStandstill(written);
            assertTrue(stuckAt < TOTAL_BYTES / 2, () -> "the writer was not held up before " + stuckAt);
            try (Socket other = connect(first)) { // the slow one has not taken every buffer
                other.getOutputStream().write(42);
                assertEquals(42, other.getInputStream().read());
            }
            assertEquals(TOTAL_BYTES, readToEnd(slow));
            writer.join();
        }
        assertEquals(0, first.stats().handlerFailures() + last.stats().handlerFailures());
    }

    private static void write(Socket socket, AtomicLong written) {
        try {
            OutputStream output = socket.getOutputStream();
            byte[] chunk = new byte[CHUNK_BYTES];
            while (written.get() < TOTAL_BYTES) {
                for (int i = 0; i < chunk.length; i++) {
                    chunk[i] = byteAt(written.get() + i);
                }
                output.write(chunk);
                written.addAndGet(chunk.length);
            }
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Reads what was echoed up to the end, which comes only after the end of what was written. */
    private static long readToEnd(Socket socket) throws IOException {
        InputStream input = socket.getInputStream();
        byte[] chunk = new byte[CHUNK_BYTES];
        long total = 0;
        for (int count = input.read(chunk); count >= 0; count = input.read(chunk)) {
            for (int i = 0; i < count; i++) {
                if (chunk[i] != byteAt(total + i)) {
                    throw new AssertionError("byte " + (total + i) + " is wrong");
                }
            }
            total += count;
        }
        return total;
    }

    /** Differs between all positions that an error is likely to mix up. */
    private static byte byteAt(long position) {
        return (byte) (position * 31 + (position >>> 12) * 7 + (position >>> 20));
    }

    /** Waits until the writer gets no further for a while, because nobody reads; returns how far it got. */
    private static long awaitStandstill(AtomicLong written) {
        long last = -1;
        for (int same = 0; same < 10;) {
            LockSupport.parkNanos(30_000_000);
            long now = written.get();
            same = now == last && now > 0 ? same + 1 : 0;
            last = now;
        }
        return last;
    }

    private static InetSocketAddress address(Engine engine) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), engine.port());
    }

    private static Socket connect(Engine engine) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(CHUNK_BYTES);
        socket.connect(address(engine));
        socket.setSoTimeout(20_000);
        return socket;
    }
}
