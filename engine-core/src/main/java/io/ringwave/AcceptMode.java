package io.ringwave;

/** How connections come to loops. With one loop there is nothing to choose. */
public enum AcceptMode {
    /** {@link #REUSEPORT}; steered only where every loop's CPU receives from the network. */
    AUTO,
    /**
     * Each loop has a listener of its own, and the kernel spreads connections over them (SO_REUSEPORT): by hash, or, if the
     * loops are pinned, to the loop of the CPU on which the connection arrived. Costs nothing; but who is slow, or has
     * got many connections, goes on getting more. Of a Unix-domain socket, which cannot be shared in this way, every loop
     * accepts, and whichever is awake takes a connection.
     */
    REUSEPORT,
    /**
     * One thread accepts, and deals each connection to the loop that has the fewest: for few, long-lived and busy
     * connections, where chance spreads badly.
     */
    HANDOFF
}
