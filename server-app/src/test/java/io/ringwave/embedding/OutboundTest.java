package io.ringwave.embedding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ringwave.CloseReason;
import io.ringwave.ConnectFailure;
import io.ringwave.ConnectFailure.Reason;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.HandlerFactory;
import io.ringwave.LoopContext;
import io.ringwave.OwnedBuffer;
import io.ringwave.ReceivedBytes;
import io.ringwave.testkit.Eventually;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Outbound connections as an embedding program sees them, on each backend. */
@ParameterizedClass(name = "{0}")
@ValueSource(strings = {"io_uring", "epoll"})
class OutboundTest {

    private static final HandlerFactory NOTHING = loop -> (connection, bytes) -> {
    };
    private static final long PATIENCE_SECONDS = 20;

    @Parameter
    String backend = "";

    private final List<AutoCloseable> opened = new ArrayList<>();

    private EngineConfig.Builder config() {
        return EngineConfig.builder().backend(backend).loops(1).receiveBuffers(16).sendBuffers(16)
                .drainTimeout(Duration.ofSeconds(5));
    }

    private Engine start(EngineConfig.Builder config, HandlerFactory handlers) throws EngineException {
        Engine engine = Engine.start(config.build(), handlers);
        opened.add(engine);
        return engine;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened.reversed()) {
            each.close();
        }
    }

    /** Writes down what it is told, and greets. */
    private static class Witness implements ConnectionHandler {

        final BlockingQueue<String> events = new LinkedBlockingQueue<>();

        @Override
        public void onOpen(Connection connection) {
            events.add("open " + connection.remoteAddress() + " " + Thread.currentThread().getName());
            send(connection, "hello");
        }

        static void send(Connection connection, String text) {
            OwnedBuffer buffer = connection.acquireBuffer();
            assertNotNull(buffer);
            MemorySegment.copy(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)), 0, buffer.memory(),
                    buffer.offset(), text.length());
            buffer.length(text.length());
            connection.send(buffer);
        }

        @Override
        public void onConnectFailed(ConnectFailure failure) {
            events.add(failure.reason() + ": " + failure.message());
        }

        @Override
        public void onReceive(Connection connection, ReceivedBytes bytes) {
            events.add("received " + new String(bytes.memory().asSlice(bytes.offset(), bytes.length())
                    .toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
        }

        @Override
        public void onClosed(Connection connection, CloseReason reason) {
            events.add("closed " + reason);
        }

        String next() throws InterruptedException {
            String event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertNotNull(event, "nothing was told");
            return event;
        }
    }

    private static ServerSocket server(String host) throws IOException {
        return new ServerSocket(0, 16, InetAddress.ofLiteral(host));
    }

    /** Both ends say something, and the server ends it. */
    private void converse(Engine engine, ServerSocket server) throws Exception {
        SocketAddress address = server.getLocalSocketAddress();
        Witness witness = new Witness();
        engine.connect(address, witness);
        try (Socket socket = server.accept()) {
            assertEquals("open " + address + " ringwave-loop-0", witness.next());
            assertEquals("hello", new String(socket.getInputStream().readNBytes(5), StandardCharsets.UTF_8));
            socket.getOutputStream().write("welcome".getBytes(StandardCharsets.UTF_8));
            assertEquals("received welcome", witness.next());
        }
        assertEquals("closed PEER_FINISHED", witness.next());
    }

    @Test
    void anyThreadMayConnect() throws Exception {
        Engine engine = start(config(), NOTHING);
        try (ServerSocket server = server("127.0.0.1")) {
            for (int i = 0; i < 3; i++) {
                converse(engine, server);
            }
        }
        assertEquals(3, engine.stats().connectionsMade());
        assertEquals(0, engine.stats().connectionsAccepted());
        Eventually.eventually("all are closed", () -> engine.stats().connectionsOpen() == 0); // counted after onClosed
    }

    @Test
    void serversAreFoundByIpv6() throws Exception {
        Engine engine = start(config(), NOTHING);
        try (ServerSocket server = server("::1")) {
            converse(engine, server);
        } catch (java.net.BindException e) {
            assumeTrue(false, "no IPv6 here: " + e.getMessage());
        }
    }

    @Test
    void serversAreFoundByPath(@TempDir Path directory) throws Exception {
        Engine engine = start(config(), NOTHING);
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("server"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            Witness witness = new Witness();
            engine.connect(address, witness);
            try (SocketChannel socket = server.accept()) {
                assertEquals("open " + address + " ringwave-loop-0", witness.next());
                ByteBuffer greeting = ByteBuffer.allocate(5);
                while (greeting.hasRemaining()) {
                    assertTrue(socket.read(greeting) > 0);
                }
                assertArrayEquals("hello".getBytes(StandardCharsets.UTF_8), greeting.array());
            }
            assertEquals("closed PEER_FINISHED", witness.next());
        }
    }

    @Test
    void connectionsFromOtherThreadsAreSpreadOverTheLoops() throws Exception {
        Engine engine = start(config().loops(2), NOTHING);
        List<String> loops = new ArrayList<>();
        try (ServerSocket server = server("127.0.0.1")) {
            for (int i = 0; i < 2; i++) {
                Witness witness = new Witness();
                engine.connect(server.getLocalSocketAddress(), witness);
                server.accept().close();
                loops.add(witness.next().replaceFirst(".* ", ""));
            }
        }
        loops.sort(null);
        assertEquals(List.of("ringwave-loop-0", "ringwave-loop-1"), loops);
    }

    private String failure(Engine engine, SocketAddress address) throws InterruptedException {
        Witness witness = new Witness();
        engine.connect(address, Duration.ofMillis(300), witness);
        return witness.next();
    }

    @Test
    void failuresNameTheAddressAndTheReason() throws Exception {
        Engine engine = start(config(), NOTHING);
        int free;
        try (ServerSocket server = server("127.0.0.1")) {
            free = server.getLocalPort();
        }
        assertEquals("REFUSED: Cannot connect to 127.0.0.1:" + free + ": ECONNREFUSED (connection refused)",
                failure(engine, new InetSocketAddress("127.0.0.1", free)));
        assertEquals("REFUSED: Cannot connect to /nonexistent/path: ENOENT (no such file or directory)",
                failure(engine, UnixDomainSocketAddress.of("/nonexistent/path")));
        String longPath = "/" + "x".repeat(107);
        assertEquals("OTHER: Cannot connect to " + longPath + ": ENAMETOOLONG (file name too long)"
                + "; the path of a Unix-domain socket has at most 107 bytes",
                failure(engine, UnixDomainSocketAddress.of(longPath)));
        assertEquals("UNREACHABLE: Cannot connect to 224.0.0.1:80: ENETUNREACH (network is unreachable)",
                failure(engine, new InetSocketAddress("224.0.0.1", 80))); // TCP has no multicast
        assertEquals(
                "UNREACHABLE: Cannot connect to host.invalid:80: the host is unknown, or its name was not resolved",
                failure(engine, InetSocketAddress.createUnresolved("host.invalid", 80)));
        assertEquals(5, engine.stats().connectFailures());
    }

    /** A listener that answers nobody any more: its accept queue is full, and the kernel drops who comes. */
    private SocketAddress silent() throws Exception {
        ServerSocketChannel server = ServerSocketChannel.open();
        opened.add(server);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
        SocketAddress address = server.getLocalAddress();
        for (int i = 0; i < 16; i++) {
            SocketChannel filler = SocketChannel.open();
            opened.add(filler);
            filler.configureBlocking(false);
            filler.connect(address);
            long deadline = System.nanoTime() + 200_000_000;
            while (!filler.finishConnect()) {
                if (System.nanoTime() - deadline > 0) {
                    return address;
                }
                Thread.onSpinWait();
            }
        }
        throw new AssertionError("the accept queue does not fill");
    }

    @Test
    void whoDoesNotAnswerInTimeIsGivenUp() throws Exception {
        Engine engine = start(config(), NOTHING);
        InetSocketAddress silent = (InetSocketAddress) silent();
        assertEquals("TIMED_OUT: Cannot connect to 127.0.0.1:" + silent.getPort()
                + ": ETIMEDOUT (no answer within the time limit)", failure(engine, silent));
    }

    @Test
    void aFullLoopRefusesToConnectUntilAConnectionHasLeft() throws Exception {
        Engine engine = start(config().maxConnections(1), NOTHING);
        try (ServerSocket server = server("127.0.0.1")) {
            Witness first = new Witness();
            engine.connect(server.getLocalSocketAddress(), first);
            try (Socket socket = server.accept()) {
                assertTrue(first.next().startsWith("open"));
                assertEquals("LOOP_FULL: Cannot connect to 127.0.0.1:" + server.getLocalPort()
                        + ": loop 0 has 1 connections, as many as maxConnections allows",
                        failure(engine, server.getLocalSocketAddress()));
                assertEquals(-1, finish(socket));
            }
            assertEquals("closed PEER_FINISHED", first.next());
            converse(engine, server);
        }
    }

    /** Finishes sending and reads on: after the greeting there is only the end. */
    private static int finish(Socket socket) throws IOException {
        socket.shutdownOutput();
        int last = socket.getInputStream().read();
        while (last >= 0) {
            last = socket.getInputStream().read();
        }
        return last;
    }

    @Test
    void anEngineThatIsClosedGivesUpConnecting() throws Exception {
        Engine engine = start(config(), NOTHING);
        SocketAddress silent = silent();
        Witness witness = new Witness();
        engine.connect(silent, Duration.ofHours(1), witness);
        CompletableFuture<Void> sync = new CompletableFuture<>(); // tasks run in order: it is connecting then
        engine.connect(InetSocketAddress.createUnresolved("host.invalid", 1), new Witness() {
            @Override
            public void onConnectFailed(ConnectFailure failure) {
                sync.complete(null);
            }
        });
        sync.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        engine.close();
        assertEquals(Reason.SHUT_DOWN + ": Cannot connect to 127.0.0.1:" + ((InetSocketAddress) silent).getPort()
                + ": the engine is shutting down", witness.next());
        assertThrows(RejectedExecutionException.class, () -> engine.connect(silent, witness));
        assertEquals(0, engine.stats().connectionsOpen());
    }

    /** The id of a connection that has closed leads to nothing, though its slot and object are in use again. */
    @Test
    void anIdOutlivesItsConnectionWithoutNamingAnother() throws Exception {
        List<Long> ids = new ArrayList<>();
        List<Connection> objects = new ArrayList<>();
        BlockingQueue<String> found = new LinkedBlockingQueue<>();
        Engine engine = start(config().maxConnections(2), loop -> new ConnectionHandler() {
            @Override
            public void onOpen(Connection connection) {
                ids.add(connection.id());
                objects.add(connection);
                StringBuilder present = new StringBuilder();
                for (long id : ids) {
                    present.append(loop.connection(id) == connection ? "+" : loop.connection(id) == null ? "-" : "?");
                }
                found.add(present.toString());
                assertNull(loop.connection(-1));
                assertNull(loop.connection(Long.MAX_VALUE));
            }

            @Override
            public void onReceive(Connection connection, ReceivedBytes bytes) {}
        });
        for (String expected : List.of("+", "-+", "--+")) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), engine.port())) {
                assertEquals(expected, found.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
                assertEquals(-1, finish(socket));
            }
            Eventually.eventually("it is closed", () -> engine.stats().connectionsOpen() == 0);
        }
        assertEquals(objects.get(0), objects.get(1), "the object was reused, else this shows nothing");
        assertNotEquals(ids.get(0), ids.get(1));
    }

    @Test
    void aHandlerThatFailsOnOpenLosesItsConnectionOnly() throws Exception {
        Engine engine = start(config(), NOTHING);
        try (ServerSocket server = server("127.0.0.1")) {
            Witness failing = new Witness() {
                @Override
                public void onOpen(Connection connection) {
                    throw new IllegalStateException("thrown on purpose");
                }
            };
            engine.connect(server.getLocalSocketAddress(), failing);
            try (Socket socket = server.accept()) {
                assertEquals("closed HANDLER_FAILED", failing.next());
                assertEquals(-1, socket.getInputStream().read());
            }
            converse(engine, server);
        }
    }

    @Test
    void whoFinishesSendingStillReceives() throws Exception {
        Engine engine = start(config(), NOTHING);
        try (ServerSocket server = server("127.0.0.1")) {
            Witness witness = new Witness() {
                @Override
                public void onOpen(Connection connection) {
                    send(connection, "question");
                    connection.finishSending();
                    connection.finishSending();
                    send(connection, "dropped");
                }
            };
            engine.connect(server.getLocalSocketAddress(), witness);
            try (Socket socket = server.accept()) {
                assertEquals("question", new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
                socket.getOutputStream().write("answer".getBytes(StandardCharsets.UTF_8));
                assertEquals("received answer", witness.next());
            }
            assertEquals("closed PEER_FINISHED", witness.next());
        }
    }

    @Test
    void connectIsForTheLoopsOwnThread() throws Exception {
        LoopContext[] loops = new LoopContext[1];
        start(config(), loop -> {
            loops[0] = loop;
            return NOTHING.create(loop);
        });
        assertThrows(IllegalStateException.class,
                () -> loops[0].connect(new InetSocketAddress("127.0.0.1", 1), new Witness()));
    }
}
