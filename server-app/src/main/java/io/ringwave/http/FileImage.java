package io.ringwave.http;

import io.ringwave.SendableMemory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * One of the {@link FileImages} of a file: a whole response, which is sent from where it lies, without a copy where that can
 * be. Sockets may then have its pages long after a send has ended. So its bytes never change once it was sent, and no
 * response ever has a head of two seconds. Confined to its loop's thread.
 *
 * <pre>
 *   without memory --load--> writable --begin--> in flight (any number of sends) --sendFinished, the last--> idle
 *         ^-----------------------------------------------------unload-------------------------------------'
 * </pre>
 */
final class FileImage implements SendableMemory {

    private final CachedFile file;
    private final FileImages owner;
    private final FileMemory memory;
    private long body = FileMemory.NONE;
    private int headLength;
    private @Nullable FileRepresentation representation;
    private long second;
    private int sends;
    private boolean sent; // since it has this memory: sockets may have its pages

    FileImage(CachedFile file, FileImages owner, FileMemory memory) {
        this.file = file;
        this.owner = owner;
        this.memory = memory;
    }

    /** Has a place from now on: the offset of a body, with room for a head before it. */
    void load(long newBody) {
        assert body == FileMemory.NONE && sends == 0;
        body = newBody;
    }

    /** Has no place any more; returns the one that it had. */
    long unload() {
        assert isLoaded() && sends == 0 : this;
        long former = body;
        body = FileMemory.NONE;
        representation = null;
        sent = false; // the pages are discarded
        return former;
    }

    boolean isLoaded() {
        return body != FileMemory.NONE;
    }

    /** Whether nobody is being sent it, so that its memory may be given back. */
    boolean isIdle() {
        return sends == 0;
    }

    /** Whether nobody was ever sent it, so that its memory may be changed. */
    boolean isWritable() {
        return isLoaded() && !sent;
    }

    /** Whether the head is that of a representation, with the date of a second. */
    boolean isOf(FileRepresentation wanted, long wantedSecond) {
        return representation == wanted && second == wantedSecond;
    }

    /** Whether it has the date of a second. */
    boolean isMadeIn(long wantedSecond) {
        return representation != null && second == wantedSecond;
    }

    /** Writes a head right before the body. */
    void head(MemorySegment head, int length, FileRepresentation newRepresentation, long newSecond) {
        assert isWritable() && length <= FileImages.HEAD_ROOM_BYTES : this;
        MemorySegment.copy(head, 0, memory.memory(), body - length, length);
        headLength = length;
        representation = newRepresentation;
        second = newSecond;
    }

    /** A send begins, for which the file was retained. */
    void begin() {
        assert representation != null : this;
        sends++;
        sent = true;
    }

    /** Where the response begins within {@link #memory}. */
    long start() {
        return body - headLength;
    }

    /** How long the response is. */
    int length() {
        return headLength + (int) file.size();
    }

    @Override
    public MemorySegment memory() {
        return memory.memory();
    }

    @Override
    public int descriptor() {
        return memory.descriptor();
    }

    /** @throws IllegalStateException if no send had begun: the memory would be changed while it is read */
    @Override
    public void sendFinished() {
        if (sends == 0) {
            throw new IllegalStateException("a send has ended twice: " + this);
        }
        sends--;
        owner.sendEnded(this);
        file.sendFinished(); // last: the memory may be gone then
    }

    @Override
    public String toString() {
        return "FileImage[" + (isLoaded() ? headLength + " + " + file.size() + " bytes" : "without memory") + ", "
                + sends + " sends]";
    }
}
