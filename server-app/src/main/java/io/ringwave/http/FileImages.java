package io.ringwave.http;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A file that is in memory as the whole responses that plain requests for it get: head and body in one piece, so that
 * nothing is copied and one send takes it all. The date in the head is renewed by the first request in a second, but never
 * in memory that is being sent. For that there are up to {@value #MAX_IMAGES} images: the first has the file's own memory, the
 * others have a copy of the body, only while they are the latest or in flight. Where none is to be had, a response is
 * copied into a buffer as others are. Confined to the loop's thread.
 *
 * <pre>
 *   second 1: [head 1|body]            in flight, in part: a client reads slowly
 *   second 2: [head 1|body]            [head 2|body]  made by the first request; the latest
 *   second 3: [head 3|body]  has ended                 has ended, and is not the latest any more: given back
 * </pre>
 *
 * Each send holds the file, so nothing of this goes as long as one is in flight.
 */
final class FileImages {

    /** Below that, answers to pipelined requests leave together, and what is copied hardly matters. */
    static final int MIN_BODY_BYTES = 4096;
    /** Beyond that, no body fits into a buffer with its head. */
    static final int MAX_BODY_BYTES = 1 << 14;
    /** Before each body. A longer head, of which configured fields may be the cause, has no image. */
    static final int HEAD_ROOM_BYTES = 512;
    /** One that a slow client holds, one of the last second, one of this. */
    static final int MAX_IMAGES = 3;

    private final CachedFile file;
    private final FileMemory memory;
    private final FileImage[] images = new FileImage[MAX_IMAGES];
    private FileImage latest;
    /** The second in which memory was asked for last: what was refused is not asked for with each request. */
    private long askedIn = Long.MIN_VALUE;

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
     * An image that nobody is being sent, for {@link #renew}; null if there is none: all are in flight, or this second
     * has one of another representation, with which this would take turns.
     */
    @Nullable
    FileImage idle(long second) {
        if (latest.isMadeIn(second)) {
            return null;
        }
        FileImage without = null;
        for (FileImage image : images) {
            if (!image.isLoaded()) {
                without = image;
            } else if (image.isIdle()) {
                return image;
            }
        }
        return without == null || askedIn == second || !loadCopy(without, second) ? null : without;
    }

    private boolean loadCopy(FileImage image, long second) {
        askedIn = second;
        int size = (int) file.size();
        long block = memory.allocate(HEAD_ROOM_BYTES + size);
        if (block == FileMemory.NONE) {
            return false;
        }
        file.copyTo(memory.memory(), block + HEAD_ROOM_BYTES, 0, size);
        image.load(block + HEAD_ROOM_BYTES);
        return true;
    }

    /** Writes a head into an image that is {@link #idle}, which then is the latest. */
    void renew(FileImage image, MemorySegment head, int length, FileRepresentation representation, long second) {
        image.head(head, length, representation, second);
        FileImage former = latest;
        latest = image;
        if (former.isIdle()) {
            sendEnded(former);
        }
    }

    /** A send of an image has ended. */
    void sendEnded(FileImage image) {
        if (image != latest && image != images[0] && image.isIdle()) {
            giveBack(image);
        }
    }

    private void giveBack(FileImage image) {
        memory.free(image.unload() - HEAD_ROOM_BYTES, HEAD_ROOM_BYTES + file.size());
    }
}
