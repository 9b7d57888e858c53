package io.ringwave.server;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

/**
 * Signals handled before the JVM does. Its own handling of SIGTERM and SIGINT ends with 143 or 130, and a shutdown hook
 * could only change that by halting the JVM, which would cost the other hooks their turn (a flight recording is written by
 * one).
 *
 * <p>{@code sun.misc.Signal} is the JDK's supported way (JEP 260), but javac warns of it whatever one does, hence the
 * reflection.
 */
final class Signals {

    private Signals() {}

    /**
     * Has {@code action} run, on a thread of its own, for each of these signals from now on.
     *
     * @param names without SIG
     * @return false if the JVM does not let us: the module is missing, or it was started with {@code -Xrs}
     */
    static boolean handle(Runnable action, String... names) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler calls = (proxy, method, arguments) -> switch (method.getName()) {
                case "handle" -> {
                    action.run();
                    yield null;
                }
                case "equals" -> proxy == arguments[0];
                case "hashCode" -> System.identityHashCode(proxy);
                default -> "Signals";
            };
            Object ours = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[]{handler}, calls);
            for (String name : names) {
                signal.getMethod("handle", signal, handler).invoke(null,
                        signal.getConstructor(String.class).newInstance(name), ours);
            }
            return true;
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            return false;
        }
    }
}
