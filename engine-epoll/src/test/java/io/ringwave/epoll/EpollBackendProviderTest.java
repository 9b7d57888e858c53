package io.ringwave.epoll;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.spi.Availability;
import io.ringwave.spi.BackendProvider;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EpollBackendProviderTest {

    private static final String SERVICE = BackendProvider.class.getName();

    @Test
    void epollWorksOnEveryLinux() {
        Availability availability = new EpollBackendProvider().probe();
        assertTrue(availability.available(), availability.reason());
        assertEquals("epoll", availability.backend());
    }

    @Test
    void theModuleProvidesIt() {
        ModuleDescriptor descriptor = EpollBackendProvider.class.getModule().getDescriptor();
        assertNotNull(descriptor, "the tests run in the module");
        assertTrue(descriptor.provides().stream().anyMatch(provides -> provides.service().equals(SERVICE)
                && provides.providers().contains(EpollBackendProvider.class.getName())));
    }

    @Test
    void theClassPathEntryNamesIt() throws Exception {
        String entry = "/META-INF/services/" + SERVICE;
        try (InputStream in = EpollBackendProvider.class.getResourceAsStream(entry)) {
            assertNotNull(in, entry);
            assertEquals(EpollBackendProvider.class.getName(),
                    new String(in.readAllBytes(), StandardCharsets.US_ASCII).trim());
        }
    }
}
