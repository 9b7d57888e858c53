package io.ringwave.spi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A counter with one writing thread and any number of readers. An increment is a plain load and an opaque store. */
public final class Counter {

    private static final VarHandle VALUE;

    static {
        try {
            VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private long value;

    /** Zero. */
    public Counter() {}

    /** Adds 1. The writing thread only. */
    public void increment() {
        add(1);
    }

    /** Adds {@code amount}. The writing thread only. */
    public void add(long amount) {
        VALUE.setOpaque(this, value + amount); // opaque: readers see whole values, in some later moment; no fence
    }

    /** Makes it show another value: for what rises and falls. The writing thread only. */
    public void set(long newValue) {
        VALUE.setOpaque(this, newValue);
    }

    /** The value; any thread. */
    public long get() {
        return (long) VALUE.getOpaque(this);
    }
}
