package io.ringwave.linux;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.bindings.linux.stat;
import io.ringwave.bindings.linux.timespec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What {@link Libc#fstat} fills in ({@code struct stat}, stat(3type)): a flyweight over its own memory, to be made
 * once per thread or loop and used again. Not safe for use by several threads at a time.
 */
public final class FileStatus {

    private final MemorySegment struct = Arena.ofAuto().allocate(stat.layout());

    /** All fields are zero until the first {@link Libc#fstat}. */
    public FileStatus() {}

    /** File type and permission bits (inode(7)). */
    public int mode() {
        return stat.st_mode(struct);
    }

    /** Length in bytes. */
    public long size() {
        return stat.st_size(struct);
    }

    /** The inode number: together with {@link #device} it names the file. */
    public long inode() {
        return stat.st_ino(struct);
    }

    /** The device that holds the inode, as {@code dev_t}. */
    public long device() {
        return stat.st_dev(struct);
    }

    /** Time of the last change of the contents: whole seconds since 1970, negative before. */
    public long modifiedSeconds() {
        return struct.get(timespec.tv_sec$layout(), stat.st_mtim$offset() + timespec.tv_sec$offset());
    }

    /** Time of the last change of the contents: nanoseconds within the second. */
    public int modifiedNanos() {
        return (int) struct.get(timespec.tv_nsec$layout(), stat.st_mtim$offset() + timespec.tv_nsec$offset());
    }

    /** Time of the last change of contents or status (links, permissions, times): whole seconds since 1970. */
    public long changedSeconds() {
        return struct.get(timespec.tv_sec$layout(), stat.st_ctim$offset() + timespec.tv_sec$offset());
    }

    /** Time of the last change of contents or status: nanoseconds within the second. */
    public int changedNanos() {
        return (int) struct.get(timespec.tv_nsec$layout(), stat.st_ctim$offset() + timespec.tv_nsec$offset());
    }

    /** How many names the file has; 0 if it was deleted. */
    public long links() {
        return stat.st_nlink(struct);
    }

    /** Whether this is a regular file. */
    public boolean isRegular() {
        return (mode() & Linux.S_IFMT()) == Linux.S_IFREG();
    }

    /** Whether this is a directory. */
    public boolean isDirectory() {
        return (mode() & Linux.S_IFMT()) == Linux.S_IFDIR();
    }

    MemorySegment struct() {
        return struct;
    }
}
