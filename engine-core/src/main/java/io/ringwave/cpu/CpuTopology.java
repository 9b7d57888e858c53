package io.ringwave.cpu;

import io.ringwave.cpu.Cpu.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * The CPUs of a machine, what they share, and which of them the process may use.
 *
 * <p>Read once, from sysfs (Documentation/ABI/stable/sysfs-devices-system-cpu and -node in the kernel's sources). What
 * sysfs does not say is taken to be as simple as possible: one socket, one node, one thread in each core, all cores
 * alike.
 *
 * @param cpus those that are online, ascending
 * @param offline those that the machine has and the kernel does not run
 * @param allowance what of them the process may use
 */
public record CpuTopology(List<Cpu> cpus, List<Integer> offline, CpuAllowance allowance) {

    private static final String CPUS = "sys/devices/system/cpu/";
    private static final String NODES = "sys/devices/system/node/";
    /** Where Intel's hybrid processors name their efficiency cores, and those of the low-power island. */
    private static final List<String> SLOW_CORES = List.of("sys/devices/cpu_atom/cpus",
            "sys/devices/cpu_lowpower/cpus");
    /** A core with less than this part of the best one's capacity is a small one; the middle ones of three are not. */
    private static final double SMALL_CAPACITY = 0.75;
    /** The same for the clock alone. Cores that are alike differ by some percent of turbo. */
    private static final double SLOW_CLOCK = 0.8;
    private static final int MAX_CACHES = 16;

    /** Copies the lists. */
    public CpuTopology {
        cpus = List.copyOf(cpus);
        offline = List.copyOf(offline);
    }

    /** This machine, and what this process may use of it. */
    public static CpuTopology read() {
        return read(SystemTree.HERE, CpuAllowance.read());
    }

    /**
     * A machine whose {@code /proc} and {@code /sys} were recorded below a directory.
     *
     * @param mask the affinity mask of the process
     */
    public static CpuTopology read(Path root, List<Integer> mask) {
        return read(new SystemTree(root), CpuAllowance.read(root, mask));
    }

    private static CpuTopology read(SystemTree tree, CpuAllowance allowance) {
        List<Integer> online = tree.list(CPUS + "online").orElse(allowance.cpus());
        Map<Integer, Integer> nodes = nodes(tree);
        Set<Integer> slow = slowCores(tree, online);
        Map<Integer, Integer> sockets = new HashMap<>();
        Map<Integer, Integer> lowestOfSocket = new HashMap<>();
        for (int id : online) {
            // -1 where the firmware does not say
            int socket = (int) Math.max(0, tree.number(directory(id) + "topology/physical_package_id").orElse(0L));
            sockets.put(id, socket);
            lowestOfSocket.putIfAbsent(socket, id);
        }
        List<Cpu> cpus = new ArrayList<>();
        for (int id : online) {
            List<Integer> threads = threads(tree, id, online);
            int socket = sockets.getOrDefault(id, 0);
            cpus.add(new Cpu(id, socket, nodes.getOrDefault(id, 0), threads.getFirst(), threads.indexOf(id),
                    cache(tree, id, online).orElse(lowestOfSocket.getOrDefault(socket, id)),
                    slow.contains(id) ? Kind.EFFICIENCY : Kind.PERFORMANCE));
        }
        List<Integer> offline = tree.list(CPUS + "offline").orElse(List.of());
        List<Integer> present = tree.list(CPUS + "present").orElse(offline); // offline also lists what could be plugged in
        return new CpuTopology(cpus, offline.stream().filter(present::contains).toList(), allowance);
    }

    /** Those that are online and in the process's mask, ascending. */
    public List<Cpu> usable() {
        Set<Integer> allowed = new HashSet<>(allowance.cpus());
        return cpus.stream().filter(cpu -> allowed.contains(cpu.id())).toList();
    }

    /** How many NUMA nodes have CPUs. */
    public int nodes() {
        return (int) cpus.stream().mapToInt(Cpu::node).distinct().count();
    }

    /** How many cores the usable CPUs are threads of. */
    public int usableCores() {
        return (int) usable().stream().mapToInt(Cpu::core).distinct().count();
    }

    /** One line for the log. */
    public String summary() {
        long sockets = cpus.stream().mapToInt(Cpu::socket).distinct().count();
        long cores = cpus.stream().mapToInt(Cpu::core).distinct().count();
        long slow = cpus.stream().filter(cpu -> cpu.kind() == Kind.EFFICIENCY).mapToInt(Cpu::core).distinct().count();
        long caches = cpus.stream().mapToInt(Cpu::cache).distinct().count();
        return cpus.size() + " CPUs in " + cores + " cores" + (slow > 0 ? " (" + slow + " for efficiency)" : "") + ", "
                + sockets + (sockets == 1 ? " socket, " : " sockets, ") + nodes()
                + (nodes() == 1 ? " node, " : " nodes, ")
                + caches + (caches == 1 ? " L3 group" : " L3 groups")
                + (offline.isEmpty() ? "" : "; offline: " + SystemTree.format(offline)) + "; usable: "
                + SystemTree.format(usable().stream().map(Cpu::id).toList())
                + (allowance.isLimited() ? ", a quota of " + allowance.quota() + " CPUs" : "");
    }

    private static String directory(int cpu) {
        return CPUS + "cpu" + cpu + "/";
    }

    /** CPU to node. */
    private static Map<Integer, Integer> nodes(SystemTree tree) {
        Map<Integer, Integer> nodes = new HashMap<>();
        for (int node : tree.list(NODES + "online").orElse(List.of())) {
            for (int cpu : tree.list(NODES + "node" + node + "/cpulist").orElse(List.of())) {
                nodes.put(cpu, node);
            }
        }
        return nodes;
    }

    /** The threads of a CPU's core that are online, ascending; itself among them. */
    private static List<Integer> threads(SystemTree tree, int id, Collection<Integer> online) {
        TreeSet<Integer> threads = new TreeSet<>(tree.list(directory(id) + "topology/core_cpus_list") // since 5.3
                .or(() -> tree.list(directory(id) + "topology/thread_siblings_list")).orElse(List.of()));
        threads.retainAll(online);
        threads.add(id);
        return List.copyOf(threads);
    }

    private static OptionalInt cache(SystemTree tree, int id, List<Integer> online) {
        for (int index = 0; index < MAX_CACHES; index++) {
            String cache = directory(id) + "cache/index" + index + "/";
            long level = tree.number(cache + "level").orElse(-1L);
            if (level < 0) {
                break;
            }
            if (level == 3) {
                return tree.list(cache + "shared_cpu_list").orElse(List.of()).stream().filter(online::contains)
                        .mapToInt(Integer::intValue).min();
            }
        }
        return OptionalInt.empty();
    }

    /** What the processor says itself counts most, then what the kernel has measured or was told, then the clock. */
    private static Set<Integer> slowCores(SystemTree tree, List<Integer> online) {
        Set<Integer> named = new HashSet<>();
        for (String list : SLOW_CORES) {
            named.addAll(tree.list(list).orElse(List.of()));
        }
        if (!named.isEmpty()) {
            return named;
        }
        Set<Integer> small = below(SMALL_CAPACITY, tree, online, "cpu_capacity");
        return small.isEmpty() ? below(SLOW_CLOCK, tree, online, "cpufreq/cpuinfo_max_freq") : small;
    }

    /** The CPUs whose value is below a part of the highest; one without a value is not. */
    private static Set<Integer> below(double part, SystemTree tree, List<Integer> online, String file) {
        Map<Integer, Long> values = new HashMap<>();
        for (int id : online) {
            tree.number(directory(id) + file).ifPresent(value -> values.put(id, value));
        }
        double bound = values.values().stream().mapToLong(Long::longValue).max().orElse(0) * part;
        Set<Integer> below = new HashSet<>();
        values.forEach((id, value) -> {
            if (value < bound) {
                below.add(id);
            }
        });
        return below;
    }
}
