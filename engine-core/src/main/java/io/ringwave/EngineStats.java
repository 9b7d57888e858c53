package io.ringwave;

/**
 * What an engine counted since it started, over all loops or on one of them. A snapshot: the values were read one after the other.
 *
 * @param connectionsAccepted connections that were opened
 * @param connectionsMade outbound connections that were opened
 * @param connectFailures outbound connections that were asked for and not made
 * @param connectionsOpen connections that are open now
 * @param connectionsRefused connections that were closed at once because a loop was full
 * @param bytesReceived bytes handed to handlers
 * @param bytesSent bytes taken by the kernel
 * @param handlerFailures exceptions that handlers threw
 * @param acceptPauses times that accepting stopped (out of descriptors, or a loop was full)
 * @param waits times the kernel was entered to submit or wait
 * @param completions completions reported by the backends
 * @param bufferShortages times that a connection waited for a free receive buffer
 * @param operationsInFlight operations that the backends have not ended: with io_uring whatever the kernel was asked for,
 *     the accepts and receives that it keeps included; with epoll the sends
 * @param receiveBuffersFree receive buffers that are neither filled nor in use
 * @param sendBuffersFree send buffers that are not in use
 * @param completionOverflows times that a completion queue was too short; the kernel kept what did not fit
 * @param zeroCopySends sends that were handed to the kernel without copying
 * @param zeroCopiesCopied those among them that the kernel copied all the same
 * @param wakeupMessages wake-ups of one loop by another that cost no system call
 */
public record EngineStats(long connectionsAccepted, long connectionsMade, long connectFailures, long connectionsOpen,
        long connectionsRefused, long bytesReceived, long bytesSent, long handlerFailures, long acceptPauses,
        long waits, long completions, long bufferShortages, long operationsInFlight, long receiveBuffersFree,
        long sendBuffersFree, long completionOverflows, long zeroCopySends, long zeroCopiesCopied,
        long wakeupMessages) {

    /** Nothing but the pauses of a thread that accepts for all loops. */
    static EngineStats ofAcceptPauses(long pauses) {
        return new EngineStats(0, 0, 0, 0, 0, 0, 0, 0, pauses, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    EngineStats plus(EngineStats other) {
        return new EngineStats(connectionsAccepted + other.connectionsAccepted,
                connectionsMade + other.connectionsMade, connectFailures + other.connectFailures,
                connectionsOpen + other.connectionsOpen, connectionsRefused + other.connectionsRefused,
                bytesReceived + other.bytesReceived, bytesSent + other.bytesSent,
                handlerFailures + other.handlerFailures, acceptPauses + other.acceptPauses, waits + other.waits,
                completions + other.completions, bufferShortages + other.bufferShortages,
                operationsInFlight + other.operationsInFlight, receiveBuffersFree + other.receiveBuffersFree,
                sendBuffersFree + other.sendBuffersFree, completionOverflows + other.completionOverflows,
                zeroCopySends + other.zeroCopySends, zeroCopiesCopied + other.zeroCopiesCopied,
                wakeupMessages + other.wakeupMessages);
    }
}
