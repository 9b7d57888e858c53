package io.ringwave.http;

import java.io.IOException;
import java.io.OutputStream;

/** Writes the body of a response, whose length nobody knows before; see {@link HttpResponse#send(String, BodyWriter)}. */
@FunctionalInterface
public interface BodyWriter {

    /**
     * Writes the whole body.
     *
     * @param out never blocks; valid until this returns, on this thread only; need be neither flushed nor closed
     */
    void write(OutputStream out) throws IOException;
}
