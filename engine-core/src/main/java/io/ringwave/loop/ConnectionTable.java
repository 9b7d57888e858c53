package io.ringwave.loop;

import io.ringwave.ConnectionHandler;
import io.ringwave.spi.SlotTables;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A loop's connections by slot. Slots are reused last freed first, since their state is still in the cache; the object
 * of a slot is made when the slot is used for the first time. Confined to the loop's thread.
 */
final class ConnectionTable {

    /** How a {@link io.ringwave.Connection#id} is made up: {@code loop:10 | uses:29 | slot:24}, below the sign. */
    private static final int SLOT_BITS = 24;
    private static final int USE_BITS = 29;

    private final EventLoop loop;
    private final int capacity;
    private @Nullable PooledConnection[] connections; // as long as slots were used so far
    private int[] free; // as long as slots were free at once
    private int freeCount;
    private int made; // slots below this number have an object

    ConnectionTable(EventLoop loop, int capacity) {
        this.loop = loop;
        this.capacity = capacity;
        this.connections = new PooledConnection[SlotTables.first(capacity)];
        this.free = new int[SlotTables.first(capacity)];
    }

    /** How many connections have a slot. */
    int size() {
        return made - freeCount;
    }

    boolean isFull() {
        return freeCount == 0 && made == capacity;
    }

    /** Gives a new connection a slot and the slot's next generation. The table must not be full. */
    PooledConnection claim(ConnectionHandler handler) {
        PooledConnection connection;
        if (freeCount > 0) {
            connection = get(free[--freeCount]);
            connection.uses++;
        } else {
            if (made == connections.length) {
                connections = Arrays.copyOf(connections, SlotTables.grown(made, made, capacity));
            }
            connection = new PooledConnection(loop, made);
            connections[made++] = connection;
        }
        connection.claim(handler);
        return connection;
    }

    /** Gives a slot back. */
    void free(PooledConnection connection) {
        connection.state = PooledConnection.State.FREE;
        connection.attachment = null;
        connection.handler = loop.handler(); // lest an outbound connection's stay reachable
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, SlotTables.grown(freeCount, freeCount, capacity));
        }
        free[freeCount++] = connection.slot;
    }

    /** The id of a slot's present use. */
    static long id(int loop, int slot, int uses) {
        return (long) loop << SLOT_BITS + USE_BITS | (uses & (1L << USE_BITS) - 1) << SLOT_BITS | slot;
    }

    /** The connection with this id, if a handler knows it and it has not closed. */
    @Nullable
    PooledConnection find(long id) {
        int slot = (int) id & (1 << SLOT_BITS) - 1;
        PooledConnection connection = slot < made ? connections[slot] : null;
        return connection != null && connection.state != PooledConnection.State.FREE
                && connection.state != PooledConnection.State.CONNECTING && connection.connectFailure() == null
                && connection.id() == id ? connection : null;
    }

    PooledConnection get(int slot) {
        PooledConnection connection = connections[slot];
        assert connection != null : "slot " + slot + " was never used";
        return connection;
    }

    /** The number of slots that were ever used: all connections are below it. */
    int highestSlot() {
        return made;
    }
}
