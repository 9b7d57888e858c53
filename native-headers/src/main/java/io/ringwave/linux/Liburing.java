package io.ringwave.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.Optional;

/**
 * Whether liburing is here. Ask before using anything that needs it: the generated bindings throw from their static
 * initialiser where the library is missing, and stay unusable from then on.
 */
public final class Liburing {

    /** The name that the dynamic linker looks for. */
    public static final String LIBRARY = "liburing.so.2";

    private Liburing() {}

    /** Whether the dynamic linker finds the library. Any thread; asks anew each time. */
    public static boolean isInstalled() {
        return find().isPresent();
    }

    /** Whether it is recent enough: 2.3, which has the same name for the linker as the releases before. */
    public static boolean isRecent() {
        return find().filter(library -> library.find("io_uring_enter2").isPresent()
                && library.find("io_uring_register_buf_ring").isPresent()).isPresent();
    }

    private static Optional<SymbolLookup> find() {
        try {
            return Optional.of(SymbolLookup.libraryLookup(LIBRARY, Arena.global()));
        } catch (IllegalArgumentException e) { // what libraryLookup throws where dlopen(3) fails
            return Optional.empty();
        }
    }
}
