package io.ringwave.spi;

/**
 * What became of a feature of the kernel that a backend can use, and can do without.
 *
 * @param name in lower case, as it is written where it is switched off, for example {@code send_zc}
 * @param use whether it is used
 * @param detail one phrase: how it is used, or why it is not; empty if there is nothing to say
 */
public record BackendFeature(String name, Use use, String detail) {

    /** Whether a feature is used. */
    public enum Use {
        /** It was found and is used. */
        USED,
        /** It is not to be had here: the kernel lacks it, a limit forbids it, or an older kernel is acted. */
        UNAVAILABLE,
        /** It is left alone, by default or by configuration. */
        OFF
    }
}
