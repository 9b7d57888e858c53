package io.ringwave.cpu;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Which loop is pinned to which CPU, and why, or why none is.
 *
 * <p>CPUs are given out in this order, as far as the process may use them:
 * <ol>
 * <li>the first thread of every fast core, then of every efficiency core, and only then the second threads (SMT siblings),
 *     which share a core with a loop that has one already;
 * <li>among these by turns from each NUMA node, and within a node from each group that shares a level 3 cache: loops
 *     share no data, so each has the more memory bandwidth and cache the farther they are apart;
 * <li>then by number.
 * </ol>
 *
 * @param places one per loop, in the order of the loops; empty if none is pinned
 * @param reason one line for the log
 */
public record PinningPlan(List<Place> places, String reason) {

    /**
     * With fewer cores than this the automatic choice leaves loops to the scheduler: what else runs on so small a machine
     * (the JVM's own threads, the load, the database) would push a pinned loop aside, which could not step aside.
     */
    static final int MIN_CORES = 4;

    /**
     * Where a loop runs.
     *
     * @param loop its number
     * @param cpu its CPU
     * @param workers the CPUs beside it, for threads that work for it: those without a loop, of the nearest kind that has
     *     any (its core, its L3 group, its node, the machine); where every CPU has a loop, all of its L3 group
     */
    public record Place(int loop, Cpu cpu, List<Integer> workers) {

        /** Copies the list. */
        public Place {
            workers = List.copyOf(workers);
        }
    }

    /** Copies the list. */
    public PinningPlan {
        places = List.copyOf(places);
    }

    /**
     * Makes the plan.
     *
     * @throws IllegalArgumentException if CPUs were listed that the process may not use, or too few, in one line
     */
    public static PinningPlan of(Pinning pinning, int loops, CpuTopology topology) {
        return switch (pinning) {
            case Pinning.None none -> unpinned("as configured");
            case Pinning.Listed listed -> listed(listed.cpus(), loops, topology);
            case Pinning.Auto auto -> automatic(loops, topology);
        };
    }

    /** Whether loops are pinned. */
    public boolean pins() {
        return !places.isEmpty();
    }

    /** The CPUs of the loops, in their order. */
    public List<Integer> cpus() {
        return places.stream().map(place -> place.cpu().id()).toList();
    }

    /** Every usable CPU in the order in which loops are given theirs. */
    static List<Cpu> order(CpuTopology topology) {
        List<Cpu> usable = topology.usable();
        Map<Integer, List<Cpu>> cores = usable.stream().collect(Collectors.groupingBy(Cpu::core));
        // Rank 0 is the first thread that may be used, which need not be the core's first.
        Function<Cpu, Integer> rank = cpu -> cores.getOrDefault(cpu.core(), List.of()).indexOf(cpu);
        Comparator<Cpu> byKind = Comparator.comparing(Cpu::kind); // PERFORMANCE is declared first
        List<Cpu> sorted = usable.stream().sorted(Comparator.comparing(rank).thenComparing(byKind)).toList();
        List<Cpu> order = new ArrayList<>();
        for (int from = 0; from < sorted.size();) {
            int to = from;
            while (to < sorted.size() && rank.apply(sorted.get(to)).equals(rank.apply(sorted.get(from)))
                    && sorted.get(to).kind() == sorted.get(from).kind()) {
                to++;
            }
            order.addAll(spread(sorted.subList(from, to)));
            from = to;
        }
        return order;
    }

    /** By turns from each node, and within a node from each cache. */
    private static List<Cpu> spread(List<Cpu> alike) {
        return byTurns(groups(alike, Cpu::node).stream().map(node -> byTurns(groups(node, Cpu::cache))).toList());
    }

    private static Collection<List<Cpu>> groups(List<Cpu> cpus, Function<Cpu, Integer> key) {
        return cpus.stream().collect(Collectors.groupingBy(key, TreeMap::new, Collectors.toList())).values();
    }

    private static List<Cpu> byTurns(Collection<List<Cpu>> groups) {
        List<Cpu> merged = new ArrayList<>();
        int longest = groups.stream().mapToInt(List::size).max().orElse(0);
        for (int turn = 0; turn < longest; turn++) {
            for (List<Cpu> group : groups) {
                if (turn < group.size()) {
                    merged.add(group.get(turn));
                }
            }
        }
        return merged;
    }

    private static PinningPlan automatic(int loops, CpuTopology topology) {
        int cpus = topology.usable().size();
        int cores = topology.usableCores();
        if (topology.allowance().isLimited()) {
            return unpinned("the cgroup grants " + topology.allowance().quota() + " of " + cpus
                    + " CPUs, which others use too");
        }
        if (cores < MIN_CORES) {
            return unpinned(cores + (cores == 1 ? " core is" : " cores are")
                    + " too few to give loops CPUs of their own");
        }
        if (loops < cores || loops > cpus) {
            return unpinned(loops + " loops do not fill " + cores + " cores with " + cpus
                    + " CPUs, of which others may use the rest");
        }
        return pinned(order(topology).subList(0, loops), topology, "the loops fill the usable cores");
    }

    private static PinningPlan listed(List<Integer> ids, int loops, CpuTopology topology) {
        List<Cpu> usable = topology.usable();
        for (int id : ids) {
            if (usable.stream().noneMatch(cpu -> cpu.id() == id)) {
                throw new IllegalArgumentException("pinning names CPU " + id + ", but the process may use only "
                        + SystemTree.format(usable.stream().map(Cpu::id).toList()));
            }
        }
        if (ids.size() < loops) {
            throw new IllegalArgumentException(
                    "pinning names " + ids.size() + " CPUs for " + loops + " loops; it takes one for each");
        }
        return pinned(ids.stream().limit(loops)
                .map(id -> usable.stream().filter(cpu -> cpu.id() == id).findFirst().orElseThrow()).toList(), topology,
                "as configured");
    }

    private static PinningPlan unpinned(String why) {
        return new PinningPlan(List.of(), "loops are not pinned: " + why);
    }

    private static PinningPlan pinned(List<Cpu> cpus, CpuTopology topology, String why) {
        List<Place> places = new ArrayList<>();
        for (Cpu cpu : cpus) {
            places.add(new Place(places.size(), cpu, workers(cpu, cpus, topology.usable())));
        }
        return new PinningPlan(places, "loops are pinned to CPUs "
                + String.join(",", cpus.stream().map(cpu -> String.valueOf(cpu.id())).toList()) + ": " + why);
    }

    private static List<Integer> workers(Cpu cpu, List<Cpu> taken, List<Cpu> usable) {
        Set<Cpu> withLoop = new HashSet<>(taken);
        List<Predicate<Cpu>> nearest = List.of(other -> other.core() == cpu.core(),
                other -> other.cache() == cpu.cache(), other -> other.node() == cpu.node(), other -> true);
        for (Predicate<Cpu> near : nearest) {
            List<Integer> free = usable.stream().filter(near).filter(other -> !withLoop.contains(other)).map(Cpu::id)
                    .toList();
            if (!free.isEmpty()) {
                return free;
            }
        }
        return usable.stream().filter(other -> other.cache() == cpu.cache()).map(Cpu::id).toList();
    }
}
