package io.ringwave.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.bindings.uring.Uring;
import io.ringwave.bindings.uring.UringNewer;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Ring;
import io.ringwave.spi.Token;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * The submission side of a ring: one method per operation writes a 64-byte entry into the mapped queue; {@link
 * #publish} makes the entries visible. An entry is written as eight longs, so that none keeps a byte of an earlier use;
 * this assumes little-endian byte order, which every platform with io_uring that we build for has. Confined to the
 * ring's thread.
 *
 * <p>Where a method takes a socket, that is a descriptor of the process, or a place in the ring's file table as {@link
 * FileTable#socket} writes it.
 */
final class SubmissionQueue {

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final int ENTRY_SHIFT = 6;

    // Constants of the generated bindings are methods; in a static final field they are constants to the compiler too.
    private static final int OP_ACCEPT = Uring.IORING_OP_ACCEPT();
    private static final int OP_ASYNC_CANCEL = Uring.IORING_OP_ASYNC_CANCEL();
    private static final int OP_CONNECT = Uring.IORING_OP_CONNECT();
    private static final int OFFSET = 8; // of "off" in the entry
    private static final int OP_CLOSE = Uring.IORING_OP_CLOSE();
    private static final int OP_FIXED_FD_INSTALL = UringNewer.IORING_OP_FIXED_FD_INSTALL();
    private static final int OP_MSG_RING = Uring.IORING_OP_MSG_RING();
    private static final int OP_POLL_ADD = Uring.IORING_OP_POLL_ADD();
    private static final int OP_READ = Uring.IORING_OP_READ();
    private static final int OP_RECV = Uring.IORING_OP_RECV();
    private static final int OP_SEND = Uring.IORING_OP_SEND();
    private static final int OP_SEND_ZC = Uring.IORING_OP_SEND_ZC();
    private static final int OP_SHUTDOWN = Uring.IORING_OP_SHUTDOWN();
    private static final int ACCEPT_MULTISHOT = Uring.IORING_ACCEPT_MULTISHOT();
    private static final int RECV_MULTISHOT = Uring.IORING_RECV_MULTISHOT();
    private static final int POLL_MULTISHOT = Uring.IORING_POLL_ADD_MULTI();
    private static final int CANCEL_ANY = Uring.IORING_ASYNC_CANCEL_ANY() | Uring.IORING_ASYNC_CANCEL_ALL();
    private static final int REPORT_USAGE = UringNewer.IORING_SEND_ZC_REPORT_USAGE();
    private static final int FIXED_BUFFER = Uring.IORING_RECVSEND_FIXED_BUF();
    private static final int BUFFER_SELECT = Uring.IOSQE_BUFFER_SELECT();
    private static final long FIXED_FILE = (long) Uring.IOSQE_FIXED_FILE() << 8;
    private static final long ANY_PLACE = (long) Uring.IORING_FILE_INDEX_ALLOC() << 32;
    private static final int SKIP_SUCCESS = Uring.IOSQE_CQE_SKIP_SUCCESS();
    private static final int WAKE_AND_WAIT_FOR_ROOM = Uring.IORING_ENTER_SQ_WAKEUP() | Uring.IORING_ENTER_SQ_WAIT();
    private static final int SOCK_CLOEXEC = Linux.SOCK_CLOEXEC();
    private static final int SEND_FLAGS = Linux.MSG_NOSIGNAL() | Linux.MSG_WAITALL();
    private static final int MSG_MORE = Linux.MSG_MORE();
    private static final int MSG_DONTWAIT = Linux.MSG_DONTWAIT();
    private static final int NOW_FLAGS = Linux.MSG_NOSIGNAL() | MSG_DONTWAIT;

    private final Ring ring;
    private final MemorySegment entries;
    private final MemorySegment kernelHead;
    private final MemorySegment kernelTail;
    private final int capacity;
    private final int cancelFlags;
    private final int roomFlags;
    private int tail;
    private int counted; // what tail was when takeWritten() was called last
    private int inFlight;

    /** @param skipSuccess whether the kernel can leave out the completion of a cancel that found its operation */
    SubmissionQueue(Ring ring, boolean skipSuccess) {
        this.ring = ring;
        this.entries = ring.submissionEntries();
        this.kernelHead = ring.submissionHead();
        this.kernelTail = ring.submissionTail();
        this.capacity = (int) (entries.byteSize() >> ENTRY_SHIFT);
        this.cancelFlags = skipSuccess ? SKIP_SUCCESS : 0;
        this.roomFlags = (ring.setupFlags() & Uring.IORING_SETUP_SQPOLL()) != 0 ? WAKE_AND_WAIT_FOR_ROOM : 0;
        this.tail = (int) INT.get(kernelTail, 0L);
        this.counted = tail;
    }

    /** Accepts connections until an error; each completion is a new descriptor. */
    void acceptMultishot(int listener, long token) {
        write(OP_ACCEPT, 0, ACCEPT_MULTISHOT, listener, 0, 0, SOCK_CLOEXEC, token, 0);
    }

    /** Accepts one connection; the result is a new descriptor. */
    void accept(int listener, long token) {
        write(OP_ACCEPT, 0, 0, listener, 0, 0, SOCK_CLOEXEC, token, 0);
    }

    /** As {@link #acceptMultishot}; each completion is a place in the file table. There is no exec to close it on. */
    void acceptMultishotDirect(int listener, long token) {
        write(OP_ACCEPT, 0, ACCEPT_MULTISHOT, listener, 0, 0, 0, token, ANY_PLACE);
    }

    /** As {@link #accept}; the result is a place in the file table. */
    void acceptDirect(int listener, long token) {
        write(OP_ACCEPT, 0, 0, listener, 0, 0, 0, token, ANY_PLACE);
    }

    /** Receives into provided buffers until an error or the end of the stream. */
    void receiveMultishot(int socket, int bufferGroup, long token) {
        write(OP_RECV, BUFFER_SELECT, RECV_MULTISHOT, socket, 0, 0, 0, token, bufferGroup);
    }

    /** Receives once, into a provided buffer that the kernel picks when bytes are there. */
    void receiveProvided(int socket, int bufferGroup, long token) {
        write(OP_RECV, BUFFER_SELECT, 0, socket, 0, 0, 0, token, bufferGroup);
    }

    /** Receives what is there into memory, or completes with EAGAIN: never waits. */
    void receiveNow(int socket, long address, int length, long token) {
        write(OP_RECV, 0, 0, socket, address, length, MSG_DONTWAIT, token, 0);
    }

    /** Sends what the socket has room for, or completes with EAGAIN: never waits, and never on a worker thread. */
    void sendNow(int socket, long address, int length, boolean more, long token) {
        write(OP_SEND, 0, 0, socket, address, length, more ? NOW_FLAGS | MSG_MORE : NOW_FLAGS, token, 0);
    }

    /** Reads from a file. */
    void read(int file, long address, int length, long position, long token) {
        write(OP_READ, 0, 0, file, address, length, 0, token, 0);
        entries.set(JAVA_LONG, ((long) (tail - 1 & capacity - 1) << ENTRY_SHIFT) + OFFSET, position);
    }

    /** Sends memory; MSG_WAITALL makes the kernel go on after a partial send. */
    void send(int socket, long address, int length, boolean more, long token) {
        write(OP_SEND, 0, 0, socket, address, length, more ? SEND_FLAGS | MSG_MORE : SEND_FLAGS, token, 0);
    }

    /**
     * Sends memory without copying it. Completes with the result and F_MORE, and again, with F_NOTIF and how it went,
     * when the kernel is done with the memory.
     *
     * @param registered whether the memory is part of the ring's first registered buffer
     */
    void sendZeroCopy(int socket, long address, int length, boolean more, boolean registered, long token) {
        write(OP_SEND_ZC, 0, registered ? REPORT_USAGE | FIXED_BUFFER : REPORT_USAGE, socket, address, length,
                more ? SEND_FLAGS | MSG_MORE : SEND_FLAGS, token, 0);
    }

    /**
     * Puts a completion into another ring. Completes if that failed, and where the kernel can't leave success out.
     *
     * @param ring the descriptor of the other ring
     * @param message the token of the completion there
     */
    void message(int ring, long message, long token) {
        write(OP_MSG_RING, cancelFlags, 0, ring, 0, 0, 0, token, 0);
        entries.set(JAVA_LONG, ((long) (tail - 1 & capacity - 1) << ENTRY_SHIFT) + 8, message);
    }

    /** Completes when a descriptor is ready for the events (poll(2)). */
    void poll(int descriptor, int events, long token) {
        write(OP_POLL_ADD, 0, 0, descriptor, 0, 0, events, token, 0);
    }

    /** Completes each time that a descriptor becomes ready for the events. */
    void pollMultishot(int descriptor, int events, long token) {
        write(OP_POLL_ADD, 0, 0, descriptor, 0, POLL_MULTISHOT, events, token, 0);
    }

    /** Connects a socket; the address must stay where it is until it was submitted ({@code IORING_FEAT_SUBMIT_STABLE}). */
    void connect(int socket, long address, int length, long token) {
        write(OP_CONNECT, 0, 0, socket, address, 0, 0, token, 0);
        entries.set(JAVA_LONG, ((long) (tail - 1 & capacity - 1) << ENTRY_SHIFT) + OFFSET, length);
    }

    /**
     * How many operations are in flight: how many completions without F_MORE are still to come, of operations that surely
     * have one ({@link Operation#UNCOUNTED}).
     */
    int inFlight() {
        return inFlight;
    }

    /** An operation has ended. */
    void ended(int operation) {
        if (operation < Operation.UNCOUNTED) {
            inFlight--;
        }
    }

    /** How many operations may wait to be submitted. */
    int capacity() {
        return capacity;
    }

    /** Closes a socket or another descriptor. */
    void close(int socket, long token) {
        if (FileTable.isPlace(socket)) {
            write(OP_CLOSE, 0, 0, 0, 0, 0, 0, token, FileTable.place(socket) + 1L << 32); // from 1 here, 0 is none
        } else {
            write(OP_CLOSE, 0, 0, socket, 0, 0, 0, token, 0);
        }
    }

    /** Makes a descriptor of the process, closed on exec, for a socket in the file table; the result is its number. */
    void install(int socket, long token) {
        assert FileTable.isPlace(socket);
        write(OP_FIXED_FD_INSTALL, 0, 0, socket, 0, 0, 0, token, 0);
    }

    /** shutdown(2). The kernel hands this to a worker thread. */
    void shutdown(int socket, int how, long token) {
        write(OP_SHUTDOWN, 0, 0, socket, 0, how, 0, token, 0);
    }

    /** Cancels the operation with a token. Completes if there is none, and where the kernel can't leave that out. */
    void cancel(long target, long token) {
        write(OP_ASYNC_CANCEL, cancelFlags, 0, 0, target, 0, 0, token, 0);
    }

    /** Cancels every operation of the ring (5.19). */
    void cancelAll(long token) {
        write(OP_ASYNC_CANCEL, cancelFlags, 0, 0, 0, 0, CANCEL_ANY, token, 0);
    }

    /** Makes what was written visible to the kernel, and returns how many entries it has not consumed yet. */
    int publish() {
        INT.setRelease(kernelTail, 0L, tail); // release: the entries are written before the tail that covers them
        return pending();
    }

    /** How many entries were written since this was called last. */
    int takeWritten() {
        int written = tail - counted;
        counted = tail;
        return written;
    }

    private int pending() {
        return tail - (int) INT.getAcquire(kernelHead, 0L); // acquire: an entry is reused only after it was read
    }

    /** @param bufferAndPlace the buffer group in the lowest half word, a place in the file table in the upper word */
    private void write(int operation, int flags, int priority, int socket, long address, int length,
            int operationFlags, long token, long bufferAndPlace) {
        if (pending() == capacity) {
            makeRoom();
        }
        long at = (long) (tail & capacity - 1) << ENTRY_SHIFT;
        entries.set(JAVA_LONG, at, operation | flags << 8 | priority << 16 | target(socket));
        entries.set(JAVA_LONG, at + 8, 0);
        entries.set(JAVA_LONG, at + 16, address);
        entries.set(JAVA_LONG, at + 24, length & 0xffff_ffffL | (long) operationFlags << 32);
        entries.set(JAVA_LONG, at + 32, token);
        entries.set(JAVA_LONG, at + 40, bufferAndPlace);
        entries.set(JAVA_LONG, at + 48, 0);
        entries.set(JAVA_LONG, at + 56, 0);
        tail++;
        if (Token.operation(token) < Operation.UNCOUNTED) {
            inFlight++;
        }
    }

    private static long target(int socket) {
        return FileTable.isPlace(socket) ? (long) FileTable.place(socket) << 32 | FIXED_FILE : (long) socket << 32;
    }

    /** Submits without waiting: completions queue up, but are not looked at here. */
    private void makeRoom() {
        int result = ring.enter(publish(), 0, roomFlags, 0, 0);
        if (pending() == capacity) {
            throw new IllegalStateException("The kernel takes no submissions: " + Errno.describe(-result));
        }
    }
}
