/** A thin HTTP/1.1 server on the engine: the library {@link io.ringwave.http}, and the program on top of it. */
@org.jspecify.annotations.NullMarked
module io.ringwave.server {
    requires transitive io.ringwave;
    requires io.ringwave.linux;
    requires com.fasterxml.jackson.core;
    requires info.picocli;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports io.ringwave.http;

    opens io.ringwave.server to info.picocli;
}
