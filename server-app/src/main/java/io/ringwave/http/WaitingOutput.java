package io.ringwave.http;

import io.ringwave.Connection;
import io.ringwave.SendableFile;
import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;
import io.ringwave.spi.FileTransfer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What a connection could not send at once: bytes, then a file, or the present one of several parts of it. A
 * connection has one only while it is not empty; then it goes back to the loop's {@link WaitingOutputs}. To the engine it
 * is the file that is sent: a piece that is in flight when its connection ends keeps it, and the next connection in the
 * slot has another. Confined to the loop's thread.
 *
 * <pre>
 *   FREE --take--> WAITING --no bytes, no file are left--> FREE
 *                     |  a piece of a file is in flight, or not
 *                     +--the connection ends--> FREE, or if a piece is in flight: ABANDONED --its end--> FREE
 * </pre>
 *
 * A file is sent in pieces, so that each goes in the way that suits it, and the last ones when all went well.
 */
final class WaitingOutput implements SendableFile {

    /** Which part of a file is held back, up to what fits into a buffer: it is copied, so not more than matters. */
    private static final int TAIL_SHARE = 16;
    private static final int WILL_NEED = Linux.POSIX_FADV_WILLNEED();

    private final HttpConnectionHandler handler;
    private @Nullable HttpConnection http; // null: FREE or ABANDONED

    private @Nullable MemorySegment pending;
    private long pendingFrom;
    private int pendingLength;

    private @Nullable SendableFile file;
    private long filePosition;
    private long fileRemaining;
    private @Nullable FileParts parts;
    /** The last bytes of what remains, which are sent once the file was found unchanged. */
    private int fileTail;
    private boolean pieceInFlight; // then there is a file
    private FileStrategy pieceWay = FileStrategy.URING;
    private long pieceBytes;

    WaitingOutput(HttpConnectionHandler handler) {
        this.handler = handler;
    }

    /** Is a connection's from now on. */
    void begin(HttpConnection newHttp) {
        assert http == null && pending == null && file == null && !pieceInFlight : this;
        http = newHttp;
    }

    /** The connection has ended. */
    void abandon() {
        http = null;
        pending = null;
        pendingLength = 0;
        if (!pieceInFlight) {
            endFile();
        }
    }

    /** Goes back if nothing waits any more. */
    private void endIfEmpty() {
        if (pending == null && file == null) {
            HttpConnection former = http;
            if (former != null) {
                http = null;
                former.waiting = null;
            }
            handler.waitingOutputs().putBack(this);
        }
    }

    // ---- Bytes

    boolean hasBytes() {
        return pending != null;
    }

    /** Keeps output that cannot be written yet, behind the bytes that wait already. */
    void keep(MemorySegment source, long from, int length, boolean stable) {
        if (pending == null && stable) {
            pending = source;
            pendingFrom = from;
            pendingLength = length;
            return;
        }
        byte[] bytes = new byte[Math.addExact(pendingLength, length)];
        if (pending != null) {
            MemorySegment.copy(pending, Words.BYTE, pendingFrom, bytes, 0, pendingLength);
        }
        MemorySegment.copy(source, Words.BYTE, from, bytes, pendingLength, length);
        pending = MemorySegment.ofArray(bytes);
        pendingFrom = 0;
        pendingLength = bytes.length;
    }

    /** Copies bytes that wait, at most {@code room}; returns how many. */
    int take(MemorySegment target, long offset, int room) {
        assert pending != null;
        int count = Math.min(room, pendingLength);
        MemorySegment.copy(pending, pendingFrom, target, offset, count);
        pendingFrom += count;
        pendingLength -= count;
        if (pendingLength == 0) {
            pending = null;
            endIfEmpty();
        }
        return count;
    }

    // ---- A file

    /** Keeps a file that follows the output so far. */
    void keepFile(SendableFile newFile, long position, long length) {
        assert file == null;
        file = newFile;
        beginPart(position, length);
    }

    private void beginPart(long position, long length) {
        filePosition = position;
        fileRemaining = length;
        boolean guarded = file instanceof CachedFile cached && !cached.isInMemory();
        fileTail = guarded ? Math.clamp(length / TAIL_SHARE, 1, handler.maxTailBytes()) : 0;
    }

    /** Whether nothing is left of a file but the bytes that were held back. */
    boolean hasFileTail() {
        return file != null && fileTail > 0 && fileRemaining == fileTail && pending == null && !pieceInFlight;
    }

    int fileTail() {
        return fileTail;
    }

    /**
     * Reads the bytes that were held back, and then finds out whether the file is as it was.
     *
     * @param address of {@link #fileTail} bytes
     * @return false if the response must not be completed
     */
    boolean readFileTail(long address) {
        assert hasFileTail();
        CachedFile cached = (CachedFile) file;
        int done = 0;
        while (done < fileTail) {
            int count = Libc.pread(cached.descriptor(), address + done, fileTail - done, filePosition + done);
            if (count <= 0) {
                return false;
            }
            done += count;
        }
        return cached.isUnchanged();
    }

    /** The bytes that were held back are on their way. */
    void fileTailSent() {
        handler.counters().fileSent(pieceWay, fileTail);
        fileTail = 0;
        fileRemaining = 0;
        if (parts == null) {
            endFile();
        }
    }

    /** Keeps several parts of a file, which follow the output so far, and writes what stands before the first. */
    void keepParts(FileParts newParts, Output output) {
        assert file == null;
        file = newParts.file();
        fileRemaining = 0;
        parts = newParts;
        beginPart(output);
    }

    /** Whether a part of a file was sent, and what follows it must be written. */
    boolean mustBeginPart() {
        return parts != null && fileRemaining == 0 && !pieceInFlight;
    }

    /** Writes the bytes before the next part, which then is what is sent of the file; or the last bytes of all. */
    void beginPart(Output output) {
        FileParts body = parts;
        assert body != null && mustBeginPart();
        byte[] bytes = body.bytes();
        output.write(bytes, 0, bytes.length);
        if (body.hasPart()) {
            beginPart(body.position(), body.length());
            body.advance();
        } else {
            endFile();
        }
    }

    /** Whether the next piece of a file can be sent. */
    boolean hasFilePiece() {
        return file != null && fileRemaining > fileTail && pending == null && !pieceInFlight;
    }

    /** Sends the next piece of the file. It may end at once, and this with it. */
    void sendFilePiece(Connection connection) {
        assert hasFilePiece();
        long position = filePosition;
        long length = Math.min(fileRemaining - fileTail, FileStore.PART_BYTES);
        if (file instanceof CachedFile cached) {
            length = Math.min(length, cached.partBytes(position));
            pieceWay = cached.way(position, length);
        }
        pieceBytes = length;
        filePosition += length;
        fileRemaining -= length;
        if (fileTail > 0 && fileRemaining == fileTail) { // is read by the loop, when the piece was sent
            Libc.fadvise(file.descriptor(), filePosition, fileTail, WILL_NEED); // an advice cannot fail
        }
        pieceInFlight = true;
        connection.sendFile(this, position, length);
    }

    private void endFile() {
        SendableFile ended = file;
        file = null;
        parts = null;
        endIfEmpty();
        if (ended != null) {
            ended.sendFinished(); // last: it may fail
        }
    }

    // ---- A piece of a file, as the engine sees it

    @Override
    public int descriptor() {
        assert file != null;
        return file.descriptor();
    }

    @Override
    public long address(long position, int length) {
        assert file != null;
        if (file instanceof CachedFile cached) {
            return cached.address(pieceWay, position);
        }
        pieceWay = FileStrategy.MEMORY;
        return file.address(position, length);
    }

    @Override
    public FileTransfer transfer(long position, long length) {
        assert file != null;
        FileTransfer transfer = file instanceof CachedFile cached
                ? transfer(pieceWay, cached.isWorthCaching())
                : file.transfer(position, length);
        pieceWay = switch (transfer) {
            case SENDFILE -> FileStrategy.SENDFILE;
            case SPLICE -> FileStrategy.SPLICE;
            case READ, READ_PAST_CACHE -> FileStrategy.URING;
        };
        return transfer;
    }

    private static FileTransfer transfer(FileStrategy way, boolean cached) {
        return switch (way) {
            case SENDFILE -> FileTransfer.SENDFILE;
            case SPLICE -> FileTransfer.SPLICE;
            case AUTO, MEMORY, MMAP, URING -> cached // MMAP: it cannot be mapped
                    ? FileTransfer.READ
                    : FileTransfer.READ_PAST_CACHE;
        };
    }

    /**
     * A piece was sent, or dropped. The engine is in the middle of its work then, so what follows is left to a task of
     * the loop.
     */
    @Override
    public void sendFinished() {
        assert pieceInFlight : this;
        pieceInFlight = false;
        HttpConnection owner = http;
        boolean open = owner != null && owner.isOpen();
        if (open) {
            handler.counters().fileSent(pieceWay, pieceBytes);
        }
        if (file instanceof CachedFile cached) {
            cached.partSent(pieceWay, filePosition - pieceBytes, pieceBytes);
        }
        if (fileRemaining == 0 && parts == null || !open) {
            endFile();
        }
        if (owner != null) {
            owner.proceedSoon();
        }
    }

    @Override
    public String toString() {
        return "WaitingOutput[" + pendingLength + " bytes, file " + (file == null ? 0 : fileRemaining)
                + (pieceInFlight ? " behind a piece" : "") + "]";
    }
}
