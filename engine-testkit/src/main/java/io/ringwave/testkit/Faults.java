package io.ringwave.testkit;

/**
 * What goes wrong in a {@link SimulatedNetwork}, as probabilities per opportunity. Random order, delay and partial
 * progress are no faults: they happen always.
 *
 * @param receiveError a connection fails while it receives (ECONNRESET, ETIMEDOUT)
 * @param sendError a connection fails while it sends (ECONNRESET, EPIPE, ETIMEDOUT)
 * @param connectError connecting fails (ETIMEDOUT, EHOSTUNREACH, ENETUNREACH)
 * @param acceptError accepting fails (EMFILE, ENFILE, ENOMEM)
 * @param bufferShortage the kernel finds no receive buffer (ENOBUFS), though there is one
 * @param spuriousWakeup a wait ends with nothing to report, as it does on signals
 */
public record Faults(double receiveError, double sendError, double connectError, double acceptError,
        double bufferShortage,
        double spuriousWakeup) {

    /** Nothing goes wrong. */
    public static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0);

    /** Everything goes wrong now and then; most connections live to their end. */
    public static final Faults SOME = new Faults(0.01, 0.01, 0.1, 0.1, 0.1, 0.05);
}
