package io.ringwave.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.api.Test;

class TokenTest {

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "1, 2, 3", "255, 16777215, 2147483647", "128, 8388608, 0", "255, 0, 1"})
    void aTokenGivesBackItsParts(int operation, int generation, int slot) {
        long token = Token.of(operation, generation, slot);

        assertEquals(operation, Token.operation(token));
        assertEquals(generation, Token.generation(token));
        assertEquals(slot, Token.slot(token));
    }

    @Test
    void generationsDifferFromTheirNeighbourAndWrapAround() {
        assertEquals(1, Token.nextGeneration(0));
        assertEquals(0, Token.nextGeneration(Token.GENERATIONS - 1));
        assertNotEquals(Token.of(1, 7, 9), Token.of(1, Token.nextGeneration(7), 9));
    }
}
