package io.ringwave.server;

/** Makes lines of the access log. Confined to the thread that writes it. */
interface AccessLines {

    /** Writes one line, with its end. */
    void write(AccessEntry entry, LineBuffer out);
}
