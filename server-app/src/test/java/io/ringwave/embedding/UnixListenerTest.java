package io.ringwave.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.Connection;
import io.ringwave.ConnectionHandler;
import io.ringwave.Engine;
import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.HandlerFactory;
import io.ringwave.ReceivedBytes;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Unix-domain listeners as an embedding program sees them, on each backend. */
@ParameterizedClass(name = "{0}")
@ValueSource(strings = {"io_uring", "epoll"})
class UnixListenerTest {

    private static final HandlerFactory ECHO = loop -> new ConnectionHandler() {
        @Override
        public void onOpen(Connection connection) {
            assertNull(connection.remoteAddress());
        }

        @Override
        public void onReceive(Connection connection, ReceivedBytes bytes) {
            connection.send(bytes.retain());
        }
    };

    @Parameter
    String backend = "";

    @TempDir
    Path directory = Path.of("");

    private Path path() {
        return directory.resolve("server");
    }

    private Engine start(Path path) throws EngineException {
        return Engine.start(EngineConfig.builder().backend(backend).loops(2).receiveBuffers(16).sendBuffers(16)
                .address(UnixDomainSocketAddress.of(path)).build(), ECHO);
    }

    private static void echo(Path path, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                client.write(ByteBuffer.wrap(new byte[]{(byte) i}));
                client.shutdownOutput();
                ByteBuffer echoed = ByteBuffer.allocate(2);
                while (client.read(echoed) >= 0) {
                    assertTrue(echoed.hasRemaining());
                }
                assertEquals((byte) i, echoed.flip().get());
            }
        }
    }

    @Test
    void severalLoopsServeOneSocketAndItsFileGoesWithTheEngine() throws Exception {
        try (Engine engine = start(path())) {
            echo(path(), 100);
            assertEquals(0, engine.port());
            assertEquals(100, engine.stats().connectionsAccepted());
        }
        assertFalse(Files.exists(path()));
    }

    @Test
    void aFileOnWhichNobodyAnswersIsReplaced() throws Exception {
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(path())); // the JDK leaves the file behind
        }
        assertTrue(Files.exists(path()));
        try (Engine engine = start(path())) {
            echo(path(), 1);
            assertEquals(1, engine.stats().connectionsAccepted());
        }
    }

    @Test
    void whatIsInUseIsRefusedAndLeftAlone() throws Exception {
        try (Engine first = start(path())) {
            assertEquals("Cannot listen on " + path() + ": another server answers there",
                    assertThrows(EngineException.class, () -> start(path())).getMessage());
            echo(path(), 1);
            assertEquals(2, first.stats().connectionsAccepted(), "an echo, and the question whether somebody is there");
        }
        Files.writeString(path(), "precious");
        assertEquals("Cannot listen on " + path() + ": the file exists and is not a socket",
                assertThrows(EngineException.class, () -> start(path())).getMessage());
        assertEquals("precious", Files.readString(path()));
    }

    @Test
    void thePathOfASuccessorIsNotDeleted() throws Exception {
        Engine first = start(path());
        Files.delete(path());
        try (Engine second = start(path())) {
            first.close();
            echo(path(), 1);
            assertEquals(1, second.stats().connectionsAccepted());
        }
        assertFalse(Files.exists(path()));
    }

    @Test
    void pathsThatCannotBeAreRefusedInOneLine() {
        Path tooLong = directory.resolve("x".repeat(108));
        assertEquals("Cannot listen on " + tooLong + ": the path of a Unix-domain socket has at most 107 bytes",
                assertThrows(EngineException.class, () -> start(tooLong)).getMessage());
        Path nowhere = directory.resolve("missing/server");
        assertEquals("Cannot listen on " + nowhere + ": the directory does not exist",
                assertThrows(EngineException.class, () -> start(nowhere)).getMessage());
        assertThrows(EngineException.class, () -> start(Path.of("")));
    }
}
