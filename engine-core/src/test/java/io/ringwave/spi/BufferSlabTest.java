package io.ringwave.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.spi.BufferSlab.Owner;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BufferSlabTest {

    private final MemorySegment memory = Arena.ofAuto().allocate(4 * 512, 4096);
    private final BufferSlab slab = new BufferSlab(memory, 512, 2, 2);

    @Test
    void sendBuffersAreHandedOutUntilThereAreNone() {
        int first = slab.acquire();
        int second = slab.acquire();

        assertNotEquals(first, second);
        assertEquals(-1, slab.acquire());
        assertEquals(0, slab.freeSendBuffers());
    }

    @Test
    void theBufferReturnedLastIsHandedOutFirst() {
        int first = slab.acquire();
        int second = slab.acquire();
        slab.free(second, Owner.HANDLER);
        slab.free(first, Owner.HANDLER);

        assertEquals(first, slab.acquire());
    }

    @Test
    void aBufferFreedTwiceIsFound() {
        int buffer = slab.acquire();
        slab.free(buffer, Owner.HANDLER);

        assertThrows(IllegalStateException.class, () -> slab.free(buffer, Owner.HANDLER));
    }

    @Test
    void aBufferFreedByWhoDoesNotOwnItIsFound() {
        int buffer = slab.acquire();

        assertThrows(IllegalStateException.class, () -> slab.free(buffer, Owner.SEND));
    }

    @Test
    void aFreedBufferIsPoisoned() {
        int buffer = slab.acquire();
        memory.set(ValueLayout.JAVA_BYTE, slab.offset(buffer), (byte) 7);
        slab.free(buffer, Owner.HANDLER);

        assertEquals((byte) 0xDB, memory.get(ValueLayout.JAVA_BYTE, slab.offset(buffer)));
    }

    @Test
    void anAddressOutsideTheSlabIsRefused() {
        assertThrows(IndexOutOfBoundsException.class, () -> slab.address(slab.offset(3), 513));
        assertThrows(IndexOutOfBoundsException.class, () -> slab.address(-1, 1));
        assertEquals(memory.address() + 3 * 512, slab.address(slab.offset(3), 512));
    }

    /** Else the first kilobytes of all buffers, which is what most messages take, would share a few sets of a cache. */
    @Test
    void largeBuffersBeginInDifferentSetsOfACache() {
        int line = 64;
        int sets = 64;
        long bytes = BufferSlab.memoryBytes(sets, 4096);
        BufferSlab large = new BufferSlab(Arena.ofAuto().allocate(bytes, 4096), 4096, sets / 2, sets / 2);
        Set<Long> first = new HashSet<>();
        for (int buffer = 0; buffer < sets; buffer++) {
            assertEquals(0, large.offset(buffer) % line);
            assertTrue(buffer == 0 || large.offset(buffer) >= large.offset(buffer - 1) + 4096);
            first.add(large.offset(buffer) / line % sets);
        }
        assertEquals(sets, first.size());
        assertEquals(bytes, large.offset(sets - 1) + large.offset(1));
    }

    @Test
    void aSizeThatIsNoPowerOfTwoAndMemoryThatIsTooSmallAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new BufferSlab(memory, 500, 2, 2));
        assertThrows(IllegalArgumentException.class, () -> new BufferSlab(memory, 512, 2, 3));
    }
}
