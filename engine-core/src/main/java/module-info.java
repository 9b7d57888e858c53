/**
 * The Ringwave engine: the embedding API ({@link io.ringwave}), the machine's CPUs ({@link io.ringwave.cpu}), the seam that
 * a backend implements ({@link io.ringwave.spi}), the event loop behind both, and threads for what a loop must not do
 * itself ({@link io.ringwave.workers}).
 */
@org.jspecify.annotations.NullMarked
module io.ringwave {
    requires io.ringwave.linux;
    requires org.jctools.core.jdk11;
    requires org.slf4j;
    requires static jdk.jfr;
    requires static transitive org.jspecify;

    exports io.ringwave;
    exports io.ringwave.cpu;
    exports io.ringwave.spi;
    exports io.ringwave.workers;

    uses io.ringwave.spi.BackendProvider;
}
