package io.ringwave.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SlotQueueTest {

    @Test
    void slotsComeOutInTheOrderTheyWentIn() {
        SlotQueue queue = new SlotQueue(3);
        queue.add(2);
        queue.add(0);
        queue.add(1);

        assertEquals(2, queue.remove());
        assertEquals(0, queue.remove());
        assertEquals(1, queue.remove());
        assertTrue(queue.isEmpty());
    }

    @Test
    void aQueuedSlotIsNotQueuedTwice() {
        SlotQueue queue = new SlotQueue(4);
        queue.add(1);
        queue.add(3);
        queue.add(1);

        assertEquals(2, queue.size());
    }

    @Test
    void aRemovedSlotCanBeQueuedAgainBehindTheOthers() {
        SlotQueue queue = new SlotQueue(2);
        queue.add(0);
        queue.add(1);
        queue.add(queue.remove());

        assertEquals(1, queue.remove());
        assertEquals(0, queue.remove());
    }

    @Test
    void theRingWrapsAroundForeverWithAllSlotsQueued() {
        SlotQueue queue = new SlotQueue(5); // not a power of two
        for (int slot = 0; slot < 5; slot++) {
            queue.add(slot);
        }
        for (int i = 0; i < 1000; i++) {
            int slot = queue.remove();
            assertEquals(i % 5, slot);
            queue.add(slot);
            assertEquals(5, queue.size());
        }
    }

    @Test
    void theQueueGrowsInTheMidstOfUse() {
        SlotQueue queue = new SlotQueue(10_000);
        SplittableRandom random = new SplittableRandom(1);
        ArrayDeque<Integer> expected = new ArrayDeque<>();
        for (int i = 0; i < 100_000; i++) {
            int slot = random.nextInt(1 + i / 10);
            if (!expected.contains(slot)) {
                expected.add(slot);
            }
            queue.add(slot);
            while (expected.size() > 50 || !expected.isEmpty() && random.nextInt(3) == 0) {
                assertEquals(expected.remove(), queue.remove());
            }
            assertEquals(expected.size(), queue.size());
        }
    }

    @Test
    void oneSlotIsEnough() {
        SlotQueue queue = new SlotQueue(1);
        queue.add(0);
        assertEquals(0, queue.remove());
        queue.add(0);
        assertEquals(1, queue.size());
    }
}
