package io.ringwave.server;

import java.lang.reflect.InvocationTargetException;

/**
 * What {@code java -jar} runs: checks the Java version, then hands over to {@link Main}. Compiled for Java 11, unlike
 * everything else, so that an older Java prints a line that helps rather than a class file version. For the same reason
 * {@code Main} is named by a string only.
 */
public final class Launcher {
    private static final int OLDEST_JAVA = 22; // the first release with the final Foreign Function & Memory API

    private Launcher() {}

    public static void main(String[] args) throws Throwable {
        int java = Runtime.version().feature();
        if (java < OLDEST_JAVA) {
            System.err.println("ringwave-server: Java " + OLDEST_JAVA + " or newer is needed; this is Java " + java
                    + " in " + System.getProperty("java.home") + ": start it with the java of a newer JDK");
            System.exit(2);
        }
        try {
            Class.forName("io.ringwave.server.Main").getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
