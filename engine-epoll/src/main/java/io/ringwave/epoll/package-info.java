/**
 * epoll behind the engine's seam. {@link io.ringwave.epoll.EpollBackend} is the whole of it: it turns readiness into
 * completions; the other classes are the structures it works on.
 */
package io.ringwave.epoll;
