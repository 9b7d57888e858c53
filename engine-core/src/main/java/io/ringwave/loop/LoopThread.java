package io.ringwave.loop;

import io.ringwave.EngineConfig;
import io.ringwave.EngineException;
import io.ringwave.HandlerFactory;
import io.ringwave.linux.Errno;
import io.ringwave.linux.ErrnoException;
import io.ringwave.linux.Libc;
import io.ringwave.linux.Mapping;
import io.ringwave.linux.ThreadAffinity;
import io.ringwave.spi.BackendException;
import io.ringwave.spi.BackendProvider;
import io.ringwave.spi.BackendResources;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread of an event loop, and its start in steps that the starting thread controls: make the loop, listen, begin.
 * All of it happens on the loop's own thread, because a ring belongs to the thread that made it. If the loop is pinned, that
 * comes first: the kernel takes memory from the node of the CPU that asks for it.
 *
 * <pre>
 *   MAKING --awaitReady(listen)---> LISTENING --begin--> RUNNING --> ENDED
 *      |                               |
 *      +-----------abandon-------------+--------------------------> ENDED
 * </pre>
 */
public final class LoopThread {

    private static final Logger LOG = LoggerFactory.getLogger(LoopThread.class);

    private final CompletableFuture<EventLoop> made = new CompletableFuture<>();
    private final CompletableFuture<ToIntFunction<EventLoop>> listen = new CompletableFuture<>();
    private final CompletableFuture<Integer> listening = new CompletableFuture<>();
    private final CompletableFuture<Boolean> begin = new CompletableFuture<>();
    private final Thread thread;
    private volatile int id;
    private volatile int cpu = UNPINNED;

    /** What {@link Pin} holds for a loop that the scheduler places. */
    public static final int UNPINNED = -1;

    /**
     * Where the thread is to run.
     *
     * @param cpu the CPU, or {@link #UNPINNED}
     * @param required whether it may not run elsewhere, if the kernel refuses
     * @param node the NUMA node to take memory from, or {@link Mapping#ANY_NODE} where there is one only
     */
    public record Pin(int cpu, boolean required, int node) {

        /** The scheduler and the kernel decide. */
        public static final Pin NONE = new Pin(UNPINNED, false, Mapping.ANY_NODE);
    }

    private LoopThread(int index, Pin pin, EngineConfig config, HandlerFactory handlers, BackendProvider provider) {
        thread = Thread.ofPlatform().name("ringwave-loop-" + index)
                .unstarted(() -> run(index, pin, config, handlers, provider));
    }

    /** Starts the thread, which makes the loop. */
    public static LoopThread start(int index, Pin pin, EngineConfig config, HandlerFactory handlers,
            BackendProvider provider) {
        LoopThread thread = new LoopThread(index, pin, config, handlers, provider);
        thread.thread.start();
        return thread;
    }

    /**
     * Waits until the loop is made, and lets it listen.
     *
     * @param how makes the loop listen, on its own thread
     * @return what that returned: the port or 0, or {@code -errno}
     * @throws BackendException if the loop could not be made with this backend
     * @throws EngineException if it could not be made for another reason
     */
    public int awaitReady(ToIntFunction<EventLoop> how) throws BackendException, EngineException {
        try {
            made.join();
            listen.complete(how);
            return listening.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case BackendException backend -> throw backend;
                case EngineException refused -> throw refused;
                case ErrnoException errno -> throw new EngineException(
                        "Cannot allocate the buffers of a loop: " + errno.getMessage(), errno);
                default -> throw new EngineException("Cannot start a loop: " + e.getCause(), e.getCause());
            }
        }
    }

    /** Lets the loop accept connections. */
    public void begin() {
        begin.complete(true);
    }

    /** Ends the thread without having begun. */
    public void abandon() {
        listen.completeExceptionally(new IllegalStateException("abandoned"));
        begin.complete(false);
    }

    /** The loop, once it is ready. */
    public EventLoop loop() {
        return made.join();
    }

    /** The kernel's number of the thread, once the loop is made. */
    public int id() {
        return id;
    }

    /** The CPU that the thread is pinned to, or {@link #UNPINNED}; once the loop is made. */
    public int cpu() {
        return cpu;
    }

    /** Whether the caller runs on this thread. */
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /** Waits for the thread's end. */
    public void join() throws InterruptedException {
        thread.join();
    }

    /** Waits for the end of all; an interrupt is kept for the caller. */
    public static void joinAll(List<LoopThread> threads) {
        boolean interrupted = false;
        for (LoopThread each : threads) {
            while (each.thread.isAlive()) {
                try {
                    each.thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(int index, Pin pin, EngineConfig config, HandlerFactory handlers, BackendProvider provider) {
        EventLoop loop;
        try {
            id = Libc.gettid();
            pin(index, pin);
            loop = new EventLoop(index, config, cpu == UNPINNED ? Mapping.ANY_NODE : pin.node, handlers,
                    slab -> provider
                            .create(new BackendResources(index, config.loops(), config.maxConnections(), slab)));
        } catch (Throwable e) {
            made.completeExceptionally(e);
            return;
        }
        made.complete(loop);
        boolean began = false;
        try {
            listening.complete(listen.join().applyAsInt(loop));
            began = begin.join();
        } catch (Throwable e) {
            listening.completeExceptionally(e);
        }
        if (!began) {
            loop.abandon();
            return;
        }
        try {
            loop.run();
        } catch (Throwable e) {
            LOG.error("Loop {} failed", index, e);
            throw e;
        }
    }

    private void pin(int index, Pin pin) throws EngineException {
        if (pin.cpu == UNPINNED) {
            return;
        }
        int result = ThreadAffinity.pin(pin.cpu);
        if (result == 0) {
            cpu = pin.cpu;
            if (pin.node != Mapping.ANY_NODE) {
                tell(index, pin.node, ThreadAffinity.preferNode(pin.node));
            }
        } else if (pin.required) {
            throw new EngineException(
                    "Cannot pin loop " + index + " to CPU " + pin.cpu + ": " + Errno.describe(-result));
        } else {
            LOG.warn("Loop {} cannot be pinned to CPU {}: {}; the scheduler places it", index, pin.cpu,
                    Errno.describe(-result));
        }
    }

    /** A container may not be allowed a node's memory, or any such call: memory from elsewhere is only slower. */
    private static void tell(int index, int node, int result) {
        if (result < 0) {
            LOG.warn("Loop {} takes memory from wherever there is some, not from its node {}: {}", index, node,
                    Errno.describe(-result));
        }
    }
}
