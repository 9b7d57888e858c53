package io.ringwave.epoll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.spi.BufferSlab;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class ReceiveBuffersTest {

    private final ReceiveBuffers buffers = new ReceiveBuffers(
            new BufferSlab(Arena.ofAuto().allocate(6 * 512, 4096), 512, 4, 2));

    @Test
    void everyReceiveBufferIsHandedOutOnceAndNoSendBuffer() {
        for (int buffer = 0; buffer < 4; buffer++) {
            assertEquals(buffer, buffers.first());
            buffers.take();
        }
        assertTrue(buffers.isEmpty());
    }

    @Test
    void theBufferReturnedLastIsUsedFirst() {
        int first = take();
        int second = take();
        buffers.giveBack(second);
        buffers.giveBack(first);

        assertEquals(4, buffers.available());
        assertEquals(first, take());
        assertEquals(second, take());
    }

    @Test
    void lookingAtABufferDoesNotTakeIt() {
        assertEquals(buffers.first(), buffers.first());
        assertFalse(buffers.isEmpty());
        assertEquals(4, buffers.available());
    }

    @Test
    void releasingTwiceIsAnError() {
        int buffer = take();
        buffers.giveBack(buffer);
        assertThrows(AssertionError.class, () -> buffers.giveBack(buffer));
    }

    @Test
    void releasingASendBufferIsAnError() {
        assertThrows(AssertionError.class, () -> buffers.giveBack(4));
    }

    private int take() {
        int buffer = buffers.first();
        buffers.take();
        return buffer;
    }
}
