package io.ringwave.epoll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ChannelTableTest {

    private final ChannelTable channels = new ChannelTable(2);

    @Test
    void aNewChannelIsWritableAndNotYetReadable() {
        channels.open(1, 0, 7);
        channels.set(1, ChannelTable.RECEIVING);
        channels.beginSend(1, ChannelTable.NO_FILE, 4096, 10);

        assertTrue(channels.canSend(1));
        assertFalse(channels.canReceive(1));
    }

    @Test
    void onlyTheLatestGenerationIsCurrentAndOnlyWhileOpen() {
        channels.open(0, 5, 7);
        assertTrue(channels.isCurrent(0, 5));
        assertFalse(channels.isCurrent(0, 4));
        channels.close(0);
        assertFalse(channels.isCurrent(0, 5));
        channels.open(0, 6, 7);
        assertTrue(channels.isCurrent(0, 6));
        assertFalse(channels.isCurrent(0, 5));
    }

    @Test
    void reopeningForgetsEverythingAboutTheEarlierConnection() {
        channels.open(0, 1, 7);
        channels.set(0, ChannelTable.READABLE | ChannelTable.PEER_FINISHED | ChannelTable.RECEIVE_ENDED
                | ChannelTable.CLOSING);
        channels.close(0);
        channels.open(0, 2, 8);

        assertFalse(channels.is(0, ~(ChannelTable.OPEN | ChannelTable.WRITABLE)));
        assertEquals(8, channels.socket[0]);
    }

    @Test
    void aClosingChannelNeitherSendsNorReceives() {
        channels.open(0, 1, 7);
        channels.set(0, ChannelTable.RECEIVING | ChannelTable.READABLE);
        channels.beginSend(0, ChannelTable.NO_FILE, 4096, 10);
        channels.set(0, ChannelTable.CLOSING);

        assertFalse(channels.canSend(0));
        assertFalse(channels.canReceive(0));
    }

    @Test
    void aPartialSendGoesOnWhereItStopped() {
        channels.open(0, 1, 7);
        channels.beginSend(0, 3, 100, 5_000_000_000L);
        channels.advanceSend(0, 4_000_000_000L);

        assertEquals(4_000_000_100L, channels.position[0]);
        assertEquals(1_000_000_000L, channels.remaining[0]);
        assertEquals(5_000_000_000L, channels.total[0]);
    }

    @Test
    void misuseIsAnError() {
        channels.open(0, 1, 7);
        assertThrows(AssertionError.class, () -> channels.open(0, 2, 8), "open twice");
        channels.beginSend(0, ChannelTable.NO_FILE, 4096, 10);
        assertThrows(AssertionError.class, () -> channels.beginSend(0, ChannelTable.NO_FILE, 4096, 10), "two sends");
        channels.close(0);
        assertThrows(AssertionError.class, () -> channels.open(0, 1, 8), "the same generation twice");
    }
}
