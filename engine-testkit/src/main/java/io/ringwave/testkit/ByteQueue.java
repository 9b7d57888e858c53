package io.ringwave.testkit;

import java.util.Arrays;

/** Bytes in one direction of a simulated connection: a growing array between two indices. */
final class ByteQueue {

    private byte[] bytes = new byte[256];
    private int head;
    private int tail;

    int size() {
        return tail - head;
    }

    boolean isEmpty() {
        return head == tail;
    }

    void add(byte[] source) {
        if (tail + source.length > bytes.length) {
            byte[] room = size() + source.length > bytes.length / 2
                    ? new byte[2 * (size() + source.length)]
                    : bytes;
            System.arraycopy(bytes, head, room, 0, size());
            tail -= head;
            head = 0;
            bytes = room;
        }
        System.arraycopy(source, 0, bytes, tail, source.length);
        tail += source.length;
    }

    byte[] remove(int count) {
        byte[] removed = Arrays.copyOfRange(bytes, head, head + count);
        head += count;
        return removed;
    }

    /** Drops all but the first bytes. */
    void truncate(int count) {
        tail = head + count;
    }
}
