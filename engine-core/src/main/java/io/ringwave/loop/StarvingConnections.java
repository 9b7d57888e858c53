package io.ringwave.loop;

import org.jspecify.annotations.Nullable;

/**
 * The connections that wait for a free send buffer, first come first served: a list threaded through the connections
 * themselves, so that waiting costs no memory. Confined to the loop's thread.
 */
final class StarvingConnections {

    private @Nullable PooledConnection first;
    private @Nullable PooledConnection last;
    private int count;

    int size() {
        return count;
    }

    /** Appends a connection, unless it waits already. */
    void add(PooledConnection connection) {
        if (connection.starving) {
            return;
        }
        connection.starving = true;
        connection.nextStarving = null;
        if (last == null) {
            first = connection;
        } else {
            last.nextStarving = connection;
        }
        last = connection;
        count++;
    }

    /** Takes the connection that has waited longest, or null. */
    @Nullable
    PooledConnection poll() {
        PooledConnection connection = first;
        if (connection != null) {
            remove(connection);
        }
        return connection;
    }

    /** Takes a connection out, if it waits. */
    void remove(PooledConnection connection) {
        if (!connection.starving) {
            return;
        }
        PooledConnection before = null;
        for (PooledConnection member = first; member != connection; member = member.nextStarving) {
            assert member != null : connection + " is not on the list";
            before = member;
        }
        if (before == null) {
            first = connection.nextStarving;
        } else {
            before.nextStarving = connection.nextStarving;
        }
        if (last == connection) {
            last = before;
        }
        connection.starving = false;
        connection.nextStarving = null;
        count--;
    }
}
