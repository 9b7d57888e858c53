package io.ringwave.spi;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;

/**
 * How many bytes of files a loop sends in a turn. Whoever else has a request in that turn waits for them to be copied, and
 * for new ones to be asked of a disk: so few while there are others, and many, for fewer system calls, while there are
 * none. Others are connections that were never sent a file; of those that were, each waits for the bytes it asked for
 * itself. Confined to the loop's thread.
 *
 * <p>Bounds hold for all files of the loop together; what got nothing is tried again in the next turn, those first that
 * have waited longest.
 */
public final class FilePace {

    /** Without others: some millisecond over loopback, so that several files go on in a turn, and what it costs vanishes. */
    public static final int ALONE_BYTES = 1 << 22;
    /** The most that one file gets at a time: some 250 microseconds, in which a system call's own cost vanishes. */
    public static final int PIECE_BYTES = 1 << 20;
    /** With others: some 10 microseconds over loopback, of which each call still takes less than a fifth. */
    public static final int SHARED_BYTES = 1 << 15;
    /** Memory of no more than that, with a head, is no file to this: it is handed over in some 8 microseconds. */
    private static final int SHORT_BYTES = (1 << 16) + 512;
    /** How many turns others count that have sent nothing more: some 20 milliseconds, while there are files to be sent. */
    private static final int SHARED_TURNS = 1024;
    /** Pieces but the last have whole pages. */
    private static final int PAGE_BYTES = 4096;
    private static final int READ_AHEAD = Linux.POSIX_FADV_NORMAL();
    private static final int READ_NO_FURTHER = Linux.POSIX_FADV_RANDOM();

    private int sharedTurns;
    private int left = ALONE_BYTES;

    /** No others so far. */
    public FilePace() {}

    /** A connection that was never sent a file has sent something. */
    public void othersReceived() {
        sharedTurns = SHARED_TURNS;
    }

    /** Whether there are others. */
    public boolean isShared() {
        return sharedTurns > 0;
    }

    /** Whether a send of pages has so many that it keeps to the pace of files. */
    public static boolean isLong(long bytes) {
        return bytes > SHORT_BYTES;
    }

    /** A turn begins. */
    public void turn() {
        if (sharedTurns > 0) {
            sharedTurns--;
            left = SHARED_BYTES;
        } else {
            left = ALONE_BYTES;
        }
    }

    /**
     * Asks for a piece of a file.
     *
     * @param bytes how many are left to be sent, at least 1
     * @return how many of them may be sent now, at most {@link #PIECE_BYTES}; 0 if this turn has no more
     */
    public int take(long bytes) {
        int most = Math.min(left, PIECE_BYTES);
        int taken = (int) Math.min(bytes, bytes > most ? most & -PAGE_BYTES : most);
        left -= taken;
        return taken;
    }

    /**
     * Tells the kernel whether to read ahead of what is asked for. What it reads ahead, up to 8 MiB, is asked of the disk by
     * the thread that reads, and that takes longer than others should wait.
     */
    public void advise(int file) {
        Libc.fadvise(file, 0, 0, sharedTurns > 0 ? READ_NO_FURTHER : READ_AHEAD); // an advice cannot fail
    }
}
