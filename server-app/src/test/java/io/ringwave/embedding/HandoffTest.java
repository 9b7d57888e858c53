package io.ringwave.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.AcceptChoice;
import io.ringwave.AcceptMode;
import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.HandlerFactory;
import io.ringwave.OwnedBuffer;
import io.ringwave.ReceivedBytes;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that are dealt to loops by one acceptor, on each backend. */
@ParameterizedClass(name = "{0}")
@ValueSource(strings = {"io_uring", "epoll"})
class HandoffTest {

    /** Answers every byte with the number of its loop. */
    private static final HandlerFactory WHICH_LOOP = loop -> (connection, bytes) -> {
        OwnedBuffer buffer = Objects.requireNonNull(connection.acquireBuffer());
        buffer.memory().set(ValueLayout.JAVA_BYTE, buffer.offset(), (byte) loop.index());
        buffer.length(1);
        connection.send(buffer);
    };

    @Parameter
    String backend = "";

    @TempDir
    Path directory = Path.of("");

    private EngineConfig.Builder config() {
        return EngineConfig.builder().backend(backend).acceptMode(AcceptMode.HANDOFF).loops(3).receiveBuffers(16)
                .sendBuffers(16).drainTimeout(Duration.ofSeconds(2));
    }

    private static Socket connect(Engine engine) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), engine.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static int loopOf(Socket socket) throws IOException {
        socket.getOutputStream().write('?');
        return socket.getInputStream().read();
    }

    @Test
    void aBurstIsDealtEvenlyAndWhoComesLaterGoesWhereThereAreFewest() throws Exception {
        try (Engine engine = Engine.start(config().build(), WHICH_LOOP)) {
            assertEquals(new AcceptChoice(AcceptMode.HANDOFF, false, "chosen by configuration"), engine.acceptance());
            List<List<Socket>> ofLoop = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            for (int i = 0; i < 60; i++) {
                Socket socket = connect(engine);
                ofLoop.get(loopOf(socket)).add(socket);
            }
            assertEquals(List.of(20, 20, 20), ofLoop.stream().map(List::size).toList());
            for (Socket socket : ofLoop.get(1)) {
                socket.close();
            }
            awaitOpen(engine, 40);
            for (int i = 0; i < 20; i++) {
                assertEquals(1, loopOf(connect(engine)), "the loop that has lost its connections");
            }
            assertEquals(80, engine.stats().connectionsAccepted());
        }
    }

    private static void awaitOpen(Engine engine, long count) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (engine.stats().connectionsOpen() != count) {
            assertTrue(System.nanoTime() < deadline, () -> "open: " + engine.stats());
            Thread.onSpinWait();
        }
    }

    @Test
    void whoComesBeyondTheLimitWaitsUntilAnotherLeaves() throws Exception {
        try (Engine engine = Engine.start(config().maxConnections(2).build(), WHICH_LOOP)) {
            ArrayDeque<Socket> served = new ArrayDeque<>();
            for (int i = 0; i < 6; i++) {
                Socket socket = connect(engine);
                loopOf(socket);
                served.add(socket);
            }
            for (int i = 0; i < 4; i++) {
                Socket waiting = connect(engine);
                waiting.setSoTimeout(50);
                assertThrows(SocketTimeoutException.class, () -> loopOf(waiting));
                waiting.setSoTimeout(20_000);
                Socket leaving = served.remove();
                int loop = loopOf(leaving);
                leaving.close();
                assertEquals(loop, waiting.getInputStream().read(), "the only loop with a place");
                served.add(waiting);
            }
            assertEquals(0, engine.stats().connectionsRefused());
            assertTrue(engine.stats().acceptPauses() >= 1);
        }
    }

    @Test
    void aLoopThatComputesKeepsNobodyWaitingWhoConnects() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch stuck = new CountDownLatch(1);
        HandlerFactory handlers = loop -> new ConnectionHandler() {
            @Override
            public void onOpen(Connection connection) {
                if (loop.index() == 0) {
                    stuck.countDown();
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
            }

            @Override
            public void onReceive(Connection connection, ReceivedBytes bytes) {
                connection.send(bytes.retain());
            }
        };
        try (Engine engine = Engine.start(config().build(), handlers)) {
            Socket first = connect(engine);
            stuck.await();
            for (int i = 0; i < 2; i++) {
                assertEquals('?', loopOf(connect(engine)));
            }
            release.countDown();
            assertEquals('?', loopOf(first));
        }
    }

    @Test
    void aUnixDomainSocketIsDealtOutToo() throws Exception {
        SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("server"));
        int[] of = new int[3];
        try (Engine engine = Engine.start(config().address(address).build(), WHICH_LOOP)) {
            List<SocketChannel> clients = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                SocketChannel client = SocketChannel.open(address);
                clients.add(client);
                client.write(ByteBuffer.wrap(new byte[]{1}));
                ByteBuffer answer = ByteBuffer.allocate(1);
                client.read(answer);
                of[answer.get(0)]++;
            }
            for (SocketChannel client : clients) {
                client.close();
            }
            awaitOpen(engine, 0);
        }
        assertEquals("[10, 10, 10]", Arrays.toString(of));
        assertFalse(Files.exists(directory.resolve("server")));
    }

    /** Whoever was accepted sees an end, whoever was not is refused, and no descriptor is left. */
    @Test
    void closingInTheMiddleOfAStormLeavesNothingBehind() throws Exception {
        List<Socket> clients = Collections.synchronizedList(new ArrayList<>());
        Engine engine = Engine.start(config().drainTimeout(Duration.ofMillis(100)).build(), WHICH_LOOP);
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), engine.port());
        CountDownLatch some = new CountDownLatch(200);
        Thread storm = Thread.ofPlatform().start(() -> {
            try {
                while (clients.size() < 5_000) {
                    Socket socket = new Socket();
                    clients.add(socket);
                    socket.setSoTimeout(20_000);
                    socket.connect(address);
                    some.countDown();
                }
            } catch (IOException e) {
                // refused: the end of the storm
            }
        });
        some.await();
        engine.close();
        storm.join(20_000);
        assertFalse(storm.isAlive());
        for (Socket client : clients) {
            if (client.isConnected()) {
                try {
                    // A handshake that found the accept queue full is forgotten with the listener, and its client is told
                    // only when it sends something (tcp_abort_on_overflow, tcp(7)).
                    client.getOutputStream().write(1);
                    assertEquals(-1, client.getInputStream().read());
                } catch (SocketTimeoutException e) {
                    throw new AssertionError("a connection was forgotten", e);
                } catch (IOException e) {
                    // reset: it had waited in the accept queue
                }
            }
            client.close();
        }
    }

    @Test
    void aPortInUseIsRefused() throws Exception {
        try (Engine first = Engine.start(config().build(), WHICH_LOOP)) {
            EngineException refusal = assertThrows(EngineException.class,
                    () -> Engine.start(config().port(first.port()).build(), WHICH_LOOP));
            assertTrue(refusal.getMessage().endsWith("the port is in use"), refusal.getMessage());
        }
    }
}
