package io.ringwave.cpu;

import io.ringwave.linux.ThreadAffinity;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a process may use of the machine's CPUs: which ones, by its affinity mask, and how much of them, by the quota of
 * its cgroup. A mask also tells of a cpuset and of CPUs that are offline: the kernel leaves both out.
 *
 * @param cpus the CPUs of the mask, ascending; at least one
 * @param quota how many CPUs' time the cgroup grants, {@link #UNLIMITED} where it sets no bound
 */
public record CpuAllowance(List<Integer> cpus, double quota) {

    /** No quota. */
    public static final double UNLIMITED = Double.POSITIVE_INFINITY;

    /** The usual places of the hierarchies, below the root of the file system. */
    private static final String V2 = "sys/fs/cgroup";
    private static final List<String> V1 = List.of("sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct");

    /** @throws IllegalArgumentException if no CPU is left, or the quota is not positive */
    public CpuAllowance {
        cpus = List.copyOf(cpus);
        if (cpus.isEmpty()) {
            throw new IllegalArgumentException("a process has at least one CPU");
        }
        if (!(quota > 0)) {
            throw new IllegalArgumentException("a quota is positive: " + quota);
        }
    }

    /** What this process may use. */
    public static CpuAllowance read() {
        return read(SystemTree.HERE, ThreadAffinity.ofProcess().stream().boxed().toList());
    }

    /**
     * What a process may use on a machine whose {@code /proc} and {@code /sys} were recorded below a directory.
     *
     * @param mask its affinity mask
     */
    public static CpuAllowance read(Path root, List<Integer> mask) {
        return read(new SystemTree(root), mask);
    }

    static CpuAllowance read(SystemTree tree, List<Integer> mask) {
        return new CpuAllowance(mask, quota(tree));
    }

    /** Whether the cgroup grants less time than the CPUs of the mask have. */
    public boolean isLimited() {
        return quota < cpus.size();
    }

    /**
     * How many threads can run at a time without being throttled, at least 1. Part of a CPU does not count: a loop that
     * has used up its quota stops all of its connections until the period ends, typically for a tenth of a second; and
     * the JVM's own threads live on what is left over.
     */
    public int parallelism() {
        return Math.max(1, (int) Math.min(cpus.size(), Math.floor(quota)));
    }

    private static double quota(SystemTree tree) {
        double quota = UNLIMITED;
        for (String line : tree.lines("proc/self/cgroup")) {
            String[] parts = line.split(":", 3); // cgroups(7): id, controllers, path
            if (parts.length == 3 && parts[1].isEmpty()) {
                quota = Math.min(quota, smallest(tree, V2, parts[2], CpuAllowance::quotaV2));
            } else if (parts.length == 3 && List.of(parts[1].split(",")).contains("cpu")) {
                for (String mount : V1) {
                    quota = Math.min(quota, smallest(tree, mount, parts[2], CpuAllowance::quotaV1));
                }
            }
        }
        return quota;
    }

    private interface Reader {
        Optional<Double> quota(SystemTree tree, String directory);
    }

    /**
     * The smallest quota from a cgroup up to the root: each bounds those below. In a container the path may be one of
     * the host, which is not to be seen here; then what is left is the mounted root, which is the container's own.
     */
    private static double smallest(SystemTree tree, String mount, String path, Reader reader) {
        double quota = reader.quota(tree, mount).orElse(UNLIMITED);
        StringBuilder directory = new StringBuilder(mount);
        for (String name : path.split("/")) {
            if (name.equals("..")) {
                return quota; // outside of the namespace
            }
            if (!name.isEmpty()) {
                directory.append('/').append(name);
                quota = Math.min(quota, reader.quota(tree, directory.toString()).orElse(UNLIMITED));
            }
        }
        return quota;
    }

    /** {@code cpu.max}: quota and period in microseconds, the quota may be {@code max}. */
    private static Optional<Double> quotaV2(SystemTree tree, String directory) {
        String[] words = tree.text(directory + "/cpu.max").orElse("").split("\\s+");
        return words.length == 2
                ? ratio(SystemTree.parseNumber(words[0]), SystemTree.parseNumber(words[1]))
                : Optional.empty();
    }

    /** Two files; a quota of -1 is none. */
    private static Optional<Double> quotaV1(SystemTree tree, String directory) {
        return ratio(tree.number(directory + "/cpu.cfs_quota_us"), tree.number(directory + "/cpu.cfs_period_us"));
    }

    private static Optional<Double> ratio(Optional<Long> quota, Optional<Long> period) {
        return quota.isPresent() && period.isPresent() && quota.get() > 0 && period.get() > 0
                ? Optional.of((double) quota.get() / period.get())
                : Optional.empty();
    }
}
