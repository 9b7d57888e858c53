package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A file that is in memory as the whole responses that plain requests for it get: head and body in one piece, so that one
 * send takes it all, and hands over its pages instead of a copy where that can be. What was sent is never written to
 * again, so the date in the head is renewed in another image, of up to {@value #MAX_IMAGES}: the first has the file's own
 * memory, the others have a copy of the body, only while they are the latest or in flight. That pays if many ask in the same
 * second. Before, and where no image is to be had, a response is copied into a buffer as others are. Confined to the
 * loop's thread.
 *
 * <pre>
 *   second 1: [head 1|body]            in flight, in part: a client reads slowly
 *   second 2: [head 1|body]            [head 2|body]  made by one of the first requests; the latest
 *   second 3: [head 1|body]            has ended, and is not the latest any more: given back     [head 3|body]
 * </pre>
 *
 * Each send holds the file, so nothing of this goes as long as one is in flight.
 */
final class FileImages {

    /** Below that, answers to pipelined requests leave together, and what is copied hardly matters. */
    static final int MIN_BODY_BYTES = 4096;
    /** Beyond that, it matters to others how much of a file one turn sends, and so it is sent in pieces. */
    static final int MAX_BODY_BYTES = 1 << 18;
    /** Before each body. A longer head, of which configured fields may be the cause, has no image. */
    static final int HEAD_ROOM_BYTES = 512;
    /** The file's own, one that a slow client holds, one of the last second, one of this. */
    static final int MAX_IMAGES = 4;
    /** How many ask in a second before a copy is made for them: fewer cost less than memory that is new. */
    static final int MIN_REQUESTS = 16;

    private final CachedFile file;
    private final FileMemory memory;
    private final FileImage[] images = new FileImage[MAX_IMAGES];
    private FileImage latest;
    /** A second, and how many have asked for an image in it and got none. */
    private long askedIn = Long.MIN_VALUE;
    private int asked;

    FileImages(CachedFile file, FileMemory memory) {
        this.file = file;
        this.memory = memory;
        for (int i = 0; i < MAX_IMAGES; i++) {
            images[i] = new FileImage(file, this, memory);
        }
        latest = images[0];
    }

    /** The file is in memory: at that offset, behind room for a head. */
    void load(long body) {
        images[0].load(body);
        latest = images[0];
    }

    /** Gives back what the images have beyond the file's own memory. None may be in flight. */
    void unload() {
        images[0].unload();
        for (int i = 1; i < MAX_IMAGES; i++) {
            if (images[i].isLoaded()) {
                giveBack(images[i]);
            }
        }
    }

    /** The image with the head of a representation and the date of a second; null if there is none yet. */
    @Nullable
    FileImage find(FileRepresentation representation, long second) {
        return latest.isOf(representation, second) ? latest : null;
    }

    /**
     * An image that nobody was sent, for {@link #renew}; null if there is none: too few have asked in this second, or all
     * are in flight, or this second has one of another representation, with which this would take turns.
     */
    @Nullable
    FileImage writable(long second) {
        if (latest.isMadeIn(second)) {
            return null;
        }
        for (FileImage image : images) {
            if (image.isWritable()) {
                return image;
            }
        }
        if (second != askedIn) {
            askedIn = second;
            asked = 0;
        }
        return ++asked == MIN_REQUESTS ? copy() : null;
    }

    private @Nullable FileImage copy() {
        for (FileImage image : images) {
            if (!image.isLoaded()) {
                return loadCopy(image) ? image : null;
            }
        }
        return null;
    }

    private boolean loadCopy(FileImage image) {
        int size = (int) file.size();
        long block = allocate(memory, size);
        if (block == FileMemory.NONE) {
            return false;
        }
        file.copyTo(memory.memory(), block + HEAD_ROOM_BYTES, 0, size);
        image.load(block + HEAD_ROOM_BYTES);
        return true;
    }

    /** Writes a head into an image that is {@link #writable}, which then is the latest. */
    void renew(FileImage image, MemorySegment head, int length, FileRepresentation representation, long second) {
        image.head(head, length, representation, second);
        FileImage former = latest;
        latest = image;
        sendEnded(former);
    }

    /** A send of an image has ended. */
    void sendEnded(FileImage image) {
        if (image != latest && image != images[0] && image.isIdle()) {
            giveBack(image);
        }
    }

    private void giveBack(FileImage image) {
        free(memory, image.unload() - HEAD_ROOM_BYTES, file.size());
    }

    /** Asks for memory for an image of a file of that size: the offset of the room for its head. */
    static long allocate(FileMemory memory, long size) {
        return memory.allocatePages(HEAD_ROOM_BYTES + size);
    }

    /** Gives back what {@link #allocate} got. */
    static void free(FileMemory memory, long offset, long size) {
        memory.freePages(offset, HEAD_ROOM_BYTES + size);
    }
}
