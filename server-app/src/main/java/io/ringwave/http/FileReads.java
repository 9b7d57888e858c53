package io.ringwave.http;

/** Reads from a file at a position; pread(2), or what a test puts in its place. */
@FunctionalInterface
interface FileReads {

    /** @return the number of bytes, 0 at the end of the file, or {@code -errno} */
    int read(int descriptor, long address, int length, long position);
}
