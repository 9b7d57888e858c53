package io.ringwave.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * The program's log: one line for each event on stderr, also for exceptions, in the format and from the level on that the
 * command line says. Set up here and not by a file, which would take longer to read than all else at the start, and would
 * stand in the way of a program that embeds this module. Whoever starts the JVM with
 * {@code -Dlogback.configurationFile=FILE} configures everything there, and gets just that.
 */
final class Logging implements AutoCloseable {
    private static final String CONFIGURATION_FILE = "logback.configurationFile";
    private static final String TEXT_PATTERN = "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\"} %-5level [%thread] "
            + "%replace(%replace(%msg %ex{12}){'[\\r\\n]+\\s*', ' | '}){'[ |]+$', ''}%nopex%n";

    private final @Nullable QueuedAppender appender; // null: configured by a file

    private Logging(@Nullable QueuedAppender appender) {
        this.appender = appender;
    }

    /** Begins to log to stderr. */
    static Logging start(LogFormat format, Level level) {
        if (System.getProperty(CONFIGURATION_FILE) != null) {
            return new Logging(null);
        }
        // Not System.err, which keeps to itself that it could not write.
        return start((LoggerContext) LoggerFactory.getILoggerFactory(), format, level,
                new FileOutputStream(FileDescriptor.err));
    }

    /** Begins to log to a stream. */
    static Logging start(LoggerContext context, LogFormat format, Level level, OutputStream out) {
        context.reset(); // from what it does without a configuration
        QueuedAppender appender = new QueuedAppender(encoder(format, context), out);
        appender.setContext(context);
        appender.start();
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(level);
        root.addAppender(appender);
        return new Logging(appender);
    }

    private static EncoderBase<ILoggingEvent> encoder(LogFormat format, LoggerContext context) {
        EncoderBase<ILoggingEvent> encoder = switch (format) {
            case TEXT -> {
                PatternLayoutEncoder text = new PatternLayoutEncoder();
                text.setPattern(TEXT_PATTERN);
                text.setCharset(StandardCharsets.UTF_8);
                yield text;
            }
            case JSON -> new JsonLineEncoder();
        };
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }

    /** How many lines were dropped since the start, because too many waited or they could not be written; any thread. */
    long dropped() {
        return appender == null ? 0 : appender.dropped();
    }

    /** Writes what still waits, if that can be done soon. What is logged from now on is lost. */
    @Override
    public void close() {
        if (appender != null) {
            appender.stop();
        }
    }
}
