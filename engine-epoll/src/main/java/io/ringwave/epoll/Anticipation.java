package io.ringwave.epoll;

/**
 * Decides whether a socket that was just emptied is tried again before epoll has reported it. Confined to the loop's
 * thread.
 *
 * <p>What epoll charges for a report (a poll of the socket, whose state lies in another processor's cache) is a tenth of
 * the price of a small request. On a busy loop most peers that were answered have sent again by the time their turn
 * comes, so a receive that is tried at once rarely is in vain, and one epoll_wait serves for several rounds. On a loop that
 * is not busy, or whose peers take their time, it would be in vain, and epoll is asked first as ever.
 *
 * <pre>
 *   off      --  a wait reports {@link #BUSY_EVENTS} or more         -->  on
 *   on       --  more than a quarter of {@link #SAMPLE} tries failed -->  resting, for twice as many receives as last time
 *   resting  --  that many receives have gone by                     -->  off
 * </pre>
 */
final class Anticipation {

    /** So many events at once tell of a loop that has more to do than it gets done between two waits. */
    static final int BUSY_EVENTS = 24;
    /** After so many tries it is looked how many were in vain. */
    static final int SAMPLE = 1024;
    /** The shortest rest, in receives. */
    static final int FIRST_REST = 1 << 11;
    /** The longest rest: tries in vain are then at most two in a thousand receives. */
    static final int LONGEST_REST = 1 << 19;

    private boolean on;
    private int tries;
    private int failures;
    private int nextRest = FIRST_REST;
    private int rest; // receives that are left of it

    /** Whether to try before epoll reports. */
    boolean isOn() {
        return on;
    }

    /** epoll has reported so many events at once. */
    void heard(int events) {
        if (!on && rest == 0 && events >= BUSY_EVENTS) {
            on = true;
            tries = 0;
            failures = 0;
        }
    }

    /** A receive got something. */
    void received() {
        if (on) {
            judge();
        } else if (rest > 0) {
            rest--;
        }
    }

    /** A receive got nothing: the socket was empty. */
    void receivedNothing() {
        if (on) {
            failures++;
            judge();
        }
    }

    private void judge() {
        if (++tries < SAMPLE) {
            return;
        }
        if (failures > SAMPLE / 4) {
            on = false;
            rest = nextRest;
            nextRest = Math.min(2 * nextRest, LONGEST_REST);
        } else {
            nextRest = Math.max(nextRest / 2, FIRST_REST);
        }
        tries = 0;
        failures = 0;
    }
}
