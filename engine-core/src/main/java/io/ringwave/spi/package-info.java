/**
 * The seam between the engine and the kernel. A {@link io.ringwave.spi.Backend} takes operations and reports
 * completions; {@link io.ringwave.spi.BackendProvider}s are found by {@link java.util.ServiceLoader}.
 */
package io.ringwave.spi;
