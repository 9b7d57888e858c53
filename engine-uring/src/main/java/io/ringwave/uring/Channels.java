package io.ringwave.uring;

import io.ringwave.spi.SlotTables;
import io.ringwave.spi.Token;
import java.util.Arrays;

/**
 * What the parts of the backend share about each slot: its socket, its generation, where its receive, its send and its close
 * stand ({@link UringBackend} has the picture), and how far a send has come. Flat arrays, as long as slots were used so
 * far; those that only rare things need, here and in the parts, grow when these happen: an idle connection pays for each
 * byte. Confined to the loop's thread.
 */
final class Channels {

    static final int OPEN = 1;
    static final int WANTED = 1 << 1;
    static final int ARMED = 1 << 2;
    static final int CANCELLING = 1 << 3;
    static final int STARVED = 1 << 4;
    static final int ENDED = 1 << 5; // the stream has ended, reported or held
    static final int HELD_END = 1 << 6; // the end is held back
    static final int SENDING = 1 << 7;
    static final int SEND_MORE_FLAG = 1 << 8;
    static final int FILE = 1 << 9;
    static final int POLLING = 1 << 10;
    static final int CLOSING = 1 << 11;
    static final int READING = 1 << 12; // besides ARMED; ends by itself, and the socket stays open until then
    static final int FINISHING = 1 << 13; // sends FIN as soon as a descriptor is installed
    static final int INSTALLING = 1 << 14; // besides FILE: waits for a descriptor
    static final int ZERO_COPY = 1 << 15; // besides SENDING
    static final int CONNECTING = 1 << 16; // an operation is in flight, unless DECIDED
    static final int DECIDED = 1 << 17; // without an operation; the outcome is in endResults
    static final int MAPPED = 1 << 18; // besides SENDING
    static final int FILE_READING = 1 << 19; // besides FILE: an operation fills the slot's file buffer
    static final int FILE_SENDING = 1 << 20; // besides FILE: an operation empties it
    static final int FILE_BUSY = FILE_READING | FILE_SENDING;
    static final int WITHOUT_BUFFER = 1 << 21; // besides FILE: waits for a file buffer
    static final int FILE_SENT = 1 << 22; // was, at some time: what follows finds the socket full
    static final int OUT_OF_TURN = 1 << 23; // besides SENDING and MAPPED or PAGES: has its turn when it is ready
    static final int OUTSIDE = 1 << 24; // besides SENDING: from memory that is not the slab's
    static final int HELD = 1 << 25; // chunks are held back in their buffers: HeldChunks
    static final int SET_ASIDE = 1 << 26; // older ones than those are held back as copies: SetAside
    static final int ONE_BY_ONE = 1 << 27; // was SET_ASIDE, at some time: receives one chunk per operation
    static final int PAGES = 1 << 28; // besides SENDING: pages are handed over
    static final int PAGES_SENT = 1 << 29; // could have been handed over, at some time
    static final int KEEPING = 1 << 30; // has a descriptor until it is closed, or has asked for one

    int[] sockets; // descriptors, or places in the file table
    int[] generations;
    long[] sendRemaining;
    long[] sendTotals;
    private int[] flags;
    // As long as was needed so far: most connections never need them.
    private int[] pieces = {};
    private int[] endResults = {};
    private final int slots;

    /** @param slots slots are below this number */
    Channels(int slots) {
        this.slots = slots;
        int length = SlotTables.first(slots);
        this.sockets = new int[length];
        this.generations = new int[length];
        this.sendRemaining = new long[length];
        this.sendTotals = new long[length];
        this.flags = new int[length];
    }

    /** How many slots there is room for: every slot in use is below. The length for a table by slot that grows. */
    int length() {
        return flags.length;
    }

    /** Makes room for a slot. Returns the new length of tables by slot, or 0 if they are long enough. */
    int grow(int slot) {
        if (slot < flags.length) {
            return 0;
        }
        int length = SlotTables.grown(flags.length, slot, slots);
        sockets = Arrays.copyOf(sockets, length);
        generations = Arrays.copyOf(generations, length);
        sendRemaining = Arrays.copyOf(sendRemaining, length);
        sendTotals = Arrays.copyOf(sendTotals, length);
        flags = Arrays.copyOf(flags, length);
        return length;
    }

    /** Begins the slot's next generation. */
    void begin(int slot, int generation, int socket) {
        assert flags[slot] == 0 : "slot " + slot + " is in use";
        sockets[slot] = socket;
        generations[slot] = generation;
        flags[slot] = OPEN;
    }

    /** Ends it. */
    void end(int slot) {
        flags[slot] = 0;
    }

    boolean isOpen(int slot) {
        return is(slot, OPEN);
    }

    /** Whether a report is about the connection that has the slot now. */
    boolean isCurrent(int slot, long token) {
        return Token.generation(token) == generations[slot] && isOpen(slot);
    }

    /** Whether at least one of the flags is set. */
    boolean is(int slot, int mask) {
        return (flags[slot] & mask) != 0;
    }

    /** Which of the flags are set. */
    int masked(int slot, int mask) {
        return flags[slot] & mask;
    }

    void set(int slot, int mask) {
        flags[slot] |= mask;
    }

    void clear(int slot, int mask) {
        flags[slot] &= ~mask;
    }

    /** How many bytes of a file, or of mapped memory, the operation in flight has. */
    int piece(int slot) {
        return pieces[slot];
    }

    void piece(int slot, int bytes) {
        if (slot >= pieces.length) {
            pieces = Arrays.copyOf(pieces, length());
        }
        pieces[slot] = bytes;
    }

    /** The result of a stream whose end is held back, or of a connect that is DECIDED. */
    int endResult(int slot) {
        return endResults[slot];
    }

    void endResult(int slot, int result) {
        if (slot >= endResults.length) {
            endResults = Arrays.copyOf(endResults, length());
        }
        endResults[slot] = result;
    }

    /** For an operation on the slot's present connection. */
    long token(int operation, int slot) {
        return Token.of(operation, generations[slot], slot);
    }
}
