/**
 * The event loop: what stands between the embedding API and a backend. Not exported. One {@link
 * io.ringwave.loop.EventLoop} per core owns its connections, buffers, timers and mailbox; nothing is shared.
 */
package io.ringwave.loop;
