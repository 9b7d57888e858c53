package io.ringwave.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.bindings.linux.Linux;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ErrnoTest {

    private static List<Field> constants() {
        List<Field> fields = Arrays.stream(Errno.class.getFields()).filter(field -> field.getType() == int.class)
                .toList();
        assertTrue(fields.size() >= 60, () -> "only " + fields.size() + " constants");
        return fields;
    }

    @Test
    void constantsHaveTheHeadersValues() throws ReflectiveOperationException {
        for (Field field : constants()) {
            assertEquals(Linux.class.getMethod(field.getName()).invoke(null), field.get(null), field.getName());
        }
    }

    @Test
    void namesAreTheConstantsOwn() throws ReflectiveOperationException {
        for (Field field : constants()) {
            assertEquals(field.getName(), Errno.name(field.getInt(null)));
        }
    }

    /** The build runs tests in the C locale, where strerror speaks English. */
    @Test
    void meaningsAreGlibcsOwn() throws ReflectiveOperationException {
        for (Field field : constants()) {
            int errno = field.getInt(null);
            String expected = field.getName() + " (" + Linux.strerror(errno).getString(0) + ")";
            assertTrue(expected.equalsIgnoreCase(Errno.describe(errno)), expected);
        }
    }

    @Test
    void anUnlistedNumberIsStillDescribed() {
        assertEquals("errno 999", Errno.name(999));
        assertEquals("errno 999 (unlisted error)", Errno.describe(999));
    }

    @Test
    void errorsAreSortedByWhatTheLoopDoesAboutThem() {
        assertEquals(Errno.Kind.EXPECTED, Errno.kind(Errno.ECONNRESET));
        assertEquals(Errno.Kind.EXPECTED, Errno.kind(Errno.EPIPE));
        assertEquals(Errno.Kind.EXPECTED, Errno.kind(Errno.ETIMEDOUT));
        assertEquals(Errno.Kind.EXPECTED, Errno.kind(Errno.ECANCELED));
        assertEquals(Errno.Kind.PRESSURE, Errno.kind(Errno.ENOBUFS));
        assertEquals(Errno.Kind.PRESSURE, Errno.kind(Errno.EMFILE));
        assertEquals(Errno.Kind.PRESSURE, Errno.kind(Errno.ENFILE));
        assertEquals(Errno.Kind.PRESSURE, Errno.kind(Errno.ENOMEM));
        assertEquals(Errno.Kind.BUG, Errno.kind(Errno.EFAULT));
        assertEquals(Errno.Kind.BUG, Errno.kind(Errno.EBADF));
        assertEquals(Errno.Kind.BUG, Errno.kind(Errno.EINVAL));
        assertEquals(Errno.Kind.OTHER, Errno.kind(Errno.EAGAIN));
    }

    @Test
    void theExceptionsMessageNamesCallErrorAndCause() {
        ErrnoException exception = new ErrnoException("bind", Errno.EADDRINUSE, "port 8080 is taken",
                "Choose another.");
        assertEquals("bind: EADDRINUSE (address already in use): port 8080 is taken", exception.getMessage());
        assertEquals("Choose another.", exception.remedy());
        assertEquals("bind: EACCES (permission denied)", new ErrnoException("bind", Errno.EACCES, "", "").getMessage());
    }
}
