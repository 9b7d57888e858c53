package io.ringwave.http;

/** Writes an answer, on whatever thread has it. */
@FunctionalInterface
public interface ResponseWriter {

    /** Calls exactly one of the {@code send} methods of {@code response}, which is valid until this returns. */
    void write(HttpResponse response) throws Exception;
}
