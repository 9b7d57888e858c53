package io.ringwave.http;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Errno;
import io.ringwave.linux.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory with what tests of static files need: {@code site} is served, {@code secret.txt} and {@code site2} stand
 * beside it and must never be.
 */
final class SiteOnDisk {

    static final String SECRET = "this must never be served";

    final Path base;
    final Path root;
    private final List<Path> links = new ArrayList<>();

    SiteOnDisk(Path base) throws IOException {
        this.base = base;
        this.root = Files.createDirectories(base.resolve("site"));
        Files.writeString(base.resolve("secret.txt"), SECRET);
        Files.createDirectories(base.resolve("site2"));
        Files.writeString(base.resolve("site2/index.html"), SECRET);
        write("index.html", "root index");
        write("page.html", "page");
        write("docs/index.html", "docs index");
        write("docs/deep/er/file.txt", "deep");
        write(".well-known/token", "token");
        write("empty", "");
        Files.createDirectories(root.resolve("bare"));
    }

    Path write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    Path link(String name, String target) throws IOException {
        Path link = root.resolve(name);
        Files.createDirectories(link.getParent());
        links.add(link);
        return Files.createSymbolicLink(link, Path.of(target));
    }

    /** Before the directory is cleaned up, lest that warns of links that leave it. */
    void removeLinks() throws IOException {
        for (Path link : links) {
            Files.deleteIfExists(link);
        }
    }

    /** Links that stay inside the site. All lead to {@code page.html}. */
    String[] linksInside() throws IOException {
        link("in", "page.html");
        link("in-dot", "./docs/../page.html");
        link("docs/up", "../page.html");
        link("chain1", "chain2");
        link("chain2", "docs/chain3");
        link("docs/chain3", "up");
        link("dirlink", "docs");
        return new String[]{"in", "in-dot", "docs/up", "chain1", "chain2", "docs/chain3", "dirlink/up",
            "dirlink/deep/up2"};
    }

    /** Paths through links that leave the site, though most lead to something readable. */
    String[] linksOutside() throws IOException {
        link("out", "../secret.txt");
        link("out-absolute", base.resolve("secret.txt").toString());
        link("in-absolute", root.resolve("page.html").toString());
        link("out-and-in", "../site/page.html");
        link("parent", "..");
        link("itself", root.toString());
        link("sibling", "../site2");
        link("docs/far", "../../secret.txt");
        link("passwd", "/etc/passwd");
        link("slash", "/");
        link("far-up", "../../../../../../../../../../../../etc/passwd");
        link("hop1", "hop2");
        link("hop2", "docs/hop3");
        link("docs/hop3", "../../secret.txt");
        link("outdir-hop", "docs/updir");
        link("docs/updir", "../..");
        link("loop1", "loop2");
        link("loop2", "loop1");
        link("self", "self");
        link("dangling", "nowhere");
        link("proc-root", "/proc/self/root");
        link("proc-cwd", "/proc/self/cwd");
        link("proc-environ", "/proc/self/environ");
        link("proc-fd", "/proc/self/fd");
        return new String[]{"out", "out-absolute", "in-absolute", "out-and-in", "parent/secret.txt",
            "parent/site/page.html",
            "itself/page.html", "sibling/", "sibling/index.html", "docs/far", "passwd", "slash/etc/passwd",
            "slash/proc/self/environ", "far-up", "hop1", "hop2", "docs/hop3", "outdir-hop/secret.txt",
            "docs/updir/secret.txt", "loop1", "loop1/x", "self", "dangling", "proc-root/etc/passwd",
            "proc-cwd/pom.xml", "proc-environ", "proc-fd/0", "proc-fd/", "dirlink/far"};
    }

    /** Creates a file whose name is given as bytes, one per character. */
    void writeRawName(String latin1Name, String text) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(root + "/" + latin1Name, StandardCharsets.ISO_8859_1);
            int file = Libc.openat(Linux.AT_FDCWD(), name.address(),
                    Linux.O_CREAT() | Linux.O_WRONLY() | Linux.O_CLOEXEC(), 0644);
            if (file < 0) {
                throw new IOException(Errno.describe(-file));
            }
            MemorySegment bytes = arena.allocateFrom(text);
            int written = Libc.write(file, bytes.address(), text.length());
            Libc.close(file);
            if (written != text.length()) {
                throw new IOException("short write");
            }
        }
    }

    /** Makes a FIFO, for which Java has no call. */
    void makeFifo(String name) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("mkfifo", root.resolve(name).toString()).inheritIO().start().waitFor();
        if (exit != 0) {
            throw new IOException("mkfifo failed with " + exit);
        }
    }

    /** How many of this process's descriptors lead into the tree. */
    long openDescriptors() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(descriptor -> {
                try {
                    return Files.readSymbolicLink(descriptor).startsWith(base);
                } catch (IOException closedMeanwhile) {
                    return false;
                }
            }).count();
        }
    }
}
