package io.ringwave;

/**
 * How connections come to loops.
 *
 * @param mode {@link AcceptMode#REUSEPORT} or {@link AcceptMode#HANDOFF}
 * @param steered whether a connection goes to the loop of the CPU on which it arrived
 * @param reason why, in one line
 */
public record AcceptChoice(AcceptMode mode, boolean steered, String reason) {}
