package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.MemoryFile;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FileMemoryTest {

    @Test
    void givesOutNoMoreThanItHas() {
        try (FileMemory memory = new FileMemory(10 * FileMemory.BLOCK_BYTES + 5)) {
            assertEquals(10 * FileMemory.BLOCK_BYTES, memory.capacity());
            long first = memory.allocate(4 * FileMemory.BLOCK_BYTES);
            long second = memory.allocate(5 * FileMemory.BLOCK_BYTES + 1);
            assertNotEquals(FileMemory.NONE, first);
            assertNotEquals(FileMemory.NONE, second);
            assertEquals(memory.capacity(), memory.usedBytes());
            assertEquals(FileMemory.NONE, memory.allocate(1));
            memory.free(first, 4 * FileMemory.BLOCK_BYTES);
            assertEquals(FileMemory.NONE, memory.allocate(4 * FileMemory.BLOCK_BYTES + 1));
            assertEquals(first, memory.allocate(3 * FileMemory.BLOCK_BYTES + 1));
            memory.free(first, 4 * FileMemory.BLOCK_BYTES);
            memory.free(second, 5 * FileMemory.BLOCK_BYTES + 1);
            assertEquals(0, memory.usedBytes());
        }
    }

    @Test
    void withoutMemoryNothingIsGivenOut() {
        try (FileMemory memory = new FileMemory(0)) {
            assertEquals(FileMemory.NONE, memory.allocate(1));
        }
    }

    @Test
    void piecesNeverOverlapHoweverTheyComeAndGo() {
        record Piece(long offset, int length) {}
        SplittableRandom random = new SplittableRandom(1);
        try (FileMemory memory = new FileMemory(1 << 20)) {
            byte[] owner = new byte[(1 << 20) / FileMemory.BLOCK_BYTES];
            List<Piece> pieces = new ArrayList<>();
            int refused = 0;
            for (int i = 0; i < 20_000; i++) {
                if (random.nextBoolean() || pieces.isEmpty()) {
                    int length = random.nextInt(1, 60_000);
                    long offset = memory.allocate(length);
                    if (offset == FileMemory.NONE) {
                        refused++;
                        continue;
                    }
                    memory.memory().set(ValueLayout.JAVA_BYTE, offset + length - 1, (byte) 1);
                    pieces.add(new Piece(offset, length));
                    mark(owner, offset, length, 0, 1);
                } else {
                    Piece piece = pieces.remove(random.nextInt(pieces.size()));
                    memory.free(piece.offset, piece.length);
                    mark(owner, piece.offset, piece.length, 1, 0);
                }
            }
            assertTrue(refused > 0, "it was never full");
            pieces.forEach(piece -> memory.free(piece.offset, piece.length));
            assertEquals(0, memory.usedBytes());
        }
    }

    private static void mark(byte[] owner, long offset, int length, int from, int to) {
        for (long at = offset; at < offset + length; at += FileMemory.BLOCK_BYTES) {
            assertEquals(from, owner[(int) (at / FileMemory.BLOCK_BYTES)]);
            owner[(int) (at / FileMemory.BLOCK_BYTES)] = (byte) to;
        }
    }

    @Test
    void wholePagesAreNobodyElsesAndHaveForgottenWhatWasInThem() {
        int page = MemoryFile.pageBytes();
        try (FileMemory memory = new FileMemory(8L * page)) {
            long small = memory.allocate(1);
            long pages = memory.allocatePages(page + 1);
            long next = memory.allocate(1);
            assertEquals(0, pages % page);
            assertTrue(next >= pages + 2L * page || next < pages);
            assertNotEquals(small / page, pages / page);
            assertEquals(2L * page + 2 * FileMemory.BLOCK_BYTES, memory.usedBytes());
            memory.memory().set(ValueLayout.JAVA_BYTE, pages, (byte) 1);
            memory.freePages(pages, page + 1);
            assertEquals(FileMemory.NONE, memory.allocatePages(5L * page), "one of those is in use in part");
            long last = memory.allocatePages(4L * page);
            assertEquals(pages, memory.allocatePages(2L * page));
            assertEquals(0, memory.memory().get(ValueLayout.JAVA_BYTE, pages));
            memory.freePages(last, 4L * page);
            memory.freePages(pages, 2L * page);
            memory.free(next, 1);
            memory.free(small, 1);
        }
    }

    @Test
    void staysUntilTheLastPieceWasGivenBack() {
        FileMemory memory = new FileMemory(1 << 20);
        long offset = memory.allocate(100);
        memory.close();
        memory.memory().set(ValueLayout.JAVA_BYTE, offset, (byte) 1); // still mapped
        assertEquals(FileMemory.NONE, memory.allocate(1));
        memory.free(offset, 100);
        assertEquals(0, memory.memory().byteSize());
    }
}
