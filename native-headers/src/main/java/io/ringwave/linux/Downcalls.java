package io.ringwave.linux;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The one place of the hand-written layer that links native functions, which is a restricted operation. */
final class Downcalls {

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");

    private Downcalls() {}

    /**
     * A handle that keeps errno: its first parameter is the segment of {@link CallScratch#capture()}. The generated
     * handles lose errno, so only their addresses are used. Never {@code critical}: these calls may block.
     */
    static MethodHandle withErrno(MemorySegment function, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(function, descriptor, CAPTURE_ERRNO);
    }

    /**
     * As {@link #withErrno(MemorySegment, FunctionDescriptor)} for a variadic C function.
     *
     * @param firstVariadic the index of the first argument that the C prototype does not name
     */
    static MethodHandle variadicWithErrno(MemorySegment function, FunctionDescriptor descriptor, int firstVariadic) {
        return LINKER.downcallHandle(function, descriptor, CAPTURE_ERRNO,
                Linker.Option.firstVariadicArg(firstVariadic));
    }

    /** A handle for a function that cannot fail, or that returns {@code -errno} itself as liburing does. */
    static MethodHandle plain(MemorySegment function, FunctionDescriptor descriptor, Linker.Option... options) {
        return LINKER.downcallHandle(function, descriptor, options);
    }

    /** A function of the C library that the generated bindings do not have. */
    static MemorySegment find(String function) {
        return LINKER.defaultLookup().find(function).orElseThrow(() -> new UnsatisfiedLinkError(function));
    }

    /** What a {@code catch (Throwable)} around {@code invokeExact} throws: native code itself throws nothing. */
    static RuntimeException unexpected(Throwable thrown) {
        if (thrown instanceof RuntimeException exception) {
            return exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(thrown);
    }
}
