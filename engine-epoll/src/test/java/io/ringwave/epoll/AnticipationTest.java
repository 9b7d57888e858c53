package io.ringwave.epoll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class AnticipationTest {

    private final Anticipation anticipation = new Anticipation();

    /** So many tries, of which every {@code period}th is in vain. */
    private void tries(int count, int period) {
        for (int i = 1; i <= count; i++) {
            if (i % period == 0) {
                anticipation.receivedNothing();
            } else {
                anticipation.received();
            }
        }
    }

    /** It rests: returns how many receives go by before a busy wait switches it on again, and lets that fail, too. */
    private int rest() {
        assertFalse(anticipation.isOn());
        int rest = 0;
        while (!anticipation.isOn()) {
            anticipation.received();
            rest++;
            anticipation.heard(Anticipation.BUSY_EVENTS);
        }
        tries(Anticipation.SAMPLE, 2);
        return rest;
    }

    @Test
    void beginsWhenOneWaitReportsMuch() {
        anticipation.heard(Anticipation.BUSY_EVENTS - 1);
        assertFalse(anticipation.isOn());
        anticipation.heard(Anticipation.BUSY_EVENTS);
        assertTrue(anticipation.isOn());
    }

    @Test
    void goesOnWhileFewTriesAreInVainWhateverIsHeard() {
        anticipation.heard(Anticipation.BUSY_EVENTS);
        tries(10 * Anticipation.SAMPLE, 5);
        anticipation.heard(0);
        assertTrue(anticipation.isOn());
    }

    @Test
    void restsWhenManyTriesWereInVain() {
        anticipation.heard(Anticipation.BUSY_EVENTS);
        tries(Anticipation.SAMPLE - 1, 3);
        assertTrue(anticipation.isOn(), "judged before its time");
        anticipation.received();
        assertFalse(anticipation.isOn());
        tries(Anticipation.FIRST_REST - 1, Integer.MAX_VALUE);
        anticipation.heard(Anticipation.BUSY_EVENTS);
        assertFalse(anticipation.isOn(), "rested too short");
        anticipation.received();
        anticipation.heard(Anticipation.BUSY_EVENTS);
        assertTrue(anticipation.isOn());
    }

    @Test
    void restsGrowWithEachFailureUpToALimitAndShrinkAgain() {
        anticipation.heard(Anticipation.BUSY_EVENTS);
        tries(Anticipation.SAMPLE, 2);
        for (int expected = Anticipation.FIRST_REST; expected < Anticipation.LONGEST_REST; expected *= 2) {
            assertEquals(expected, rest());
        }
        assertEquals(Anticipation.LONGEST_REST, rest());
        assertEquals(Anticipation.LONGEST_REST, rest());

        tries(Anticipation.LONGEST_REST, Integer.MAX_VALUE);
        anticipation.heard(Anticipation.BUSY_EVENTS);
        tries(4 * Anticipation.SAMPLE, Integer.MAX_VALUE);
        tries(Anticipation.SAMPLE, 2);
        assertEquals(Anticipation.LONGEST_REST / 16, rest());
    }
}
