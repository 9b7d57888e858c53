/**
 * What an engine and an HTTP server count, as metrics for Prometheus: collectors that a program registers where its own
 * are. Needs {@code io.prometheus:simpleclient}; nothing else in Ringwave's libraries does.
 */
package io.ringwave.http.metrics;
