package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where HdrHistogram is absent, latencies are not recorded, and whoever asks for them is told that there are none. */
class WithoutHistogramsTest {

    /** Has classes of this package of its own, and no HdrHistogram. */
    private static final class Loader extends ClassLoader {

        Loader() {
            super(WithoutHistogramsTest.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("org.HdrHistogram.")) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(WithoutHistogramsTest.class.getPackageName())) {
                return super.loadClass(name, resolve);
            }
            Class<?> known = findLoadedClass(name);
            return known != null ? known : define(name);
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] bytes = in.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    /** Asks everything that can be asked; returns what was not zero. */
    @SuppressWarnings("unused") // by the test, in a class of its own
    static String ask() {
        Latencies nothing = Latencies.nothing();
        StringBuilder found = new StringBuilder();
        for (RouteClass each : RouteClass.values()) {
            if (nothing.count(each) != 0 || nothing.sumNanos(each) != 0 || nothing.ofClass(each).count() != 0
                    || !nothing.counts(each, List.of(1L, 2L)).equals(List.of(0L, 0L, 0L))) {
                found.append(each).append(' ');
            }
        }
        if (nothing.isRecorded() || nothing.count(0) != 0 || nothing.ofLoop(0).count() != 0 || nothing.cut() != 0
                || nothing.since(nothing) != nothing) {
            found.append("of the whole");
        }
        return found.toString();
    }

    @Test
    void nothingIsToldOfLatenciesWithoutTheLibrary() throws Exception {
        Loader loader = new Loader();
        assertThrows(ClassNotFoundException.class, () -> loader.loadClass("org.HdrHistogram.Histogram"));
        Method ask = loader.loadClass(WithoutHistogramsTest.class.getName()).getDeclaredMethod("ask");
        ask.setAccessible(true);
        assertEquals("", ask.invoke(null));
        assertEquals("", ask());
    }
}
