package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

/** The lines of the log, who writes them, and what becomes of those that nobody takes. */
class LoggingTest {
    private static final int THREADS = 6;
    private static final int LINES_OF_EACH = 3000;

    private final LoggerContext context = new LoggerContext();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    LoggingTest() {
        context.setMDCAdapter(new LogbackMDCAdapter());
    }

    @Test
    void aLineOfTextHasTimeLevelThreadAndMessageOnly() {
        try (Logging logging = Logging.start(context, LogFormat.TEXT, Level.INFO, out)) {
            Logger log = context.getLogger("test");
            log.debug("not shown");
            log.atInfo().addKeyValue("port", 80).log("first\n  second");
            log.error("failed", new IllegalStateException("why"));
            assertEquals(0, logging.dropped());
        }
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) ";
        String thread = "\\[" + Thread.currentThread().getName() + "] ";
        assertEquals(2, lines.size(), lines.toString());
        assertTrue(lines.get(0).matches(time + "INFO  " + thread + "first \\| second"), lines.get(0));
        assertTrue(lines.get(1)
                .matches(time + "ERROR " + thread + "failed java\\.lang\\.IllegalStateException: why \\| at .*"),
                lines.get(1));
    }

    @Test
    void aLineOfJsonHasTheFieldsOfTheCall() throws IOException {
        try (Logging logging = Logging.start(context, LogFormat.JSON, Level.INFO, out)) {
            Logger log = context.getLogger("test");
            log.atWarn().addKeyValue("port", 80).addKeyValue("nothing", (Object) null)
                    .setCause(new IOException("a \"cause\""))
                    .log("said {}", "twice\n");
            assertEquals(0, logging.dropped());
        }
        byte[] line = out.toByteArray();
        assertEquals(1, out.toString(StandardCharsets.UTF_8).lines().count());
        assertEquals("WARN", JsonText.at("/level", line));
        assertEquals("test", JsonText.at("/logger", line));
        assertEquals("said twice\n", JsonText.at("/message", line));
        assertEquals("80", JsonText.at("/fields/port", line));
        assertEquals("null", JsonText.at("/fields/nothing", line));
        assertTrue(JsonText.at("/exception", line).startsWith("java.io.IOException: a \"cause\"\n\tat "));
    }

    @Test
    void linesOfJsonFromSeveralThreadsParseOneByOne() throws Exception {
        Logging logging = Logging.start(context, LogFormat.JSON, Level.DEBUG, out);
        Logger log = context.getLogger("test");
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            threads.add(Thread.ofPlatform().name("logs \"" + i).start(() -> logAll(log)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        logging.close();
        long dropped = logging.dropped();
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(THREADS * LINES_OF_EACH, lines.size() + dropped);
        assertTrue(lines.size() >= LINES_OF_EACH / 2, "no more than " + lines.size() + " were written");
        JsonFactory json = new JsonFactory();
        for (String line : lines) {
            try (JsonParser parser = json.createParser(line)) {
                while (parser.nextToken() != null) {
                    parser.getText();
                }
            }
            assertTrue(JsonText.at("/message", line.getBytes(StandardCharsets.UTF_8)).startsWith("line "), line);
        }
    }

    private static void logAll(Logger log) {
        for (int i = 0; i < LINES_OF_EACH; i++) {
            String nasty = "\"\\\r\n\t\0\u2028\ud83d\ude00 half \ud83d é" + "x".repeat(i % 200);
            if (i % 50 == 0) {
                log.warn("line {} {}", i, nasty, new IllegalStateException(nasty));
            } else {
                log.atDebug().addKeyValue(nasty, nasty).log("line {} {}", i, nasty);
            }
        }
    }

    @Test
    void aPipeThatNobodyReadsHoldsUpNobody() throws Exception {
        CountDownLatch read = new CountDownLatch(1);
        OutputStream stuck = new OutputStream() {
            @Override
            public void write(int value) {
                throw new AssertionError("a line is written in one piece");
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                awaitUninterrupted(read);
                out.write(bytes, offset, length);
            }
        };
        int lines = 10_000;
        long droppedWhileStuck;
        Logging logging = Logging.start(context, LogFormat.TEXT, Level.INFO, stuck);
        Logger log = context.getLogger("test");
        for (int i = 0; i < lines; i++) {
            log.info("line {}", i); // would wait for ever, if it waited
        }
        droppedWhileStuck = logging.dropped();
        assertTrue(droppedWhileStuck > 0);
        read.countDown();
        logging.close();
        assertEquals(droppedWhileStuck, logging.dropped());
        assertEquals(lines, droppedWhileStuck + out.toString(StandardCharsets.UTF_8).lines().count());
    }

    @Test
    void longLinesThatWaitAreBoundedByTheirLength() {
        CountDownLatch read = new CountDownLatch(1);
        OutputStream stuck = new OutputStream() {
            @Override
            public void write(int value) {
                awaitUninterrupted(read);
            }
        };
        Logging logging = Logging.start(context, LogFormat.TEXT, Level.INFO, stuck);
        Logger log = context.getLogger("test");
        String longLine = "x".repeat(1 << 20);
        for (int i = 0; i < 8; i++) {
            log.info(longLine);
        }
        assertTrue(logging.dropped() >= 3, logging.dropped() + " dropped");
        assertTrue(logging.dropped() <= 4, logging.dropped() + " dropped");
        read.countDown();
        logging.close();
    }

    @Test
    void aFullDiskCostsLinesAndNothingElse() {
        OutputStream full = new OutputStream() {
            private int writes;

            @Override
            public void write(int value) {}

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (writes++ < 5) {
                    throw new IOException("No space left on device");
                }
                out.write(bytes, offset, length);
            }
        };
        Logging logging = Logging.start(context, LogFormat.TEXT, Level.INFO, full);
        for (int i = 0; i < 7; i++) {
            context.getLogger("test").info("line {}", i);
        }
        logging.close();
        assertEquals(5, logging.dropped());
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(2, lines.size(), lines.toString());
        assertTrue(lines.get(0).endsWith("line 5"), lines.get(0));
        assertTrue(lines.get(1).endsWith("line 6"), lines.get(1));
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                interrupted = true; // as a write(2) does not care
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
