/**
 * Tests for backends. A backend passes {@link io.ringwave.testkit.BackendContract} in a subclass of ten lines;
 * {@link io.ringwave.testkit.SimulatedBackend} is a backend without a kernel, which puts the engine through orders of
 * events that a real kernel shows once a year.
 */
package io.ringwave.testkit;
