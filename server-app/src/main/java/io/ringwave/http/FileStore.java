package io.ringwave.http;

import io.ringwave.linux.FileStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/**
 * What the files of one {@link FileCache} share: how they are sent, the memory for their bodies, the room for their
 * mappings. Outlives the cache until the last transfer has ended. Confined to the loop's thread.
 */
final class FileStore implements AutoCloseable {

    /** A body that AUTO keeps in memory is no longer than this: beyond it the head's own send no longer matters. */
    static final int MAX_BODY_BYTES = 1 << 18;
    /** How much of a file is sent in one way before it is asked again which suits it: what begins one costs little. */
    static final long PART_BYTES = 1 << 22;
    /** The same for a mapping, of which a part counts as the process's memory while it is sent. */
    static final long MAPPED_PART_BYTES = 1 << 20;
    /** Shorter files are read through the page cache: what they take of the loop others hardly notice. */
    static final int MIN_DIRECT_BYTES = 1 << 22;
    /** How far apart the bytes are by which the page cache is asked for a file: no more than is read ahead at a time. */
    static final int PROBE_DISTANCE = 1 << 17;
    /** No body takes more than this part of the memory, lest one file drive out all others. */
    private static final int BODY_SHARE = 8;

    final FileStrategy strategy;
    final long revalidateNanos;
    final FileMemory memory;
    final FileMapping.Room mappingRoom = new FileMapping.Room();
    final FileStatus status = new FileStatus();

    private final MemorySegment probe = Arena.ofAuto().allocate(1);

    FileStore(FileCacheConfig config) {
        this.strategy = config.strategy();
        this.revalidateNanos = TimeUnit.NANOSECONDS.convert(config.revalidate());
        this.memory = new FileMemory(config.cacheBytes());
    }

    /**
     * Whether a file of that size is worth keeping in memory.
     *
     * @param requests how often it was asked for since it was opened
     */
    boolean keeps(long size, int requests) {
        return switch (strategy) {
            case AUTO -> requests > 1 && size > 0
                    && size <= Math.min(MAX_BODY_BYTES, memory.capacity() / BODY_SHARE);
            case MEMORY -> size > 0 && size <= Math.min(memory.capacity(), 1 << 30);
            case MMAP, SENDFILE, SPLICE, URING -> false;
        };
    }

    /** Whether a file of that size, if it is kept in memory, has room for a head there, and so {@link FileImages}. */
    boolean hasImages(long size) {
        return size >= FileImages.MIN_BODY_BYTES && size <= FileImages.MAX_BODY_BYTES
                && FileMemory.inPages(FileImages.HEAD_ROOM_BYTES + size) <= memory.capacity() / BODY_SHARE;
    }

    /** SAFETY: the address of one byte that nobody reads, valid as long as this object. */
    long probe() {
        return probe.address();
    }

    /** Ends with the last body in use. Idempotent. */
    @Override
    public void close() {
        memory.close();
    }
}
