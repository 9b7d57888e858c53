package io.ringwave;

import java.lang.foreign.MemorySegment;

/** Memory outside the loop's buffers, which {@link Connection#send(SendableMemory, long, int, boolean)} sends from. */
public interface SendableMemory {

    /** {@link #descriptor} of memory that is copied when it is sent. */
    int NO_FILE = -1;

    /** The memory: native, and valid and unchanged until {@link #sendFinished}. Always the same. */
    MemorySegment memory();

    /**
     * A descriptor of the file that {@link #memory} is a mapping of, from its first byte on ({@link
     * io.ringwave.linux.MemoryFile}), or {@link #NO_FILE}. Its pages may then be handed to the socket instead of being
     * copied. They stay on their way after {@link #sendFinished}, until the peer has them, and nobody is told when that is:
     * what was sent must never be changed in place. Always the same; open as long as the memory is valid.
     */
    default int descriptor() {
        return NO_FILE;
    }

    /** The engine no longer needs the memory for one {@code send} call: it was sent, failed or dropped. */
    void sendFinished();
}
