package io.ringwave.spi;

/**
 * Whether a backend is worth choosing here, and why not.
 *
 * @param backend the backend's name
 * @param available whether the automatic choice may take it
 * @param reason one sentence: what was found
 * @param remedy one sentence: what to do about it; empty if nothing needs doing
 */
public record Availability(String backend, boolean available, String reason, String remedy) {

    public static Availability yes(String backend, String reason) {
        return new Availability(backend, true, reason, "");
    }

    public static Availability no(String backend, String reason, String remedy) {
        return new Availability(backend, false, reason, remedy);
    }
}
