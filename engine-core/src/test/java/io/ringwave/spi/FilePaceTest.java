package io.ringwave.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class FilePaceTest {

    private final FilePace pace = new FilePace();

    @Test
    void alone_a_turn_sends_much_and_then_nothing_more() {
        pace.turn();

        assertEquals(1000, pace.take(1000));
        int taken = 1000;
        for (int piece = pace.take(1 << 30); piece > 0; piece = pace.take(1 << 30)) {
            taken += piece;
        }
        assertEquals(FilePace.ALONE_BYTES - 4096 + 1000, taken, "whole pages, but for what was less");
    }

    @Test
    void alone_several_files_share_a_turn() {
        pace.turn();

        for (int file = 0; file < FilePace.ALONE_BYTES / FilePace.PIECE_BYTES; file++) {
            assertEquals(FilePace.PIECE_BYTES, pace.take(1L << 40), "file " + file);
        }
        assertEquals(0, pace.take(1L << 40));

        pace.turn();
        assertEquals(FilePace.PIECE_BYTES, pace.take(1L << 40));
    }

    @Test
    void beside_others_a_turn_sends_little_for_all_files_together() {
        pace.othersReceived();
        pace.turn();

        assertEquals(1000, pace.take(1000));
        assertEquals(FilePace.SHARED_BYTES - 4096, pace.take(1 << 20), "whole pages");
        assertEquals(0, pace.take(1 << 20));
    }

    @Test
    void others_are_forgotten_when_they_have_sent_nothing_for_many_turns() {
        pace.othersReceived();
        int turns = 0;
        do {
            turns++;
            pace.turn();
        } while (pace.take(1 << 20) == FilePace.SHARED_BYTES);

        assertEquals(1025, turns);
    }
}
