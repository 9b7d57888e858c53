package io.ringwave.uring;

/** What a token says was asked of the kernel ({@link io.ringwave.spi.Token}). */
final class Operation {

    static final int ACCEPT = 1;
    static final int RECEIVE = 2;
    static final int SEND = 3;
    static final int WRITABLE = 4;
    static final int CLOSE = 5;
    static final int INSTALL_TO_KEEP = 6;
    static final int WAKEUP = 7;
    static final int CLOSE_UNREPORTED = 8; // of something that has no slot, or has one still
    static final int READABLE = 9;
    static final int READ = 10;
    static final int INSTALL_FOR_FIN = 11;
    static final int INSTALL_FOR_FILE = 12;
    static final int INSTALL_AT_ONCE = 13;
    static final int SHUTDOWN = 14;
    static final int SEND_ZERO_COPY = 15;
    static final int CONNECT = 16;
    static final int INSTALL_FOR_END = 17;
    static final int FILE_READ = 18;
    static final int FILE_SEND = 19;
    // From here on: not counted among the operations in flight, for they may end without a completion.
    static final int UNCOUNTED = 20;
    static final int CANCEL = 20;
    static final int MESSAGE = 21; // another ring has woken this one
    static final int MESSAGE_SENT = 22;

    private Operation() {}
}
