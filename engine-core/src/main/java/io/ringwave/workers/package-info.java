/**
 * Threads for work that an event loop must not do itself: {@link io.ringwave.workers.WorkerPool}, fed by one {@link
 * io.ringwave.workers.WorkerLane} for each loop.
 */
@org.jspecify.annotations.NullMarked
package io.ringwave.workers;
