package io.ringwave.spi;

/**
 * What the kernel carries for us and hands back with an event: {@code operation:8 | generation:24 | slot:32}. Fits
 * io_uring's {@code user_data} and epoll's {@code data} alike. The kernel reuses file descriptors within microseconds;
 * the generation tells a late event about an earlier connection from one about the present.
 */
public final class Token {

    /** Generations wrap around below this number. */
    public static final int GENERATIONS = 1 << 24;

    private Token() {}

    /** Packs a token. The operation is 0..255, the generation below {@link #GENERATIONS}, the slot not negative. */
    public static long of(int operation, int generation, int slot) {
        assert (operation & ~0xff) == 0 && (generation & ~(GENERATIONS - 1)) == 0 && slot >= 0;
        return (long) operation << 56 | (long) generation << 32 | slot;
    }

    public static int operation(long token) {
        return (int) (token >>> 56);
    }

    public static int generation(long token) {
        return (int) (token >>> 32) & GENERATIONS - 1;
    }

    public static int slot(long token) {
        return (int) token;
    }

    /** The generation after this one. */
    public static int nextGeneration(int generation) {
        return generation + 1 & GENERATIONS - 1;
    }
}
