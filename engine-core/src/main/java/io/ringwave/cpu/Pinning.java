package io.ringwave.cpu;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Whether loops are pinned, each to a CPU of its own, and to which. {@link PinningPlan} is what becomes of it. */
public sealed interface Pinning {

    /** The engine decides: it pins where it was evidently given the machine, or a part of it, for itself. */
    record Auto() implements Pinning {
        @Override
        public String toString() {
            return "auto";
        }
    }

    /** The scheduler decides, anew at any time. */
    record None() implements Pinning {
        @Override
        public String toString() {
            return "none";
        }
    }

    /**
     * Loop after loop to the CPUs of a list.
     *
     * @param cpus the kernel's numbers, in the order of the loops, each once
     */
    record Listed(List<Integer> cpus) implements Pinning {

        /** @throws IllegalArgumentException if a CPU is named twice, or none */
        public Listed {
            cpus = List.copyOf(cpus);
            if (cpus.isEmpty()) {
                throw new IllegalArgumentException("pinning needs at least one CPU");
            }
            if (new HashSet<>(cpus).size() < cpus.size()) {
                throw new IllegalArgumentException("pinning names a CPU twice: " + cpus);
            }
        }

        @Override
        public String toString() {
            return String.join(",", cpus.stream().map(String::valueOf).toList());
        }
    }

    Pinning AUTO = new Auto();
    Pinning NONE = new None();

    /** To these CPUs, loop after loop. */
    static Pinning to(List<Integer> cpus) {
        return new Listed(cpus);
    }

    /**
     * Reads {@code auto}, {@code none}, or a list such as {@code 0-3,8}, whose order is kept.
     *
     * @throws IllegalArgumentException if it is none of these, in one line
     */
    static Pinning parse(String text) {
        return switch (text) {
            case "auto" -> AUTO;
            case "none" -> NONE;
            default -> {
                List<Integer> cpus = new ArrayList<>();
                for (String item : text.split(",", -1)) { // one by one, since the order counts
                    List<Integer> range = item.isEmpty()
                            ? List.of()
                            : SystemTree.parseList(item).orElse(List.of());
                    if (range.isEmpty()) {
                        throw new IllegalArgumentException(
                                "pinning is auto, none, or a list of CPUs such as 0-3,8: '" + text + "'");
                    }
                    cpus.addAll(range);
                }
                yield to(cpus);
            }
        };
    }
}
