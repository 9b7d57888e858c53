/** The program: command line, endpoints, start and stop. Everything that it can do is done by {@link io.ringwave.http}. */
package io.ringwave.server;
