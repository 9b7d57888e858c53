package io.ringwave.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.SendableFile;
import io.ringwave.SendableMemory;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class SendQueueTest {

    private static final SendableFile FILE = new SendableFile() {
        @Override
        public int descriptor() {
            return 7;
        }

        @Override
        public void sendFinished() {}
    };

    private static final SendableMemory MEMORY = new SendableMemory() {
        @Override
        public MemorySegment memory() {
            return MemorySegment.NULL;
        }

        @Override
        public void sendFinished() {}
    };

    private final SendQueue queue = new SendQueue(4, 100);

    @Test
    void entriesComeOutInTheOrderTheyWentIn() {
        int file = queue.addFile(FILE, 10, 20);
        queue.append(SendQueue.NONE, 3);
        queue.append(3, file);
        queue.append(file, 0);

        assertEquals(file, queue.next(3));
        assertEquals(0, queue.next(file));
        assertEquals(SendQueue.NONE, queue.next(0));
    }

    @Test
    void buffersAreToldFromFiles() {
        int file = queue.addFile(FILE, 10, 20);

        assertTrue(queue.isBuffer(3));
        assertFalse(queue.isBuffer(file));
        assertSame(FILE, queue.file(file));
        assertEquals(10, queue.position(file));
        assertEquals(20, queue.length(file));
    }

    @Test
    void memoryIsToldFromFiles() {
        int file = queue.addFile(FILE, 10, 20);
        int memory = queue.addMemory(MEMORY, 30, 40, true);

        assertFalse(queue.isBuffer(memory));
        assertFalse(queue.isMemory(file));
        assertTrue(queue.isMemory(memory));
        assertTrue(queue.isMore(memory));
        assertSame(MEMORY, queue.memory(memory));
        assertEquals(30, queue.position(memory));
        assertEquals(40, queue.length(memory));
        assertSame(MEMORY, queue.removeMemory(memory));
        assertEquals(memory, queue.addFile(FILE, 0, 1));
        assertFalse(queue.isMemory(memory));
    }

    @Test
    void entriesOfFilesAreReusedAndBounded() {
        for (int round = 0; round < 3; round++) {
            int[] entries = new int[100];
            for (int i = 0; i < 100; i++) {
                entries[i] = queue.addFile(FILE, i, 1);
            }
            assertEquals(SendQueue.NONE, queue.addFile(FILE, 0, 1));
            for (int i = 0; i < 100; i++) {
                assertEquals(i, queue.position(entries[i]));
                queue.removeFile(entries[i]);
            }
        }
    }
}
