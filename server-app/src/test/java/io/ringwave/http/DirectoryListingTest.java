package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.linux.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryListingTest {

    private SiteOnDisk site;
    private ServedDirectory byKernel;
    private ServedDirectory walking;

    @BeforeEach
    void open(@TempDir Path base) throws IOException {
        site = new SiteOnDisk(base);
        byKernel = ServedDirectory.open(site.root);
        walking = ServedDirectory.openWalking(site.root);
    }

    @AfterEach
    void closeAndCountDescriptors() throws IOException {
        byKernel.close();
        walking.close();
        site.removeLinks();
        assertEquals(0, site.openDescriptors());
    }

    private static FilePath path(String raw) {
        FilePath path = new FilePath();
        byte[] bytes = raw.getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(FilePath.Decoding.FILE, path.decode(MemorySegment.ofArray(bytes), 0, bytes.length), raw);
        assertTrue(path.isDirectory(), raw);
        return path;
    }

    private static List<String> names(DirectoryListing listing) {
        return listing.entries().stream().map(entry -> new String(entry.name(), StandardCharsets.ISO_8859_1)
                + (entry.isDirectory() ? "/" : "")).toList();
    }

    private static List<String> names(ServedDirectory directory, String raw, boolean dotfiles) {
        DirectoryListing listing = new DirectoryListing(100, dotfiles);
        assertEquals(0, listing.read(directory, path(raw)));
        assertFalse(listing.hasMore());
        return names(listing);
    }

    @Test
    void directoriesComeFirstAndDotfilesOnlyIfAllowed() throws IOException {
        site.write("Zebra", "");
        site.write("a", "");
        for (ServedDirectory directory : List.of(byKernel, walking)) {
            assertEquals(List.of("bare/", "docs/", "Zebra", "a", "empty", "index.html", "page.html"),
                    names(directory, "", false));
            assertEquals(List.of(".well-known/", "bare/", "docs/", "Zebra", "a", "empty", "index.html", "page.html"),
                    names(directory, "", true));
            assertEquals(List.of("deep/", "index.html"), names(directory, "docs/", false));
            assertEquals(List.of(), names(directory, "bare/", false));
        }
    }

    @Test
    void onlyWhatWouldBeServedIsListed() throws Exception {
        site.makeFifo("bare/fifo");
        site.write("bare/back\\slash", "");
        site.write("bare/control\u0001", "");
        site.link("bare/in", "../page.html");
        site.link("bare/dir", "../docs");
        site.link("bare/out", "../../secret.txt");
        site.link("bare/absolute", site.root.resolve("page.html").toString());
        site.link("bare/proc", "/proc/self/root");
        site.link("bare/loop", "loop");
        site.link("bare/dangling", "nothing");
        assertEquals(List.of("dir/", "in"), names(byKernel, "bare/", true));
        assertEquals(List.of(), names(walking, "bare/", true)); // which follows no symlinks
    }

    @Test
    void aDirectoryIsReachedAndLeftAsFilesAre() throws IOException {
        site.linksOutside();
        site.link("inside", "docs");
        assertEquals(List.of("deep/", "index.html"), names(byKernel, "inside/", false));
        for (String outside : new String[]{"parent/", "sibling/", "slash/", "proc-root/", "proc-fd/", "docs/updir/",
            "itself/", "loop1/"}) {
            for (ServedDirectory directory : List.of(byKernel, walking)) {
                DirectoryListing listing = new DirectoryListing(100, true);
                int result = listing.read(directory, path(outside));
                assertTrue(result == -Errno.EXDEV || result == -Errno.ELOOP || result == -Errno.ENOTDIR,
                        outside + result);
                assertEquals(List.of(), listing.entries());
            }
        }
        assertEquals(-Errno.ENOENT, new DirectoryListing(100, true).read(byKernel, path("missing/")));
        assertEquals(-Errno.ENOTDIR, new DirectoryListing(100, true).read(byKernel, path("page.html/")));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 2_000, 2_001, 5_000})
    void listsAreBoundedAndSayThatThereIsMore(int most) throws IOException {
        for (int i = 0; i < 2_000; i++) {
            site.write("bare/a-name-of-some-length-so-that-it-takes-several-reads-" + i, "");
        }
        DirectoryListing listing = new DirectoryListing(most, false);
        assertEquals(0, listing.read(byKernel, path("bare/")));
        assertEquals(Math.min(most, 2_000), listing.entries().size());
        assertEquals(most < 2_000, listing.hasMore());
        String page = new String(listing.toHtml("/", path("bare/")), StandardCharsets.UTF_8);
        assertEquals(most < 2_000, page.contains("There are more entries; these are " + most + " of them."));
        assertEquals(Math.min(most, 2_000) + 1, page.split("<a href=", -1).length - 1);
    }

    @Test
    void aDirectoryFullOfWhatIsNotListedIsNotReadToItsEnd() throws IOException {
        for (int i = 0; i < 50; i++) {
            site.link("bare/" + i, "nowhere");
        }
        DirectoryListing listing = new DirectoryListing(10, false);
        assertEquals(0, listing.read(byKernel, path("bare/")));
        assertEquals(List.of(), listing.entries());
        assertTrue(listing.hasMore());
    }

    @Test
    void noNameBecomesMarkupOrLeadsElsewhere() throws IOException {
        for (String name : new String[]{"<script>alert(1)<", "a&amp;b", "\"quoted'", "mailto:x", "..a", "a?b#c %41",
            "h\u00e9"}) {
            site.write("bare/" + name, "12345");
            Files.setLastModifiedTime(site.root.resolve("bare/" + name),
                    FileTime.from(Instant.ofEpochSecond(784_111_777)));
        }
        site.writeRawName("bare/\u00ff", "x");
        Files.createDirectory(site.root.resolve("bare/d>"));
        DirectoryListing listing = new DirectoryListing(100, true);
        assertEquals(0, listing.read(byKernel, path("bare/")));
        String page = new String(listing.toHtml("/st&tic/", path("bare/")), StandardCharsets.UTF_8);
        assertTrue(page.contains("<h1>Index of /st&amp;tic/bare/</h1>"), page);
        for (String row : new String[]{"<a href=\"../\">../</a>", "<a href=\"d%3E/\">d&gt;/</a>",
            "<a href=\"%3Cscript%3Ealert%281%29%3C\">&lt;script&gt;alert(1)&lt;</a></td>"
                    + "<td>1994-11-06 08:49</td><td>5</td>",
            "<a href=\"a%26amp%3Bb\">a&amp;amp;b</a>", "<a href=\"%22quoted%27\">&quot;quoted&#39;</a>",
            "<a href=\"mailto%3Ax\">mailto:x</a>", "<a href=\"..a\">..a</a>",
            "<a href=\"a%3Fb%23c%20%2541\">a?b#c %41</a>", "<a href=\"h%C3%A9\">h\u00e9</a>",
            "<a href=\"%FF\">\ufffd</a>"}) {
            assertTrue(page.contains("<tr><td>" + row), row + "\n" + page);
        }
        assertFalse(new String(listing.toHtml("/", path("")), StandardCharsets.UTF_8).contains("../"));
    }
}
