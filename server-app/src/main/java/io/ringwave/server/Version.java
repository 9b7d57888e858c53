package io.ringwave.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IVersionProvider;

/** Which version of the program this is, and what it runs on. */
final class Version implements IVersionProvider {

    /** The program's version, as the build wrote it. */
    static final String PROGRAM;
    /** The version of the library that draws charts in the browser: a part of where it lies. */
    static final String UPLOT;

    static {
        Properties built = read();
        PROGRAM = built.getProperty("version");
        UPLOT = built.getProperty("uplot");
    }

    Version() {}

    @Override
    public String[] getVersion() {
        return new String[]{"ringwave-server " + PROGRAM, platform()};
    }

    /** Java and the operating system, for example {@code Java 25.0.1 (Eclipse Adoptium), Linux 6.18.4 (amd64)}. */
    static String platform() {
        return "Java " + Runtime.version() + " (" + System.getProperty("java.vendor") + "), "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + " ("
                + System.getProperty("os.arch") + ")";
    }

    private static Properties read() {
        Properties properties = new Properties();
        try (@Nullable
        InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in == null) {
                throw new IllegalStateException("version.properties is missing from the program");
            }
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }
}
