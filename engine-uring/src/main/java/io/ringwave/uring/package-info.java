/**
 * io_uring behind the engine's seam. {@link io.ringwave.uring.UringBackendProvider} finds out whether it works here,
 * {@link io.ringwave.uring.RingSetup} makes a ring, {@link io.ringwave.uring.UringBackend} drives it through its two
 * queues.
 */
package io.ringwave.uring;
