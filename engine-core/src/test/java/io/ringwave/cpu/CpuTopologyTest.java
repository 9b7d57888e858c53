package io.ringwave.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.cpu.Cpu.Kind;
import io.ringwave.linux.ThreadAffinity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from the trees of five machines, from damaged ones, and from this one. */
class CpuTopologyTest {

    @TempDir
    Path root = Path.of("");

    private CpuTopology read(String name, int cpus) throws IOException {
        return CpuTopology.read(RecordedTree.unpack(name, root.resolve(name)), upTo(cpus));
    }

    private static List<Integer> upTo(int cpus) {
        return IntStream.range(0, cpus).boxed().toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            xeon-two-sockets | 128 | 128 | 128 CPUs in 64 cores, 2 sockets, 2 nodes, 2 L3 groups; usable: 0-127
            epyc-four-nodes  |  64 |  64 | 64 CPUs in 32 cores, 1 socket, 4 nodes, 8 L3 groups; usable: 0-63
            ampere-altra     |  78 |  78 | 78 CPUs in 78 cores, 1 socket, 1 node, 1 L3 group; offline: 78-79; usable: 0-77
            hybrid-desktop   |  24 |  24 | 24 CPUs in 16 cores (8 for efficiency), 1 socket, 1 node, 1 L3 group; usable: 0-23
            container-quota  |   8 |   1 | 8 CPUs in 4 cores, 1 socket, 1 node, 1 L3 group; usable: 0-7, a quota of 1.5 CPUs
            """)
    void aMachineIsReadAsItIs(String name, int cpus, int parallelism, String summary) throws IOException {
        CpuTopology topology = read(name, cpus);
        assertEquals(summary, topology.summary());
        assertEquals(parallelism, topology.allowance().parallelism());
        assertEquals(cpus, topology.usable().size());
    }

    @Test
    void whatCpusShareIsNamedByTheLowestOfThem() throws IOException {
        CpuTopology xeon = read("xeon-two-sockets", 128);
        assertEquals(new Cpu(97, 1, 1, 33, 1, 32, Kind.PERFORMANCE), xeon.cpus().get(97));
        CpuTopology epyc = read("epyc-four-nodes", 64);
        assertEquals(new Cpu(13, 0, 1, 13, 0, 12, Kind.PERFORMANCE), epyc.cpus().get(13));
        assertEquals(new Cpu(63, 0, 3, 31, 1, 28, Kind.PERFORMANCE), epyc.cpus().get(63));
        CpuTopology hybrid = read("hybrid-desktop", 24);
        assertEquals(new Cpu(15, 0, 0, 14, 1, 0, Kind.PERFORMANCE), hybrid.cpus().get(15));
        assertEquals(new Cpu(16, 0, 0, 16, 0, 0, Kind.EFFICIENCY), hybrid.cpus().get(16));
    }

    @Test
    void theMaskLeavesOnlyWhatTheProcessMayUse() throws IOException {
        CpuTopology xeon = CpuTopology.read(RecordedTree.unpack("xeon-two-sockets", root), List.of(3, 67, 70));
        assertEquals(List.of(3, 67, 70), xeon.usable().stream().map(Cpu::id).toList());
        assertEquals(2, xeon.usableCores());
        assertEquals(3, xeon.allowance().parallelism());
        assertEquals(128, xeon.cpus().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu_capacity", "cpufreq/cpuinfo_max_freq"})
    void slowCoresAreKnownByTheirCapacityOrElseByTheirClock(String file) throws IOException {
        RecordedTree.write(root, "sys/devices/system/cpu/online", "0-7\n");
        RecordedTree.write(root, "sys/devices/system/cpu/cpu[0-3]/" + file, "446\n");
        RecordedTree.write(root, "sys/devices/system/cpu/cpu[4-6]/" + file, "871\n");
        RecordedTree.write(root, "sys/devices/system/cpu/cpu7/" + file, "1024\n");
        List<Integer> slow = CpuTopology.read(root, upTo(8)).cpus().stream()
                .filter(cpu -> cpu.kind() == Kind.EFFICIENCY).map(Cpu::id).toList();
        assertEquals(List.of(0, 1, 2, 3), slow);
    }

    @Test
    void whatIsMissingOrDamagedIsTakenToBeSimple() throws IOException {
        assertEquals("2 CPUs in 2 cores, 1 socket, 1 node, 1 L3 group; usable: 5,7",
                CpuTopology.read(root, List.of(5, 7)).summary());
        RecordedTree.write(root, "sys/devices/system/cpu/online", "0-3\n");
        RecordedTree.write(root, "sys/devices/system/cpu/cpu[0-3]/topology/physical_package_id", "-1\n");
        RecordedTree.write(root, "sys/devices/system/cpu/cpu[0-3]/topology/core_cpus_list", "3-0,x\n");
        RecordedTree.write(root, "sys/devices/system/node/online", "0-99999999\n");
        RecordedTree.write(root, "proc/self/cgroup", "nonsense\n0::/..\n");
        RecordedTree.write(root, "sys/fs/cgroup/cpu.max", "0 0\n");
        assertEquals("4 CPUs in 4 cores, 1 socket, 1 node, 1 L3 group; usable: 0-1",
                CpuTopology.read(root, List.of(0, 1)).summary());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0::/a/b            | sys/fs/cgroup/a            | 300000 100000 | 3.0
            0::/a/b            | sys/fs/cgroup/a/b          | 50000 200000  | 0.25
            0::/seen/by/host   | sys/fs/cgroup              | 250000 100000 | 2.5
            0::/../../elsewhere| sys/fs/cgroup              | 250000 100000 | 2.5
            0::/               | sys/fs/cgroup              | max 100000    | Infinity
            """)
    void theSmallestQuotaUpToTheRootCounts(String line, String directory, String content, double quota)
            throws IOException {
        RecordedTree.write(root, "proc/self/cgroup", line + "\n");
        RecordedTree.write(root, directory + "/cpu.max", content + "\n");
        assertEquals(quota, CpuAllowance.read(root, upTo(64)).quota());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "cpu,cpuacct"})
    void theOlderHierarchyHasTwoFiles(String mount) throws IOException {
        RecordedTree.write(root, "proc/self/cgroup", "4:cpu,cpuacct:/docker/0123\n0::/\n");
        RecordedTree.write(root, "sys/fs/cgroup/" + mount + "/cpu.cfs_quota_us", "350000\n");
        RecordedTree.write(root, "sys/fs/cgroup/" + mount + "/cpu.cfs_period_us", "100000\n");
        CpuAllowance allowance = CpuAllowance.read(root, upTo(8));
        assertEquals(3.5, allowance.quota());
        assertEquals(3, allowance.parallelism());
        assertTrue(allowance.isLimited());
        assertEquals(2, CpuAllowance.read(root, upTo(2)).parallelism());
        assertFalse(CpuAllowance.read(root, upTo(2)).isLimited(), "the mask is the narrower bound");
    }

    @Test
    void thisMachineIsReadTheSameWay() {
        CpuTopology here = CpuTopology.read();
        assertEquals(ThreadAffinity.ofProcess().stream().boxed().toList(),
                here.usable().stream().map(Cpu::id).toList());
        assertTrue(here.allowance().parallelism() >= 1);
    }
}
