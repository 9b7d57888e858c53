/**
 * The CPUs of the machine and what a process may use of them: read from sysfs, narrowed by the affinity mask and the
 * quota of the cgroup; and the plan by which loops are pinned to them. Immutable values; any thread.
 */
package io.ringwave.cpu;
