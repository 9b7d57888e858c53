package io.ringwave.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What a system call needs beside its arguments, one per thread: the place where errno is captured, and room for one
 * small struct. The struct lives from one call to the next only, so no method here may call another that uses it
 * while it still needs it.
 */
final class CallScratch {

    /** The largest struct passed through here: a {@code cpu_set_t} for the 8,192 CPUs of the largest x86-64 kernels. */
    static final int STRUCT_BYTES = 1024;

    private static final MemoryLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = CAPTURE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final ThreadLocal<CallScratch> CURRENT = ThreadLocal.withInitial(CallScratch::new);

    private final MemorySegment capture;
    private final MemorySegment struct;
    private final long structAddress;

    private CallScratch() {
        // An automatic arena costs nothing per call, unlike a shared one, and goes with the thread.
        Arena arena = Arena.ofAuto();
        capture = arena.allocate(CAPTURE);
        struct = arena.allocate(STRUCT_BYTES, Long.BYTES);
        structAddress = struct.address();
    }

    static CallScratch current() {
        return CURRENT.get();
    }

    /** The first argument of every handle that captures errno. */
    MemorySegment capture() {
        return capture;
    }

    /** Room for one struct; holds whatever the call before left there. */
    MemorySegment struct() {
        return struct;
    }

    /** SAFETY: valid as long as this thread lives, because its thread-local map holds this object. */
    long structAddress() {
        return structAddress;
    }

    /** The result of a call that returned -1 for an error: {@code >= 0} or {@code -errno}. */
    int result(int returned) {
        return returned != -1 ? returned : -errno();
    }

    /** As {@link #result(int)} for calls that return a {@code long} or a {@code ssize_t}. */
    long result(long returned) {
        return returned != -1 ? returned : -errno();
    }

    private int errno() {
        return capture.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }
}
