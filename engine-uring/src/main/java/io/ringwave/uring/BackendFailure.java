package io.ringwave.uring;

import io.ringwave.linux.Errno;

/** The error that ends a backend, if there is one. Confined to the loop's thread. */
final class BackendFailure {

    private int result;

    /** An error that only a fault of ours can cause concerns every connection. */
    void ifOurBug(int operationResult) {
        if (operationResult < 0 && Errno.kind(-operationResult) == Errno.Kind.BUG) {
            result = operationResult;
        }
    }

    /** {@code -errno}; 0 while the backend is well. */
    int result() {
        return result;
    }
}
