/**
 * What a backend is tested with: the contract suite and the seeded simulator. For the authors of backends.
 */
@org.jspecify.annotations.NullMarked
module io.ringwave.testkit {
    requires transitive io.ringwave;
    requires transitive org.junit.jupiter.api;
    requires static transitive org.jspecify;
    requires io.ringwave.linux;

    exports io.ringwave.testkit;
}
