package io.ringwave.spi;

/**
 * What a loop lends its backend.
 *
 * @param loop the loop's number, for messages
 * @param maxConnections slots are below this number
 * @param slab the loop's buffers; the receive buffers among them belong to the backend from the start
 */
public record BackendResources(int loop, int maxConnections, BufferSlab slab) {}
