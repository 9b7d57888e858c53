package io.ringwave.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;

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
        try {
            SymbolLookup.libraryLookup(LIBRARY, Arena.global());
            return true;
        } catch (IllegalArgumentException e) { // what libraryLookup throws where dlopen(3) fails
            return false;
        }
    }
}
