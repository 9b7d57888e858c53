package io.ringwave.http;

/** What a path led to: a file, or the reason why there is none to serve. */
sealed interface FileLookup permits CachedFile, FileLookup.Refusal {

    /** Why there is no file to serve. */
    enum Refusal implements FileLookup {
        /** Nothing there, or nothing that is served: a FIFO, a device, a symlink that leaves the directory. 404. */
        ABSENT,
        /** A directory, asked for without the slash at its end. Redirects. */
        DIRECTORY,
        /** Not readable for this process. 403. */
        FORBIDDEN,
        /** Out of descriptors or memory for the moment. 503. */
        EXHAUSTED,
        /** The file system reports an error. 500. */
        BROKEN
    }
}
