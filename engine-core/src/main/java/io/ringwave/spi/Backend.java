package io.ringwave.spi;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's link to the kernel: takes operations, reports {@link Completions}. Readiness, rings and retries stay
 * behind it. Confined to the loop's thread, except {@link #wakeup}. Preconditions are asserted, not checked.
 *
 * <p>The contract, which the abstract test {@code BackendContract} states for every backend:
 * <ol>
 * <li><b>Receive is a subscription, send is an operation.</b> The backend picks the receive buffer among the slab's
 *     receive buffers, so that an idle connection owns none.
 * <li><b>One send in flight per connection</b> ({@link #send}, {@link #sendPages} or {@link #sendFile}). It completes when every byte was
 *     taken, or it failed.
 * <li><b>Completions run only inside {@link #submitAndAwait}</b>, in bounded batches: never from within another verb.
 *     Any verb may be called from within a completion.
 * <li><b>Close is idempotent and decided in one place.</b> {@code closed} comes exactly once, last, and only after the
 *     send in flight has ended (which is reported before it, normally as {@code -ECANCELED}); only then may the slot
 *     be opened again.
 * <li><b>No free buffer is a state, not an error</b>: receiving stops, {@link #release} resumes it. What a backend has
 *     received already for connections that are paused keeps no buffers from the others; it may be bounded, and who sends
 *     beyond that is cut off ({@code -ENOBUFS}).
 * <li><b>Generations.</b> What the kernel reports late about an older {@link #open} of a slot is dropped, and its buffer
 *     becomes free.
 * <li><b>After {@link #closeChannel}</b> nothing is reported for the slot but the end of the send in flight, and
 *     {@code closed}.
 * <li><b>Connecting ends once.</b> After {@link #connect} the slot is in use, and only {@link #closeChannel} may be called
 *     for it, until {@code connected} has reported success; then it is as if {@link #open} had been called. After a
 *     failure it is still in use, until it was closed. A backend knows no time limit: whoever has waited too long
 *     closes.
 * </ol>
 */
public interface Backend extends AutoCloseable {

    /** A {@link #send} flag: more output follows at once (MSG_MORE). */
    int SEND_MORE = 1;
    /**
     * A {@link #send} flag: the memory is not the slab's. It may be a file's that somebody cuts shorter meanwhile, so
     * {@code -EFAULT} is a result like others.
     */
    int SEND_MAPPED = 2;
    /** A {@link #send} flag: the memory is not the slab's, but as good. */
    int SEND_OUTSIDE = 4;

    /**
     * Binds and listens; accepts nothing yet. The backend owns the listener. Called at most once.
     *
     * @param address the address to bind; port 0 picks a free one
     * @param backlog the length of the accept queue (listen(2))
     * @param sharedPort whether other loops listen on the same port (SO_REUSEPORT, socket(7))
     * @return the port, or {@code -errno}
     */
    int listen(InetSocketAddress address, int backlog, boolean sharedPort);

    /**
     * Takes over a socket that listens already, in place of {@link #listen}; it may be shared with other backends of the
     * same kind by other descriptors. Accepts nothing yet.
     *
     * @param listener a descriptor that the backend owns from now on, also if this fails
     * @return 0, or {@code -errno}; {@code -EOPNOTSUPP} from a backend that has no descriptors
     */
    int listenOn(int listener);

    /**
     * Says which of the listeners that share this one's port gets a connection: the one of the CPU on which it arrived
     * (SO_ATTACH_REUSEPORT_CBPF, socket(7)). Connections that arrive on any other CPU are spread as without this. For all
     * those listeners; called for one of them.
     *
     * @param cpus the CPU of each listener, in the order in which they began to listen
     * @return 0, or {@code -errno}; {@code -EOPNOTSUPP} from a backend that has no descriptors
     */
    int steer(int[] cpus);

    /** Subscribes to connections: {@code accepted} follows for each, until an error or {@link #pauseAccept}. */
    void accept();

    /** Unsubscribes. Connections that the kernel had accepted already may still be reported. */
    void pauseAccept();

    /**
     * Closes the listener for good: the kernel refuses who comes from now on, and resets who waits in the accept queue.
     * Connections that it had accepted already may still be reported. Idempotent.
     */
    void stopListening();

    /** Closes a connection that {@code accepted} reported and that will not be opened. */
    void refuse(int accepted);

    /**
     * Binds an accepted connection to a slot; comes before any other verb on the slot.
     *
     * @param generation differs from the generations that this slot had before; 24 bits
     * @param accepted what {@code accepted} reported: the backend's own number, not necessarily a descriptor
     */
    void open(int slot, int generation, int accepted);

    /**
     * Binds a connected socket, which was accepted elsewhere, to a slot; from then on it is as if {@link #open} had been
     * called. Needs no listener.
     *
     * @param generation as for {@link #open}
     * @param socket a descriptor in blocking mode, which the backend owns from now on
     */
    void adopt(int slot, int generation, int socket);

    /**
     * Makes a socket, binds it to a slot and connects it; {@code connected} follows exactly once, unless
     * {@link #closeChannel} comes first. Whatever fails is reported by {@code connected}: also that there is no
     * descriptor for the socket, or that the address cannot be used.
     *
     * @param generation as for {@link #open}
     * @param address an internet address, or that of a Unix-domain server
     */
    void connect(int slot, int generation, SocketAddress address);

    /** Subscribes to the bytes that arrive: {@code received} follows for each chunk. Idempotent. */
    void receive(int slot);

    /** Unsubscribes. One late chunk may still arrive. Idempotent. */
    void pause(int slot);

    /**
     * Sends memory, which is lent until {@code sent}.
     *
     * @param address an address whose next {@code length} bytes stay valid and unchanged until {@code sent}
     * @param length at least 1
     * @param flags any of {@link #SEND_MORE} and one of {@link #SEND_MAPPED} and {@link #SEND_OUTSIDE}, or 0
     */
    void send(int slot, long address, int length, int flags);

    /**
     * As {@link #send} with {@link #SEND_OUTSIDE}, of memory that is a file's as well: a backend may hand the socket the
     * file's pages instead of a copy of their bytes, which are then on their way after {@code sent}, too.
     *
     * @param file a descriptor that stays open until {@code sent}; its bytes there never change
     * @param position where in the file the memory begins
     */
    default void sendPages(int slot, long address, int length, int file, long position) {
        send(slot, address, length, SEND_OUTSIDE);
    }

    /**
     * Sends a part of a file; counts as the one send. Reports {@code -ENODATA} if the file ends early.
     *
     * @param file a descriptor that stays open until {@code sent}
     * @param length at least 1; not bounded by 2 GiB
     * @param how one of {@link #fileTransfers}; the result is the same with each
     */
    void sendFile(int slot, int file, long position, long length, FileTransfer how);

    /** The ways to send a file that this backend has. */
    default Set<FileTransfer> fileTransfers() {
        return EnumSet.allOf(FileTransfer.class);
    }

    /**
     * How many bytes the peer has not acknowledged: those of the send in flight that were not taken yet, and those in
     * the kernel's queue. Less than before means that the peer reads. Makes system calls: ask when in doubt only. The
     * channel is not closing.
     */
    long outstanding(int slot);

    /** Ends the sending direction (FIN) after everything that was sent. No send may be in flight, none follows. */
    void finishSending(int slot);

    /** The peer's address, or null if it is no longer known. Makes system calls: ask once. The channel is not closing. */
    @Nullable
    SocketAddress remoteAddress(int slot);

    /** Takes back a receive buffer that {@code received} handed out. */
    void release(int buffer);

    /** Closes the channel, also while it is connecting; {@code closed} follows exactly once. Idempotent until then. */
    void closeChannel(int slot);

    /**
     * Submits what was asked, waits until there is something to report, and reports it: the only place where completions
     * run. Returns early on {@link #wakeup} and on signals.
     *
     * @param timeoutNanos the longest wait; 0 polls, {@link Long#MAX_VALUE} waits without limit
     * @return the number of completions reported, or {@code -errno} if the backend can no longer work
     */
    int submitAndAwait(long timeoutNanos, Completions completions);

    /** Ends a wait in {@link #submitAndAwait}, the present or the next one. Callable from any thread until close. */
    void wakeup();

    /**
     * As {@link #wakeup}, by another backend's thread outside that one's {@code submitAndAwait}, or within a completion:
     * may go along when the caller enters the kernel next, which it must do soon.
     *
     * @param caller the backend of the calling thread
     */
    default void wakeupFrom(Backend caller) {
        wakeup();
    }

    /** What became of the features that this backend can do without; settled when it was made. Any thread. */
    default List<BackendFeature> features() {
        return List.of();
    }

    /** What this backend counted. */
    BackendCounters counters();

    /**
     * Ends everything: sockets are closed, operations cancelled and awaited, memory released. Nothing is reported.
     * Idempotent.
     *
     * @throws IllegalStateException if operations did not end in time: memory that was lent must stay valid
     */
    @Override
    void close();
}
