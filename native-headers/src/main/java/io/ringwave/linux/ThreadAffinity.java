package io.ringwave.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ringwave.bindings.linux.Linux;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/** Which CPUs a thread may run on, and does. For platform threads: a virtual thread would pin its carrier. */
public final class ThreadAffinity {

    private static final int PROCESSOR_FIELD = 39;
    private static final int FIRST_FIELD_BEHIND_NAME = 3;

    private ThreadAffinity() {}

    /**
     * Ties the calling thread to one CPU (sched_setaffinity(2)).
     *
     * @param cpu from 0; one that {@link #current} contains, unless it was narrowed before
     * @return 0, or {@code -errno}; {@code -EINVAL} if there is no such CPU or the process may not use it
     */
    public static int pin(int cpu) {
        if (cpu < 0 || cpu >= CallScratch.STRUCT_BYTES * Byte.SIZE) {
            return -Errno.EINVAL;
        }
        CallScratch scratch = CallScratch.current();
        MemorySegment mask = scratch.struct().fill((byte) 0);
        long offset = cpu / Long.SIZE * (long) Long.BYTES;
        mask.set(JAVA_LONG, offset, 1L << cpu);
        return Libc.schedSetaffinity(mask.byteSize(), scratch.structAddress());
    }

    /** The CPUs that the calling thread may run on (sched_getaffinity(2)). */
    public static BitSet current() {
        return of(0);
    }

    /**
     * The CPUs that the process was given: those of its first thread, which the JVM's launcher leaves waiting, so that
     * nobody narrows them afterwards.
     */
    public static BitSet ofProcess() {
        return of(Libc.getpid());
    }

    /**
     * The CPU on which a thread of this process ran last (proc_pid_stat(5), field 39); -1 if there is no such thread.
     *
     * @param thread as {@link Libc#gettid} has it
     */
    public static int lastCpu(int thread) {
        try {
            String stat = Files.readString(Path.of("/proc/self/task/" + thread + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" "); // the name may hold anything
            return Integer.parseInt(fields[PROCESSOR_FIELD - FIRST_FIELD_BEHIND_NAME]);
        } catch (IOException | RuntimeException e) {
            return -1;
        }
    }

    private static BitSet of(int thread) {
        CallScratch scratch = CallScratch.current();
        MemorySegment mask = scratch.struct().fill((byte) 0);
        int result = Libc.schedGetaffinity(thread, mask.byteSize(), scratch.structAddress());
        if (result < 0) {
            throw new IllegalStateException("sched_getaffinity: " + Errno.describe(-result));
        }
        return BitSet.valueOf(mask.toArray(JAVA_BYTE));
    }

    /**
     * Lets the kernel take memory for the calling thread from a NUMA node, or from others if that has none left
     * (set_mempolicy(2), MPOL_PREFERRED): also what the kernel allocates for it itself, such as a ring, and also if the
     * process was started with another policy (numactl(8)).
     *
     * @return 0, or {@code -errno}; {@code -EINVAL} for a node that the process may not use, or above 63
     */
    public static int preferNode(int node) {
        return node < 0 || node >= Long.SIZE
                ? -Errno.EINVAL
                : Libc.setMempolicy(Linux.MPOL_PREFERRED(), 1L << node);
    }
}
