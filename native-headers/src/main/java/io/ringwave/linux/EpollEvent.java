package io.ringwave.linux;

import io.ringwave.bindings.linux.epoll_data;
import io.ringwave.bindings.linux.epoll_event;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads an array of {@code struct epoll_event} (epoll_wait(2)). The struct is packed on x86-64, 12 bytes, so that
 * its 64 bits of data are not aligned; the generated layout has the truth for the machine it was generated on.
 */
public final class EpollEvent {

    private static final int SIZE_BYTES = (int) epoll_event.sizeof();
    private static final long EVENTS_OFFSET = epoll_event.events$offset();
    private static final long DATA_OFFSET = epoll_event.data$offset() + epoll_data.u64$offset();

    private EpollEvent() {}

    /** The distance from one event to the next. */
    public static int sizeBytes() {
        return SIZE_BYTES;
    }

    /**
     * The readiness bits, {@code EPOLLIN} and others.
     *
     * @param array what {@link Libc#epollWait} filled
     * @param index below its result
     */
    public static int events(MemorySegment array, int index) {
        return array.get(ValueLayout.JAVA_INT_UNALIGNED, (long) index * SIZE_BYTES + EVENTS_OFFSET);
    }

    /**
     * The 64 bits given to {@link Libc#epollControl} when the descriptor was registered.
     *
     * @param array what {@link Libc#epollWait} filled
     * @param index below its result
     */
    public static long data(MemorySegment array, int index) {
        return array.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) index * SIZE_BYTES + DATA_OFFSET);
    }

    /** Writes the first event of an array, as {@code epoll_ctl} reads it. */
    static void write(MemorySegment array, int events, long data) {
        array.set(ValueLayout.JAVA_INT_UNALIGNED, EVENTS_OFFSET, events);
        array.set(ValueLayout.JAVA_LONG_UNALIGNED, DATA_OFFSET, data);
    }
}
