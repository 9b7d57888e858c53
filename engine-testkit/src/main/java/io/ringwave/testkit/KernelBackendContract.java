package io.ringwave.testkit;

import org.junit.jupiter.api.Test;

/**
 * The {@link BackendContract}, and what only a kernel does: memory that is a file's, or lies outside of the slab, and the
 * share of a turn that files get beside others.
 */
public abstract class KernelBackendContract extends BackendContract {

    /** For subclasses. */
    protected KernelBackendContract() {}

    @Test
    public void aMappedFileIsSent() throws Exception {
        MappedSends.sendAMappedFile(rig());
    }

    @Test
    public void aMappedFileThatWasCutFailsItsSend() throws Exception {
        MappedSends.sendAMappedFileThatWasCut(rig());
    }

    @Test
    public void memoryOutsideTheSlabIsSent() throws Exception {
        MappedSends.sendMemoryOutsideTheSlab(rig());
    }

    @Test
    public void memoryOutsideTheSlabIsLentUntilItsSendHasEnded() throws Exception {
        MappedSends.closeWhileMemoryOutsideTheSlabIsSent(rig());
    }

    @Test
    public void pagesAreSentBetweenOthers() throws Exception {
        PageSends.sendPagesBetweenOthers(rig());
    }

    @Test
    public void pagesThatAreReplacedWereSentAsTheyWere() throws Exception {
        PageSends.sendPagesThatAreReplacedAfterwards(rig());
    }

    @Test
    public void morePagesThanTheSocketTakesAreSent() throws Exception {
        PageSends.sendMorePagesThanTheSocketTakes(rig());
    }

    @Test
    public void aSendOfPagesIsBrokenOffWithItsChannel() throws Exception {
        PageSends.closeWhilePagesAreSent(rig());
    }

    @Test
    public void aTurnSendsLittleOfFilesBesideOthers() throws Exception {
        PacedFiles.sendLittleInATurnBesideOthers(rig());
    }

    @Test
    public void filesAreExactBesideOthers() throws Exception {
        PacedFiles.sendExactlyBesideOthers(rig());
    }

    @Test
    public void filesThatEndEarlyFailBesideOthers() throws Exception {
        PacedFiles.failBesideOthersWhenTheFileEndsEarly(rig());
    }
}
