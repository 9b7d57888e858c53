package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Hundreds of ways to ask for what lies outside of the served directory, or is hidden in it: each alone on a socket, byte for
 * byte. None returns anything of it, by file or by list; each has a status that the documentation names.
 */
class HostilePathsIT {
    private static final String SECRET = "this must never be served";
    private static final String SECRET_NAME = "name-that-must-not-show";
    private static final int ENOUGH = 200;
    /** Malformed, never served or absent, not readable, or a directory within the root. */
    private static final Set<Integer> DOCUMENTED = Set.of(400, 403, 404, 301);

    /** Ways to write "../", right, wrong, and for parsers that decode twice or too generously. */
    private static final List<String> UPWARDS = List.of("../", "..%2f", "..%2F", "%2e%2e/", "%2E%2E/", ".%2e/", "%2e./",
            "%2e%2e%2f", "%252e%252e/", "%252e%252e%252f", "..%252f", "%25252e%25252e/", "..\\", "..%5c", "%2e%2e%5c",
            "..%255c", "%c0%ae%c0%ae/", "%c0%ae%c0%ae%c0%af", "..%c0%af", "..%c1%9c", "%e0%80%ae%e0%80%ae/",
            "..%e0%80%af", "%f0%80%80%ae%f0%80%80%ae/", "%u002e%u002e/", "%uff0e%uff0e/", "..%ef%bc%8f",
            "%ef%bc%8e%ef%bc%8e/", "..%00/", "%00../", "..%0a/", "..%0d%0a/", "..%20/", "..%09/", "..;/", "..;a=b/",
            "....//", "..//", ".../", "./../", "/../", "docs/../../", "docs/deep/..%2f../../", "%2e%2e;/");
    private static final List<String> GOALS = List.of(SECRET_NAME, "etc/passwd", "outside/", "proc/self/environ");

    @ParameterizedTest
    @EnumSource
    void nothingOutsideIsEverServed(BackendOption backend, @TempDir Path base) throws Exception {
        List<String> paths = paths(base);
        assertTrue(paths.size() >= ENOUGH, () -> paths.size() + " paths");
        List<String> wrong = new ArrayList<>();
        try (ServerProcess server = ServerProcess.start(
                backend.with("--static-dir", base.resolve("site").toString(), "--list-directories"))) {
            for (String path : paths) {
                String answer = ask(server.port(), path);
                int status = Integer.parseInt(answer.substring(9, 12));
                if (!DOCUMENTED.contains(status)) {
                    wrong.add(path + ": " + status);
                }
                if (leaks(answer)) {
                    wrong.add(path + ": " + answer);
                }
            }
            TestClient.Response list = TestClient.get(server.port(), "/static/");
            assertEquals(200, list.status());
            assertTrue(list.text().contains("page.html") && !leaks(list.text()), list::text);
            assertEquals("page", TestClient.get(server.port(), "/static/inside").text(), "it still answers");
        } finally {
            removeLinks(base.resolve("site"));
        }
        assertEquals(List.of(), wrong);
    }

    private static boolean leaks(String answer) {
        String body = answer.substring(answer.indexOf("\r\n\r\n") + 1);
        return body.contains(SECRET) || body.contains(SECRET_NAME) || body.contains("root:") || body.contains("PATH=")
                || answer.contains("\r\nX-Injected:");
    }

    /** What the server sends to such a request line, until it closes, which the request asks for. */
    private static String ask(int port, String path) throws IOException {
        try (TestClient client = new TestClient(port)) {
            client.send("GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
            return new String(client.in().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static List<String> paths(Path base) throws Exception {
        Set<String> paths = new LinkedHashSet<>();
        for (String up : UPWARDS) {
            for (int depth : new int[]{1, 3, 12}) {
                String goal = GOALS.get(paths.size() % GOALS.size());
                paths.add("/static/" + up.repeat(depth) + goal);
                paths.add("/static/docs/" + up.repeat(depth + 1) + goal);
            }
        }
        for (String link : hostileLinks(base)) {
            paths.add("/static/" + link);
        }
        // What is hidden, and what is no file
        for (String hidden : List.of(".secret", ".git/config", ".git/", ".git", "docs/.secret", "%2esecret",
                "%2Egit/config", "docs/%2e%73ecret", ".well-known/", "linked-hidden/.secret", "fifo", "null", "fifo/",
                "tty")) {
            paths.add("/static/" + hidden);
        }
        // Names that are cut, injected, overlong, or of other systems
        for (String odd : List.of("page.html%00", "page.html%00.png", "%00", "page.html%2500.png", "%", "%2", "%zz",
                "%2e%", "page.html/.", "page.html/..", "page.html/", "page.html%2f", "page.html%20", "page.html.",
                "/page.html", "//page.html", "docs//index.html", "docs/./index.html", "%0d%0aX-Injected:%20yes",
                "docs%0d%0aX-Injected:%20yes", "~root/", "~/", "C:/" + SECRET_NAME, "file:///etc/passwd",
                "\\\\host\\share", "page.html::$DATA", "con", "%c3%28", "%ff%fe", "a".repeat(255), "a".repeat(256),
                "a/".repeat(1_500) + "a", "%61".repeat(1_200), "../".repeat(1_300) + "etc/passwd")) {
            paths.add("/static/" + odd);
        }
        // Beside the prefix under which files are served
        for (String beside : List.of("/static../" + SECRET_NAME, "/static..%2f" + SECRET_NAME, "/static%2f../",
                "/static\\..\\" + SECRET_NAME, "/../static/../" + SECRET_NAME, "//static/../" + SECRET_NAME, "/../",
                "/%2e%2e/etc/passwd", "/etc/passwd", "/STATIC/../" + SECRET_NAME, "/static;/../" + SECRET_NAME,
                "http://test/static/../../etc/passwd", "http://test/static/%2e%2e/" + SECRET_NAME, "static/page.html",
                "../etc/passwd", "*", "/static/\u00e9\u00ff/../" + SECRET_NAME)) {
            paths.add(beside);
        }
        return List.copyOf(paths);
    }

    /** Makes the site, with links that leave it in every way; returns the paths that lead through them. */
    private static List<String> hostileLinks(Path base) throws Exception {
        Path site = Files.createDirectories(base.resolve("site"));
        Files.createDirectories(base.resolve("outside"));
        for (String secret : new String[]{SECRET_NAME, "outside/" + SECRET_NAME, "outside/index.html"}) {
            Files.writeString(base.resolve(secret), SECRET);
        }
        Files.createDirectories(site.resolve("docs/deep"));
        Files.createDirectories(site.resolve(".git"));
        Files.createDirectories(site.resolve(".well-known"));
        for (String hidden : new String[]{".secret", ".git/config", "docs/.secret", ".well-known/index.html"}) {
            Files.writeString(site.resolve(hidden), SECRET);
        }
        Files.writeString(site.resolve("page.html"), "page");
        Files.writeString(site.resolve("docs/index.html"), "docs");
        assertEquals(0, Commands.run("mkfifo", site.resolve("fifo").toString()).status());
        String[][] links = {{"inside", "docs/../page.html"}, {"linked-hidden", "."},
            {"relative", "../" + SECRET_NAME}, {"absolute", base.resolve(SECRET_NAME).toString()},
            {"absolute-inside", site.resolve("page.html").toString()}, {"out-and-in", "../site/page.html"},
            {"parent", ".."}, {"grandparent", "../.."}, {"outside", "../outside"}, {"root", "/"},
            {"passwd", "/etc/passwd"}, {"far", "../".repeat(20) + "etc/passwd"}, {"docs/up", "../../" + SECRET_NAME},
            {"docs/deep/up", "../../../outside"}, {"hop1", "hop2"}, {"hop2", "docs/hop3"},
            {"docs/hop3", "deep/hop4"}, {"docs/deep/hop4", "../../../" + SECRET_NAME}, {"dir1", "dir2"},
            {"dir2", "docs/dir3"}, {"docs/dir3", "../../outside"}, {"loop1", "loop2"}, {"loop2", "loop1"},
            {"self", "self"}, {"dangling", "nowhere"}, {"proc-root", "/proc/self/root"},
            {"proc-cwd", "/proc/self/cwd"}, {"proc-environ", "/proc/self/environ"}, {"proc-fd", "/proc/self/fd"},
            {"proc-exe", "/proc/self/exe"}, {"null", "/dev/null"}, {"tty", "/dev/tty"}};
        for (String[] link : links) {
            Files.createSymbolicLink(site.resolve(link[0]), Path.of(link[1]));
        }
        // siblings and an index that are links out are not there either
        Files.createSymbolicLink(site.resolve("page.html.gz"), Path.of("../" + SECRET_NAME));
        Files.createDirectories(site.resolve("bad-index"));
        Files.createSymbolicLink(site.resolve("bad-index/index.html"), Path.of("../../" + SECRET_NAME));
        List<String> through = new ArrayList<>(List.of("relative", "absolute", "absolute-inside", "out-and-in",
                "parent/" + SECRET_NAME, "parent/", "parent", "parent/site/page.html", "grandparent/", "outside/",
                "outside", "outside/" + SECRET_NAME, "outside/index.html", "root/etc/passwd", "root/", "root",
                "root/proc/self/environ", "passwd", "far", "docs/up", "docs/deep/up/", "docs/deep/up/index.html",
                "hop1", "hop2", "docs/hop3", "docs/deep/hop4", "dir1/", "dir1/" + SECRET_NAME, "dir1", "docs/dir3/",
                "loop1", "loop1/x", "loop2/", "self", "self/", "dangling", "dangling/", "proc-root/etc/passwd",
                "proc-root/", "proc-cwd/pom.xml", "proc-cwd/", "proc-environ", "proc-fd/0", "proc-fd/", "proc-fd/2",
                "proc-exe", "page.html.gz", "bad-index/index.html", "linked-hidden/parent/", "linked-hidden/relative"));
        for (int descriptor = 3; descriptor < 20; descriptor++) { // the server's own, the directory's among them
            through.add("proc-fd/" + descriptor + "/../" + SECRET_NAME);
            through.add("proc-fd/" + descriptor);
        }
        return through;
    }

    /** Before the directory is cleaned up, lest that warns of links that leave it. */
    private static void removeLinks(Path site) throws IOException {
        List<Path> links;
        try (var all = Files.walk(site)) {
            links = all.filter(Files::isSymbolicLink).toList();
        }
        for (Path link : links) {
            Files.delete(link);
        }
    }
}
