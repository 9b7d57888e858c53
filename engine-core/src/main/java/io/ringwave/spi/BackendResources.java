package io.ringwave.spi;

/**
 * What a loop lends its backend.
 *
 * @param loop the loop's number, from 0
 * @param loops how many loops the engine has, which share the limits of the process
 * @param maxConnections slots are below this number
 * @param slab the loop's buffers; the receive buffers among them belong to the backend from the start
 */
public record BackendResources(int loop, int loops, int maxConnections, BufferSlab slab) {

    /** The resources of an only loop. */
    public BackendResources(int loop, int maxConnections, BufferSlab slab) {
        this(loop, 1, maxConnections, slab);
    }
}
