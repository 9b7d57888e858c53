package io.ringwave.uring;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The limit of locked memory, which the kernel counts rings against (RLIMIT_MEMLOCK, getrlimit(2)): per user, over all
 * processes, and not for those who may lock what they like (CAP_IPC_LOCK, capabilities(7)).
 */
final class LockedMemory {

    /** What to do about too low a limit. */
    static final String REMEDY = "Raise the limit of locked memory: ulimit -l 8192, LimitMEMLOCK=8M in a systemd unit,"
            + " or --ulimit memlock=8388608 for a container.";

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String CAPABILITIES = "CapEff:";
    private static final int CAP_IPC_LOCK = 14;
    /** Per entry of the submission queue: itself, its place in the index array, and eight completions. */
    private static final long BYTES_PER_ENTRY = 64 + 4 + 8 * 16;
    private static final long BYTES_PER_BUFFER = 16;
    /** The heads, tails and flags of the queues, and what is lost to rounding up to pages. */
    private static final long FIXED_BYTES = 8192;

    private LockedMemory() {}

    /** How much the process may lock; {@link Long#MAX_VALUE} if that is not limited, or not known. */
    static long limitBytes() {
        if (isPrivileged()) {
            return Long.MAX_VALUE;
        }
        long limit = Libc.getrlimit(Linux.RLIMIT_MEMLOCK());
        return limit < 0 ? Long.MAX_VALUE : limit;
    }

    /** What a ring of so many entries locks, together with its ring of provided buffers. */
    static long ringBytes(int entries, int buffers) {
        return BYTES_PER_ENTRY * entries + BYTES_PER_BUFFER * buffers + FIXED_BYTES;
    }

    private static boolean isPrivileged() {
        try {
            return Files.readAllLines(STATUS).stream().filter(line -> line.startsWith(CAPABILITIES))
                    .mapToLong(line -> Long.parseUnsignedLong(line.substring(CAPABILITIES.length()).strip(), 16))
                    .anyMatch(capabilities -> (capabilities >> CAP_IPC_LOCK & 1) != 0);
        } catch (IOException | NumberFormatException e) {
            return true; // not known: the kernel will say
        }
    }
}
