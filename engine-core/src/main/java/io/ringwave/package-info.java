/**
 * What an embedding program sees: start an {@link io.ringwave.Engine} with an {@link io.ringwave.EngineConfig} and a
 * {@link io.ringwave.HandlerFactory}; a {@link io.ringwave.ConnectionHandler} per event loop is told what happens to
 * its {@link io.ringwave.Connection}s.
 */
package io.ringwave;
