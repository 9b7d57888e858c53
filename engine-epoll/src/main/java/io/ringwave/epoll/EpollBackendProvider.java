package io.ringwave.epoll;

import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.EventFd;
import io.ringwave.spi.Availability;
import io.ringwave.spi.Backend;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;
import io.ringwave.spi.ConnectionLimit;

/** Makes {@link EpollBackend}s: what every Linux can do, taken where io_uring cannot be had. */
public final class EpollBackendProvider implements BackendProvider {

    private static final String NAME = "epoll";

    /** For {@link java.util.ServiceLoader}. */
    public EpollBackendProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int preference() {
        return 10;
    }

    @Override
    public Availability probe() {
        try (EpollSet epoll = new EpollSet(1); EventFd wakeUp = EventFd.create()) {
            int result = epoll.add(wakeUp.descriptor(), EpollSet.IN, 0);
            if (result < 0) {
                throw new ErrnoException("epoll_ctl", -result, "epoll does not take an eventfd", "");
            }
            return Availability.yes(NAME, "epoll and eventfd work");
        } catch (ErrnoException e) {
            return Availability.no(NAME, String.valueOf(e.getMessage()), e.remedy());
        } catch (LinkageError | RuntimeException e) {
            return Availability.no(NAME, "The C library's epoll functions cannot be called: " + e,
                    "Run on Linux with glibc 2.17 or newer, and allow native access to the module io.ringwave.linux.");
        }
    }

    @Override
    public ConnectionLimit connectionLimit(int loops) {
        return ConnectionLimit.ofDescriptors(loops);
    }

    @Override
    public Backend create(BackendResources resources) throws BackendException {
        try {
            return new EpollBackend(resources);
        } catch (ErrnoException e) {
            throw new BackendException("loop " + resources.loop() + ": " + e.getMessage(), e.remedy());
        }
    }
}
