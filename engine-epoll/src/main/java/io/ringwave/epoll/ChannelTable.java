package io.ringwave.epoll;

import io.ringwave.spi.FileTransfer;
import io.ringwave.spi.SlotTables;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What the backend knows about each slot: primitive arrays indexed by slot. Confined to the loop's thread.
 *
 * <p>{@link #READABLE} and {@link #WRITABLE} are hints: true until a try has shown otherwise. A hint that is wrongly
 * true costs one system call; one that is wrongly false would strand the connection, so it is cleared only by
 * {@code EAGAIN} or by a read that fell short.
 */
final class ChannelTable {

    /** Bound to a socket: from {@code open} to {@code closed}. */
    static final int OPEN = 1;
    /** The core wants what arrives. */
    static final int RECEIVING = 1 << 1;
    /** The end of the stream, or an error, was reported: nothing arrives any more. */
    static final int RECEIVE_ENDED = 1 << 2;
    /** The socket may have bytes, an end or an error for us. */
    static final int READABLE = 1 << 3;
    /** The peer has finished or failed (RDHUP, HUP, ERR). No further edge announces that: read on until told so. */
    static final int PEER_FINISHED = 1 << 4;
    /** Urgent data is on its way, at which every read stops short (tcp(7)): read on until EAGAIN. */
    static final int URGENT = 1 << 5;
    /** A send is in flight. */
    static final int SENDING = 1 << 6;
    /** The send in flight is followed by more (MSG_MORE). */
    static final int SEND_MORE = 1 << 7;
    /** The socket may have room. */
    static final int WRITABLE = 1 << 8;
    /** epoll refused the socket; {@link #error} holds the negated errno, with which every operation fails. */
    static final int REFUSED = 1 << 9;
    /** {@code closeChannel} was called, {@code closed} not yet reported. */
    static final int CLOSING = 1 << 10;
    /**
     * {@code connect} was called, {@code connected} not yet reported. On the ready list when there is an outcome:
     * {@link #WRITABLE}, for SO_ERROR to tell, or {@link #REFUSED}.
     */
    static final int CONNECTING = 1 << 11;
    /** The send in flight is from memory that may be gone (EFAULT). */
    static final int SEND_MAPPED = 1 << 12;
    /** A file was sent, from memory or not. */
    static final int FILE_SENT = 1 << 13;

    /** The send in flight is of pages of memory: of a {@link #file}, but as good as memory, and not long. */
    static final int SEND_PAGES = 1 << 14;
    /** Long memory was sent as a copy at the beginning: from now on its pages are. */
    static final int LONG_COPIED = 1 << 15;

    /** {@link #socket} of a slot that got none. */
    static final int NO_SOCKET = -1;

    /** {@link #file} of a send from memory. */
    static final int NO_FILE = -1;

    private final int slots;
    private int[] flags;
    int[] socket;
    int[] generation;
    int[] error;
    /** The file that the send in flight sends from, or {@link #NO_FILE}. */
    int[] file;
    /** How it does that; null if this slot never sent a file. */
    @Nullable
    FileTransfer[] transfer;
    /** Where the send in flight goes on: a memory address, or a position in the file. */
    long[] position;
    /** How many bytes of the send in flight are left. */
    long[] remaining;
    /** How many bytes the send in flight has in all. */
    long[] total;

    /** @param slots slots are below this number */
    ChannelTable(int slots) {
        this.slots = slots;
        int length = SlotTables.first(slots);
        flags = new int[length];
        socket = new int[length];
        generation = new int[length];
        Arrays.fill(generation, -1);
        error = new int[length];
        file = new int[length];
        transfer = new FileTransfer[length];
        position = new long[length];
        remaining = new long[length];
        total = new long[length];
    }

    private void grow(int length) {
        int before = flags.length;
        flags = Arrays.copyOf(flags, length);
        socket = Arrays.copyOf(socket, length);
        generation = Arrays.copyOf(generation, length);
        error = Arrays.copyOf(error, length);
        file = Arrays.copyOf(file, length);
        transfer = Arrays.copyOf(transfer, length);
        position = Arrays.copyOf(position, length);
        remaining = Arrays.copyOf(remaining, length);
        total = Arrays.copyOf(total, length);
        Arrays.fill(generation, before, length, -1);
    }

    /** All slots that were ever open are below this number. */
    int slots() {
        return flags.length;
    }

    void open(int slot, int newGeneration, int newSocket) {
        if (slot >= flags.length) {
            grow(SlotTables.grown(flags.length, slot, slots));
        }
        assert flags[slot] == 0 : "slot " + slot + " is still open";
        assert generation[slot] != newGeneration : "generation " + newGeneration + " of slot " + slot + " was used";
        flags[slot] = OPEN | WRITABLE;
        generation[slot] = newGeneration;
        socket[slot] = newSocket;
    }

    /** As {@link #open}, with a socket that is not connected yet. */
    void connect(int slot, int newGeneration, int newSocket) {
        open(slot, newGeneration, newSocket);
        flags[slot] = OPEN | CONNECTING;
    }

    /** Forgets the socket. The generation stays, so that the next one can be told apart. */
    void close(int slot) {
        flags[slot] = 0;
    }

    /** Whether the slot is open with this generation. */
    boolean isCurrent(int slot, int ofGeneration) {
        return generation[slot] == ofGeneration && (flags[slot] & OPEN) != 0;
    }

    /** Whether any of the flags is set. */
    boolean is(int slot, int anyOf) {
        return (flags[slot] & anyOf) != 0;
    }

    void set(int slot, int which) {
        flags[slot] |= which;
    }

    void clear(int slot, int which) {
        flags[slot] &= ~which;
    }

    /** Whether a receive is wanted and worth a try. */
    boolean canReceive(int slot) {
        return (flags[slot] & (RECEIVING | READABLE | CLOSING)) == (RECEIVING | READABLE);
    }

    /** Whether a send is in flight and worth a try. */
    boolean canSend(int slot) {
        return (flags[slot] & (SENDING | WRITABLE | CLOSING)) == (SENDING | WRITABLE);
    }

    /** Puts the one send in flight. */
    void beginSend(int slot, int fromFile, long fromPosition, long length) {
        assert is(slot, OPEN) && !is(slot, CLOSING) : "slot " + slot + " is not open";
        assert !is(slot, SENDING) : "slot " + slot + " has a send in flight";
        assert length > 0;
        flags[slot] |= SENDING;
        file[slot] = fromFile;
        position[slot] = fromPosition;
        remaining[slot] = length;
        total[slot] = length;
    }

    /** Records that bytes of the send in flight were taken. */
    void advanceSend(int slot, long bytes) {
        position[slot] += bytes;
        remaining[slot] -= bytes;
        assert remaining[slot] >= 0;
    }
}
