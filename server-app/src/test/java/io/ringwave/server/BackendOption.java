package io.ringwave.server;

import java.util.ArrayList;
import java.util.List;

/** The ways to ask for each backend on the command line. */
enum BackendOption {
    IO_URING("io_uring", "--backend", "io_uring"), EPOLL("epoll", "--no-io-uring");

    final String backend;
    private final List<String> options;

    BackendOption(String backend, String... options) {
        this.backend = backend;
        this.options = List.of(options);
    }

    /** These options and others. */
    String[] with(String... others) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(others));
        return all.toArray(String[]::new);
    }
}
