package io.ringwave.spi;

/** Makes backends of one kind. Found by {@link java.util.ServiceLoader}; must be cheap to instantiate. */
public interface BackendProvider {

    /** The name by which it is chosen and reported, for example {@code epoll}. */
    String name();

    /** Which provider is tried first when the choice is automatic: the highest. */
    int preference();

    /**
     * Whether this backend works here, and no worse than the others; found out by trying. A backend that is chosen by name
     * is made without regard to the answer. Never throws; any thread.
     */
    Availability probe();

    /**
     * How many connections the backend of each of so many loops can hold within the limits of the process. Asked where
     * the backend works; any thread.
     */
    default ConnectionLimit connectionLimit(int loops) {
        return ConnectionLimit.NONE;
    }

    /**
     * Makes the backend of one loop, on that loop's thread.
     *
     * @throws BackendException if it cannot be made; says why and what to do
     */
    Backend create(BackendResources resources) throws BackendException;
}
