package io.ringwave.server;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/** Writes one JSON value. */
@FunctionalInterface
interface JsonWriter {

    void write(JsonGenerator json) throws IOException;
}
