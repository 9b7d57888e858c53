/**
 * A thin HTTP/1.1 server on the engine (RFC 9110, RFC 9112): {@link io.ringwave.http.HttpServer} runs a
 * {@link io.ringwave.http.Router} of {@link io.ringwave.http.HttpHandler}s on every event loop.
 */
package io.ringwave.http;
