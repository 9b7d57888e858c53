package io.ringwave;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

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
 * @param submissions operations handed to the kernel without a system call of their own (io_uring)
 * @param rearms subscriptions and operations that were submitted again, after the kernel had ended them early
 * @param receivePauses times that a full send queue stopped a connection's receiving
 * @param sendsQueued sends that are queued or under way, of all connections
 * @param turns turns of the loops
 * @param turnSizes those turns by how much the backend reported in one: 0, 1, 2 to 3, 4 to 7 and so on, each up to twice
 *     the one before; the last has no upper bound
 * @param closed connections that were closed, by the reason; every reason is there
 */
public record EngineStats(long connectionsAccepted, long connectionsMade, long connectFailures, long connectionsOpen,
        long connectionsRefused, long bytesReceived, long bytesSent, long handlerFailures, long acceptPauses,
        long waits, long completions, long bufferShortages, long operationsInFlight, long receiveBuffersFree,
        long sendBuffersFree, long completionOverflows, long zeroCopySends, long zeroCopiesCopied,
        long wakeupMessages, long submissions, long rearms, long receivePauses, long sendsQueued, long turns,
        List<Long> turnSizes, Map<CloseReason, Long> closed) {

    /** Nothing but the pauses of a thread that accepts for all loops. */
    static EngineStats ofAcceptPauses(long pauses) {
        return new EngineStats(0, 0, 0, 0, 0, 0, 0, 0, pauses, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, List.of(),
                Map.of());
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
                wakeupMessages + other.wakeupMessages, submissions + other.submissions, rearms + other.rearms,
                receivePauses + other.receivePauses, sendsQueued + other.sendsQueued, turns + other.turns,
                sums(turnSizes, other.turnSizes), sums(closed, other.closed));
    }

    private static List<Long> sums(List<Long> some, List<Long> others) {
        return some.isEmpty()
                ? others
                : IntStream.range(0, some.size()).mapToObj(i -> some.get(i) + others.get(i)).toList();
    }

    private static Map<CloseReason, Long> sums(Map<CloseReason, Long> some, Map<CloseReason, Long> others) {
        Map<CloseReason, Long> sums = new EnumMap<>(CloseReason.class);
        sums.putAll(some);
        others.forEach((reason, count) -> sums.merge(reason, count, Long::sum));
        return Collections.unmodifiableMap(sums);
    }
}
