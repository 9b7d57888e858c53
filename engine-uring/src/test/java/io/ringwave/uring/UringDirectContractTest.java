package io.ringwave.uring;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ringwave.linux.Ring;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.testkit.BackendRig;
import io.ringwave.testkit.DescriptorLimit;
import io.ringwave.testkit.PageSends;
import io.ringwave.testkit.Peer;
import io.ringwave.testkit.SocketPeers;
import java.io.FileInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** io_uring keeps the contract of the seam with direct descriptors, and accepted connections take no others. */
class UringDirectContractTest extends UringContractTest {

    @BeforeAll
    static void requireDirectDescriptors() throws BackendException {
        try (Ring ring = RingSetup.create(new FeatureReport(RingOptions.of(KernelRelease.ANY)))) {
            assumeTrue(Features.of(ring, KernelRelease.ANY).directDescriptors(),
                    "this kernel is older than Linux 6.14: its direct descriptors are not used");
        }
    }

    @Override
    protected BackendProvider provider() {
        return new UringBackendProvider("", true);
    }

    /** Without them, accepting goes on. */
    @Override
    @Test
    public void acceptResumesAfterDescriptorsRanOut() throws Exception {
        BackendRig rig = rig().listening();
        echo(rig.receivingLink()); // everything was in use once
        List<Peer> waiting = List.of(rig.connect(), rig.connect());
        AutoCloseable exhausted = exhaustDescriptors();
        try {
            for (Peer peer : waiting) {
                BackendRig.Link link = rig.open(peer, rig.awaitSocket());
                rig.backend().receive(link.slot());
                echo(link);
            }
        } finally {
            exhausted.close();
        }
        assertEquals(List.of(), rig.completions().acceptErrors());
    }

    /** With no descriptor left, the kernel's worker thread announces the end. */
    @Test
    void theEndIsAnnouncedWithoutADescriptor() throws Exception {
        BackendRig rig = rig().listening();
        BackendRig.Link other = rig.receivingLink();
        rig.backend().finishSending(other.slot()); // everything was in use once
        rig.readToEnd(other);
        BackendRig.Link link = rig.receivingLink();
        AutoCloseable exhausted = exhaustDescriptors();
        try {
            rig.backend().finishSending(link.slot());
            assertEquals(0, rig.readToEnd(link).length);
        } finally {
            exhausted.close();
        }
        rig.closeChannel(link);
    }

    @Test
    void anAddressStaysUnknownWithoutADescriptor() throws Exception {
        BackendRig rig = rig().listening();
        BackendRig.Link link = rig.receivingLink();
        assertEquals(link.peer().address(), rig.backend().remoteAddress(link.slot()));
        rig.turns(2);
        AutoCloseable exhausted = exhaustDescriptors();
        try {
            assertNull(rig.backend().remoteAddress(link.slot()));
        } finally {
            exhausted.close();
        }
        echo(link);
    }

    @Test
    void connectionsTakeNoDescriptors() {
        BackendRig rig = rig().listening();
        BackendRig.Link first = rig.receivingLink();
        rig.backend().remoteAddress(first.slot());
        rig.turns(2);
        List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            peers.add(rig.connect());
        }
        int descriptors = DescriptorLimit.descriptorsInUse();
        for (Peer peer : peers) {
            BackendRig.Link link = rig.open(peer, rig.awaitSocket());
            rig.backend().receive(link.slot());
            echo(link);
            assertEquals(peer.address(), rig.backend().remoteAddress(link.slot()));
        }
        rig.turns(2);
        assertEquals(descriptors, DescriptorLimit.descriptorsInUse());
    }

    /** Who was sent pages more than once keeps a descriptor until the end. */
    @Test
    void aConnectionThatIsSentPagesKeepsADescriptor() throws Exception {
        BackendRig rig = rig().listening();
        PageSends.sendSome(rig, rig.link());
        BackendRig.Link link = rig.link();
        int descriptors = DescriptorLimit.descriptorsInUse();
        PageSends.sendSome(rig, link);
        assertEquals(descriptors + 1, DescriptorLimit.descriptorsInUse());
        rig.closeChannel(link);
        rig.turns(2);
        assertEquals(descriptors, DescriptorLimit.descriptorsInUse());
    }

    @Test
    void pagesAreCopiedWhereNoDescriptorIsLeft() throws Exception {
        BackendRig rig = rig().listening();
        PageSends.sendSome(rig, rig.link()); // everything was in use once
        BackendRig.Link link = rig.link();
        List<AutoCloseable> exhausted = new ArrayList<>();
        try {
            PageSends.sendSome(rig, link, () -> exhausted.add(exhaustDescriptors()));
        } finally {
            for (AutoCloseable each : exhausted) {
                each.close();
            }
        }
    }

    /** The other half is for files, and for whatever else the program opens. */
    @Test
    void nobodyKeepsADescriptorOfTheUpperHalf() throws Exception {
        int most = 2 * BackendRig.MAX_CONNECTIONS;
        DescriptorLimit limited = DescriptorLimit.atMost(most);
        List<FileInputStream> others = new ArrayList<>();
        try (SocketPeers peers = new SocketPeers(); BackendRig rig = new BackendRig(provider(), peers)) {
            PageSends.sendSome(rig, rig.listening().link());
            while (DescriptorLimit.descriptorsInUse() <= most / 2 + 1) {
                others.add(new FileInputStream("/dev/null"));
            }
            BackendRig.Link link = rig.link();
            int descriptors = DescriptorLimit.descriptorsInUse();
            PageSends.sendSome(rig, link);
            rig.turns(2);
            assertEquals(descriptors, DescriptorLimit.descriptorsInUse());
        } finally {
            limited.close();
            for (FileInputStream other : others) {
                other.close();
            }
        }
    }

    private void echo(BackendRig.Link link) {
        int before = link.channel().byteCount();
        link.peer().write(new byte[]{1, 2, 3});
        rig().until("the message is received", () -> link.channel().byteCount() == before + 3);
        int answered = link.peer().receivedBytes();
        rig().sendFully(link, new byte[]{4, 5}, 0);
        byte[] all = rig().read(link, answered + 2);
        assertArrayEquals(new byte[]{4, 5}, java.util.Arrays.copyOfRange(all, answered, all.length));
        assertTrue(link.peer().end() == Peer.End.NONE);
    }
}
