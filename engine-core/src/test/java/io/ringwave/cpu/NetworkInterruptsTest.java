package io.ringwave.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.cpu.NetworkInterrupts.Queue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which interrupts are a network card's receive queues, where they go, and what is said about it. */
class NetworkInterruptsTest {

    private static final String HEAD = "            CPU0       CPU1\n";

    @TempDir
    Path root = Path.of("");

    @Test
    void queuesThatArriveWhereNoLoopIsAreReported() throws IOException {
        Path xeon = RecordedTree.unpack("xeon-two-sockets", root);
        NetworkInterrupts interrupts = NetworkInterrupts.read(xeon);
        assertEquals(List.of(new Queue("ens1f0", 130, List.of(0)), new Queue("ens1f0", 131, List.of(1)),
                new Queue("ens1f0", 132, List.of(2)), new Queue("ens1f0", 133, List.of(3))), interrupts.queues());
        CpuTopology topology = CpuTopology.read(xeon, IntStream.range(0, 128).boxed().toList());
        assertEquals("", interrupts.conflicts(PinningPlan.of(Pinning.parse("0-3"), 4, topology)));
        assertEquals("", interrupts.conflicts(PinningPlan.of(Pinning.AUTO, 64, topology)));
        assertEquals("", interrupts.conflicts(PinningPlan.of(Pinning.NONE, 4, topology)));
        assertEquals("3 of 4 receive queues of ens1f0 interrupt CPUs without a loop (1-3); remedy: stop irqbalance and "
                + "write CPUs of loops to /proc/irq/N/smp_affinity_list, or pin the loops to those CPUs",
                interrupts.conflicts(PinningPlan.of(Pinning.parse("0,32"), 2, topology)));
    }

    @Test
    void loopsAreReachedWhereEachHasAQueueOfItsOwn() throws IOException {
        NetworkInterrupts interrupts = NetworkInterrupts.read(RecordedTree.unpack("xeon-two-sockets", root));
        assertTrue(interrupts.reachEach(List.of(3, 0, 1, 2)));
        assertFalse(interrupts.reachEach(List.of(0, 1, 4)));
        RecordedTree.write(root, "proc/irq/133/smp_affinity_list", "3-4\n");
        assertFalse(NetworkInterrupts.read(root).reachEach(List.of(3)), "it may arrive elsewhere");
        assertFalse(new NetworkInterrupts(List.of()).reachEach(List.of(0)));
    }

    @Test
    void aQueueMayBeNamedByItsDevice() throws IOException {
        link("eth0", "devices/pci0000:00/0000:00:04.0/virtio3");
        link("eth1", "devices/pci0000:3b/0000:3b:00.0");
        RecordedTree.write(root, "proc/interrupts", HEAD + """
                 37:   0    0 PCI-MSIX-0000:00:04.0   0-edge      virtio3-config
                 38:   0 3299 PCI-MSIX-0000:00:04.0   1-edge      virtio3-input.0
                 39: 2855    0 PCI-MSIX-0000:00:04.0   2-edge      virtio3-output.0
                 40:   0    0 PCI-MSIX-0000:00:05.0   1-edge      virtio33-input.0
                 50:   1    0 IR-PCI-MSIX-0000:3b:00.0 0-edge     mlx5_async0@pci:0000:3b:00.0
                 51:   9    0 IR-PCI-MSIX-0000:3b:00.0 1-edge     mlx5_comp0@pci:0000:3b:00.0
                 60:   9    0 PCI-MSI 0-edge     eth1-tx-0
                 61:   9    0 PCI-MSI 1-edge     eth1-Tx-Rx-0
                 62:   9    0 PCI-MSI 1-edge     eth12-rx-0
                 63:   9    0 PCI-MSI 1-edge     eth1-rx-1
                LOC:  85143  93419   Local timer interrupts
                """);
        RecordedTree.write(root, "proc/irq/[37-40,50,51,60-62]/smp_affinity_list", "{n}\n");
        assertEquals(List.of(new Queue("eth0", 38, List.of(38)), new Queue("eth1", 51, List.of(51)),
                new Queue("eth1", 61, List.of(61))), NetworkInterrupts.read(root).queues(),
                "that of 63 cannot be told");
    }

    private void link(String network, String device) throws IOException {
        Path target = Files.createDirectories(root.resolve("sys").resolve(device));
        Path directory = Files.createDirectories(root.resolve("sys/class/net").resolve(network));
        Files.createSymbolicLink(directory.resolve("device"), target);
    }

    @Test
    void withoutCardsThereIsNothingToSay() throws IOException {
        assertEquals(List.of(), NetworkInterrupts.read(root).queues());
        RecordedTree.write(root, "sys/class/net/lo/mtu", "65536\n");
        RecordedTree.write(root, "proc/interrupts", HEAD + " 1: 0 0 PCI 0-edge lo\n");
        assertEquals(List.of(), NetworkInterrupts.read(root).queues());
        NetworkInterrupts.read(); // this machine's cannot be foretold, but must not fail
    }
}
