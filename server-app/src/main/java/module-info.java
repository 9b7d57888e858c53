/**
 * A thin HTTP/1.1 server on the engine: the library {@link io.ringwave.http}, and the program on top of it. The library for
 * Prometheus is asked for by {@link io.ringwave.http.metrics} and the program only; its jars have no module names of
 * their own, so that whoever puts them on the module path adds them by {@code --add-modules}. The same goes for
 * HdrHistogram, without which no latencies are recorded.
 */
@org.jspecify.annotations.NullMarked
@SuppressWarnings({"requires-automatic", "requires-transitive-automatic"})
module io.ringwave.server {
    requires transitive io.ringwave;
    requires io.ringwave.linux;
    requires com.fasterxml.jackson.core;
    requires info.picocli;
    requires org.slf4j;
    requires static ch.qos.logback.classic;
    requires static ch.qos.logback.core;
    requires static HdrHistogram;
    requires static transitive simpleclient;
    requires static simpleclient.common;
    requires static simpleclient.hotspot;
    requires static transitive org.jspecify;

    exports io.ringwave.http;
    exports io.ringwave.http.metrics;

    opens io.ringwave.server to info.picocli;
}
