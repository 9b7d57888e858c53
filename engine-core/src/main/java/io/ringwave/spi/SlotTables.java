package io.ringwave.spi;

/**
 * How tables by slot grow. Slots are taken from 0 on, so a table need be no longer than the most slots that were ever in
 * use. It grows in few large steps: every shorter table is garbage, which until it is collected costs as much memory as
 * places that are never used.
 */
public final class SlotTables {

    private static final int FIRST = 64;
    private static final int FACTOR = 8;

    private SlotTables() {}

    /** The length that a table begins with. */
    public static int first(int slots) {
        return Math.min(FIRST, slots);
    }

    /**
     * The new length of a table that has to hold a slot.
     *
     * @param length its present length, not above {@code slot}
     * @param slots slots are below this number
     */
    public static int grown(int length, int slot, int slots) {
        assert length <= slot && slot < slots;
        return (int) Math.min(slots, Math.max(slot + 1L, (long) length * FACTOR));
    }
}
