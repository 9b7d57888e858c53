package io.ringwave.linux;

/**
 * A system call failed while something was being set up. In the loop results are ints instead. The message is one
 * line, {@code call: ENAME (meaning): likely cause}, and leaves the remedy to {@link #remedy()}.
 */
public final class ErrnoException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int errno;
    private final String remedy;

    /**
     * Makes the message from the parts.
     *
     * @param call the system call, for example {@code io_uring_setup}
     * @param errno the positive error number
     * @param likelyCause one sentence; may be empty
     * @param remedy one sentence; may be empty
     */
    public ErrnoException(String call, int errno, String likelyCause, String remedy) {
        super(call + ": " + Errno.describe(errno) + (likelyCause.isEmpty() ? "" : ": " + likelyCause));
        this.errno = errno;
        this.remedy = remedy;
    }

    /** The positive error number. */
    public int errno() {
        return errno;
    }

    /** What to do about it; may be empty. */
    public String remedy() {
        return remedy;
    }
}
