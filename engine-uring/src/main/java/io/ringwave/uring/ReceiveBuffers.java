package io.ringwave.uring;

/** The slab's receive buffers that are free. Confined to the loop's thread. */
sealed interface ReceiveBuffers extends AutoCloseable permits BufferRing, FreeBuffers {

    /** Takes back a buffer. Others may use it from the next {@link #publish} on. */
    void add(int buffer);

    /** Makes what was added available. Returns how many are free: so many connections that found none may try again. */
    int publish();

    @Override
    void close();
}
