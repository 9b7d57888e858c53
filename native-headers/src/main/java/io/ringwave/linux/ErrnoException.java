package io.ringwave.linux;

/** A system call failed while something was being set up. In the loop results are ints instead. */
public final class ErrnoException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int errno;
    private final String remedy;

    /**
     * @param call the system call, for example {@code io_uring_setup}
     * @param errno the positive error number
     * @param likelyCause one sentence
     * @param remedy one sentence; may be empty
     */
    public ErrnoException(String call, int errno, String likelyCause, String remedy) {
        super(call + ": " + errno + (likelyCause.isEmpty() ? "" : ": " + likelyCause));
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
