/**
 * System calls as static methods that return {@code >= 0} or {@code -errno}, and the owners of what they hand out:
 * mappings, rings, event descriptors.
 */
package io.ringwave.linux;
