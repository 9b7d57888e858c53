package io.ringwave.linux;

/** Numbers of system calls that the generated bindings do not have (asm/unistd.h). */
final class SystemCalls {

    private static final boolean X86_64 = System.getProperty("os.arch").equals("amd64");

    static final long SENDTO = X86_64 ? 44 : 206; // the others, aarch64 among them, use asm-generic/unistd.h
    static final long RECVFROM = X86_64 ? 45 : 207;

    private SystemCalls() {}
}
