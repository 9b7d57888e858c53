package io.ringwave.uring;

import io.ringwave.spi.BackendException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A release of Linux, as far as features depend on it: 5.11 comes before 5.19, and that before 6.0. */
record KernelRelease(int major, int minor) implements Comparable<KernelRelease> {

    /** The system property that masks what is newer than a release. */
    static final String PROPERTY = "ringwave.kernel";
    /** The oldest release that the backend works with: from here on a wait takes its timeout along (EXT_ARG). */
    static final KernelRelease OLDEST = new KernelRelease(5, 11);
    /** Masks nothing. */
    static final KernelRelease ANY = new KernelRelease(Integer.MAX_VALUE, 0);

    private static final Pattern FORM = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})");

    /**
     * Reads the value of {@link #PROPERTY}: {@code X.Y}, or nothing, which masks nothing.
     *
     * @throws BackendException naming the property, if the value is malformed or older than {@link #OLDEST}
     */
    static KernelRelease parse(String value) throws BackendException {
        if (value.isEmpty()) {
            return ANY;
        }
        Matcher matcher = FORM.matcher(value);
        if (!matcher.matches()) {
            throw new BackendException("-D" + PROPERTY + "=" + value + " is not a release of Linux",
                    "Write it as major.minor, for example 5.15, or leave it out.");
        }
        KernelRelease release = new KernelRelease(Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)));
        if (!release.isAtLeast(OLDEST)) {
            throw new BackendException("-D" + PROPERTY + "=" + value + " is older than Linux " + OLDEST,
                    "The io_uring backend needs " + OLDEST + " or newer.");
        }
        return release;
    }

    boolean isAtLeast(int otherMajor, int otherMinor) {
        return major > otherMajor || major == otherMajor && minor >= otherMinor;
    }

    boolean isAtLeast(KernelRelease other) {
        return compareTo(other) >= 0;
    }

    /** The older of two. */
    KernelRelease orOlder(KernelRelease other) {
        return isAtLeast(other) ? other : this;
    }

    @Override
    public int compareTo(KernelRelease other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
