package io.ringwave;

import io.ringwave.spi.Availability;
import java.util.List;

/**
 * Which backend an engine runs on, and why.
 *
 * @param name the backend's name
 * @param reason one sentence: why this one
 * @param remedy one sentence: how to get a better one; empty if this is the preferred one
 * @param considered what was found out about each backend that was looked at, in order of preference
 */
public record BackendChoice(String name, String reason, String remedy, List<Availability> considered) {}
