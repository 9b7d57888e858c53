package io.ringwave.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ringwave.cpu.PinningPlan.Place;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The order in which loops are given CPUs, on each machine, and when the automatic choice pins at all. */
class PinningPlanTest {

    private static final List<String> MACHINES = List.of("xeon-two-sockets", "epyc-four-nodes", "ampere-altra",
            "hybrid-desktop", "container-quota");

    @TempDir
    Path root = Path.of("");

    private CpuTopology topology(String name, String mask) throws IOException {
        return CpuTopology.read(RecordedTree.unpack(name, root), SystemTree.parseList(mask).orElseThrow());
    }

    private static String joined(List<Cpu> cpus, int from, int to) {
        return cpus.subList(from, to).stream().map(cpu -> String.valueOf(cpu.id())).collect(Collectors.joining(" "));
    }

    /** Loops from..to-1, as many as fit the line, where something changes. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            xeon-two-sockets | 0-127      |  0 |   6 | 0 32 1 33 2 34
            xeon-two-sockets | 0-127      | 62 |  68 | 31 63 64 96 65 97
            xeon-two-sockets | 0-127      |126 | 128 | 95 127
            xeon-two-sockets | 64-127     |  0 |   4 | 64 96 65 97
            xeon-two-sockets | 0-2,64,67  |  0 |   5 | 0 1 2 67 64
            epyc-four-nodes  | 0-63       |  0 |  12 | 0 8 16 24 4 12 20 28 1 9 17 25
            epyc-four-nodes  | 0-63       | 28 |  36 | 7 15 23 31 32 40 48 56
            epyc-four-nodes  | 4-11       |  0 |   8 | 4 8 5 9 6 10 7 11
            ampere-altra     | 0-77       |  0 |   5 | 0 1 2 3 4
            ampere-altra     | 0-77       | 73 |  78 | 73 74 75 76 77
            hybrid-desktop   | 0-23       |  0 |  12 | 0 2 4 6 8 10 12 14 16 17 18 19
            hybrid-desktop   | 0-23       | 12 |  24 | 20 21 22 23 1 3 5 7 9 11 13 15
            container-quota  | 0-7        |  0 |   8 | 0 1 2 3 4 5 6 7
            """)
    void cpusAreGivenOutInTheDocumentedOrder(String name, String mask, int from, int to, String expected)
            throws IOException {
        assertEquals(expected, joined(PinningPlan.order(topology(name, mask)), from, to));
    }

    @Test
    void everyUsableCpuIsGivenOutOnce() throws IOException {
        for (String name : MACHINES) {
            CpuTopology topology = CpuTopology.read(RecordedTree.unpack(name, root.resolve(name)),
                    IntStream.range(0, 128).boxed().toList());
            assertEquals(topology.usable(),
                    PinningPlan.order(topology).stream().sorted(java.util.Comparator.comparing(Cpu::id)).toList());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            xeon-two-sockets | 0-127 | 128 | true |
            xeon-two-sockets | 0-127 |  64 | true |
            xeon-two-sockets | 0-127 |  63 | false | 63 loops do not fill 64 cores with 128 CPUs, of which others may use the rest
            xeon-two-sockets | 0-127 | 129 | false | 129 loops do not fill 64 cores with 128 CPUs, of which others may use the rest
            xeon-two-sockets | 0-3   |   4 | true |
            xeon-two-sockets | 0-2   |   3 | false | 3 cores are too few to give loops CPUs of their own
            xeon-two-sockets | 0,64  |   2 | false | 1 core is too few to give loops CPUs of their own
            ampere-altra     | 0-77  |  78 | true |
            hybrid-desktop   | 0-23  |  24 | true |
            hybrid-desktop   | 0-23  |   8 | false | 8 loops do not fill 16 cores with 24 CPUs, of which others may use the rest
            container-quota  | 0-7   |   8 | false | the cgroup grants 1.5 of 8 CPUs, which others use too
            container-quota  | 0-7   |   1 | false | the cgroup grants 1.5 of 8 CPUs, which others use too
            """)
    void theAutomaticChoicePinsWhereTheEngineWasGivenTheCpus(String name, String mask, int loops, boolean pins,
            String reason) throws IOException {
        PinningPlan plan = PinningPlan.of(Pinning.AUTO, loops, topology(name, mask));
        assertEquals(pins, plan.pins());
        assertEquals(pins ? loops : 0, plan.places().size());
        if (!pins) {
            assertEquals("loops are not pinned: " + reason, plan.reason());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            xeon-two-sockets | 0-127 | 0,32    | 64      | 96
            xeon-two-sockets | 0-127 | 0,64    | 1-31,65-95 | 1-31,65-95
            epyc-four-nodes  | 0-31  | 0,1     | 2-3     | 2-3
            epyc-four-nodes  | 0-7   | 0,1,2,3 | 4-7     | 4-7
            epyc-four-nodes  | 0-1,8-9 | 0,1   | 8-9     | 8-9
            epyc-four-nodes  | 0-1,4 | 0,1,4   | 0-1     | 0-1
            container-quota  | 0-7   | 2,3     | 6       | 7
            """)
    void workersStandBesideTheirLoop(String name, String mask, String pinned, String first, String second)
            throws IOException {
        Pinning pinning = Pinning.parse(pinned);
        int loops = pinned.split(",").length;
        List<Place> places = PinningPlan.of(pinning, loops, topology(name, mask)).places();
        assertEquals(first, SystemTree.format(places.get(0).workers()));
        assertEquals(second, SystemTree.format(places.get(1).workers()));
    }

    @Test
    void aListIsTakenInItsOrder() throws IOException {
        CpuTopology xeon = topology("xeon-two-sockets", "0-127");
        PinningPlan plan = PinningPlan.of(Pinning.parse("40,3-5"), 3, xeon);
        assertEquals(List.of(40, 3, 4), plan.cpus());
        assertEquals(1, plan.places().get(0).cpu().node());
        assertEquals("loops are pinned to CPUs 40,3,4: as configured", plan.reason());
        assertEquals("loops are not pinned: as configured", PinningPlan.of(Pinning.NONE, 3, xeon).reason());
    }

    @Test
    void aListThatCannotBeIsRefusedInOneLine() throws IOException {
        CpuTopology xeon = topology("xeon-two-sockets", "0-3");
        assertEquals("pinning names CPU 4, but the process may use only 0-3",
                assertThrows(IllegalArgumentException.class, () -> PinningPlan.of(Pinning.parse("3-4"), 2, xeon))
                        .getMessage());
        assertEquals("pinning names 2 CPUs for 3 loops; it takes one for each",
                assertThrows(IllegalArgumentException.class, () -> PinningPlan.of(Pinning.parse("0-1"), 3, xeon))
                        .getMessage());
        assertEquals("pinning names a CPU twice: [0, 1, 0]",
                assertThrows(IllegalArgumentException.class, () -> Pinning.parse("0-1,0")).getMessage());
        for (String text : new String[]{"", "0,", "automatic", "-1", "3-1", "1,,2", "0x1"}) {
            assertEquals("pinning is auto, none, or a list of CPUs such as 0-3,8: '" + text + "'",
                    assertThrows(IllegalArgumentException.class, () -> Pinning.parse(text)).getMessage());
        }
    }

    @Test
    void whatWasReadIsWrittenTheSameWay() {
        for (String text : new String[]{"auto", "none", "0,1,2,8"}) {
            assertEquals(text, Pinning.parse(text).toString());
        }
    }
}
