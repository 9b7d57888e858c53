package io.ringwave.epoll;

import io.ringwave.spi.BackendProvider;
import io.ringwave.testkit.BackendContract;
import io.ringwave.testkit.MappedSends;
import io.ringwave.testkit.PacedFiles;
import org.junit.jupiter.api.Test;

/** The contract, over loopback sockets. */
class EpollContractTest extends BackendContract {

    @Override
    protected BackendProvider provider() {
        return new EpollBackendProvider();
    }

    @Test
    void aMappedFileIsSent() throws Exception {
        MappedSends.sendAMappedFile(rig());
    }

    @Test
    void aMappedFileThatWasCutFailsItsSend() throws Exception {
        MappedSends.sendAMappedFileThatWasCut(rig());
    }

    @Test
    void memoryOutsideTheSlabIsSent() throws Exception {
        MappedSends.sendMemoryOutsideTheSlab(rig());
    }

    @Test
    void memoryOutsideTheSlabIsLentUntilItsSendHasEnded() throws Exception {
        MappedSends.closeWhileMemoryOutsideTheSlabIsSent(rig());
    }

    @Test
    void aTurnSendsLittleOfFilesBesideOthers() throws Exception {
        PacedFiles.sendLittleInATurnBesideOthers(rig());
    }

    @Test
    void filesAreExactBesideOthers() throws Exception {
        PacedFiles.sendExactlyBesideOthers(rig());
    }

    @Test
    void filesThatEndEarlyFailBesideOthers() throws Exception {
        PacedFiles.failBesideOthersWhenTheFileEndsEarly(rig());
    }
}
