package io.ringwave.spi;

/** A backend could not be made. */
public final class BackendException extends Exception {

    private static final long serialVersionUID = 1L;

    private final String remedy;

    /**
     * @param reason what went wrong, in one sentence
     * @param remedy what to do about it, in one sentence; may be empty
     */
    public BackendException(String reason, String remedy) {
        super(reason);
        this.remedy = remedy;
    }

    /** What to do about it; may be empty. */
    public String remedy() {
        return remedy;
    }
}
