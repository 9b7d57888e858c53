package io.ringwave.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * On which CPUs the receive queues of the network cards interrupt: there the kernel works on a packet first. Drivers name
 * their interrupts as they like; taken is what names an interface or its device, and neither only sends nor only
 * controls. Receive packet steering (RPS), which moves packets on, is not looked at.
 *
 * @param queues in the order of the interrupts
 */
public record NetworkInterrupts(List<Queue> queues) {

    /**
     * A receive queue.
     *
     * @param network the interface
     * @param interrupt the number of its interrupt
     * @param cpus the CPUs on which that may arrive: mostly one
     */
    public record Queue(String network, int interrupt, List<Integer> cpus) {

        /** Copies the list. */
        public Queue {
            cpus = List.copyOf(cpus);
        }
    }

    private static final String INTERFACES = "sys/class/net";
    /** A line of {@code /proc/interrupts}: the number, then counts, the controller, and last what asked for it. */
    private static final Pattern LINE = Pattern.compile("\\s*(\\d{1,6}):.*\\s(\\S+)\\s*");
    /** Sends only: {@code eth0-tx-0}, {@code virtio3-output.0}. */
    private static final Pattern SENDS = Pattern.compile("(?i)(?!.*rx).*(tx|output).*");
    /** Does neither: link changes, firmware, management. */
    private static final Pattern CONTROLS = Pattern.compile("(?i).*(config|control|ctrl|misc|async|event|mgm|aen).*");

    /** Copies the list. */
    public NetworkInterrupts {
        queues = List.copyOf(queues);
    }

    /** This machine's, as they are now: irqbalance(1) may move them. */
    public static NetworkInterrupts read() {
        return read(SystemTree.HERE);
    }

    /** Those of a machine whose {@code /proc} and {@code /sys} were recorded below a directory. */
    public static NetworkInterrupts read(Path root) {
        return read(new SystemTree(root));
    }

    private static NetworkInterrupts read(SystemTree tree) {
        TreeMap<String, Pattern> names = new TreeMap<>();
        for (String network : tree.names(INTERFACES)) {
            Path device = tree.root().resolve(INTERFACES).resolve(network).resolve("device");
            if (Files.exists(device)) { // or else it is virtual
                names.put(network, word(Pattern.quote(network) + "|" + Pattern.quote(nameOf(device))));
            }
        }
        List<Queue> queues = new ArrayList<>();
        for (String line : names.isEmpty() ? List.<String>of() : tree.lines("proc/interrupts")) {
            Matcher parts = LINE.matcher(line);
            if (!parts.matches() || SENDS.matcher(parts.group(2)).matches()
                    || CONTROLS.matcher(parts.group(2)).matches()) {
                continue;
            }
            int interrupt = Integer.parseInt(parts.group(1));
            names.forEach((network, name) -> {
                List<Integer> cpus = cpus(tree, interrupt);
                if (name.matcher(parts.group(2)).find() && !cpus.isEmpty()) {
                    queues.add(new Queue(network, interrupt, cpus));
                }
            });
        }
        return new NetworkInterrupts(queues);
    }

    /** What the link leads to: {@code virtio3}, {@code 0000:17:00.0}; some drivers name their interrupts by that. */
    private static String nameOf(Path device) {
        try {
            return device.toRealPath().getFileName().toString();
        } catch (IOException e) {
            return device.toString();
        }
    }

    private static Pattern word(String alternatives) {
        return Pattern.compile("(?<![A-Za-z0-9])(" + alternatives + ")(?![A-Za-z0-9])");
    }

    /** Where it does arrive, or, where the kernel does not say, where it may. */
    private static List<Integer> cpus(SystemTree tree, int interrupt) {
        String directory = "proc/irq/" + interrupt + "/";
        return tree.list(directory + "effective_affinity_list").filter(list -> !list.isEmpty())
                .or(() -> tree.list(directory + "smp_affinity_list")).orElse(List.of());
    }

    /** Whether each of these CPUs is the only one of some queue, so that connections arrive on all of them. */
    public boolean reachEach(List<Integer> cpus) {
        return queues.stream().filter(queue -> queue.cpus.size() == 1).map(queue -> queue.cpus.getFirst())
                .collect(Collectors.toSet()).containsAll(cpus);
    }

    /**
     * What of this fights with a plan, in one line for the log: queues that interrupt no CPU with a loop, so that what they
     * bring crosses to another core. Empty if nothing does.
     */
    public String conflicts(PinningPlan plan) {
        if (!plan.pins()) {
            return "";
        }
        TreeMap<String, List<Queue>> byNetwork = new TreeMap<>(
                queues.stream().collect(Collectors.groupingBy(Queue::network)));
        List<String> conflicts = new ArrayList<>();
        byNetwork.forEach((network, all) -> {
            List<Queue> elsewhere = all.stream().filter(queue -> queue.cpus.stream().noneMatch(plan.cpus()::contains))
                    .toList();
            if (!elsewhere.isEmpty()) {
                TreeSet<Integer> cpus = new TreeSet<>();
                elsewhere.forEach(queue -> cpus.addAll(queue.cpus));
                conflicts.add(elsewhere.size() + " of " + all.size() + " receive queues of " + network
                        + " interrupt CPUs without a loop (" + SystemTree.format(List.copyOf(cpus)) + ")");
            }
        });
        return conflicts.isEmpty()
                ? ""
                : String.join(", ", conflicts)
                        + "; remedy: stop irqbalance and write CPUs of loops to /proc/irq/N/smp_affinity_list, or pin the loops to those CPUs";
    }
}
