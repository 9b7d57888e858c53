package io.ringwave;

/** Makes the handler of each event loop. */
@FunctionalInterface
public interface HandlerFactory {

    /** Called once per loop, on the loop's own thread, before it accepts connections. */
    ConnectionHandler create(LoopContext loop);
}
