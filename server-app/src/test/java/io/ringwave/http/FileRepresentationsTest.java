package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file and its encoded siblings, with a clock that the test moves. */
class FileRepresentationsTest {

    private static final HttpHeaderBytes TYPE = HttpHeaderBytes.of("Content-Type", "text/html");
    private static final String ALL = "br, zstd, gzip";

    private SiteOnDisk site;
    private FileCache cache;
    private CachedFile page;
    private FileRepresentations representations;
    private long now = Long.MAX_VALUE - FileCache.CHECK_NANOS; // a clock that overflows in every test
    private final AcceptedCodings accepted = new AcceptedCodings();

    @BeforeEach
    void open(@TempDir Path base) throws IOException {
        site = new SiteOnDisk(base);
        begin(10, true);
    }

    private void begin(int maxFiles, boolean precompressed) throws IOException {
        end();
        cache = new FileCache(ServedDirectory.open(site.root), maxFiles);
        FilePath path = new FilePath();
        path.decode(MemorySegment.ofArray("page.html".getBytes(StandardCharsets.US_ASCII)), 0, 9);
        page = assertInstanceOf(CachedFile.class, cache.find(path, now));
        page.retain(); // as for an answer
        representations = new FileRepresentations(page, path, TYPE, null, precompressed);
    }

    private void end() {
        if (cache != null) {
            page.release();
            cache.close();
        }
    }

    @AfterEach
    void closeAndCountDescriptors() throws IOException {
        end();
        site.removeLinks();
        assertEquals(0, site.openDescriptors());
    }

    private FileRepresentation choose(String acceptEncoding) {
        byte[] field = acceptEncoding.getBytes(StandardCharsets.US_ASCII);
        accepted.clear();
        accepted.read(MemorySegment.ofArray(field), 0, field.length);
        return representations.choose(accepted, cache, now);
    }

    private static String fields(FileRepresentation representation) {
        return new String(representation.fields().line(), StandardCharsets.US_ASCII).replaceAll(
                "(ETag|Last-Modified): [^\r]*\r\n", "");
    }

    private void passCheck() {
        now += FileCache.CHECK_NANOS;
    }

    @Test
    void theSiblingThatIsWantedMostIsChosenWithItsOwnTagAndTheFilesType() throws IOException {
        site.write("page.html.gz", "gzipped");
        site.write("page.html.zst", "zst");
        FileRepresentation zstd = choose(ALL);
        assertEquals(3, zstd.file().size());
        assertEquals("Vary: Accept-Encoding\r\nAccept-Ranges: bytes\r\nContent-Encoding: zstd\r\n", fields(zstd));
        assertSame(TYPE, zstd.contentType());
        assertEquals("Content-Encoding: gzip", fields(choose("gzip")).split("\r\n")[2]);
        FileRepresentation plain = choose("identity");
        assertSame(page, plain.file());
        assertEquals("Vary: Accept-Encoding\r\nAccept-Ranges: bytes\r\n", fields(plain));
        assertNotEquals(zstd.file().entityTag(), plain.file().entityTag());
        assertSame(zstd, choose(ALL), "encoded once");
    }

    @Test
    void aFileWithoutSiblingsDoesNotVary() {
        assertEquals("Accept-Ranges: bytes\r\n", fields(choose(ALL)));
        assertEquals(0, choose(ALL).refusalFields().line().length);
    }

    @Test
    void withinASecondNothingIsAskedOfTheKernel() throws IOException {
        FileRepresentation plain = choose(ALL);
        Path brotli = site.write("page.html.br", "brotli");
        now += FileCache.CHECK_NANOS - 1;
        assertSame(plain, choose(ALL), "that there is none is remembered");
        now += 1;
        FileRepresentation encoded = choose(ALL);
        assertEquals(6, encoded.file().size());
        Files.delete(brotli);
        now += FileCache.CHECK_NANOS - 1;
        assertSame(encoded, choose(ALL), "and that there is one");
        now += 1;
        FileRepresentation after = choose(ALL);
        assertSame(page, after.file());
        assertEquals("Accept-Ranges: bytes\r\n", fields(after));
    }

    @Test
    void aSiblingThatIsReplacedIsAnotherRepresentation() throws IOException {
        site.write("page.html.gz", "one");
        FileRepresentation before = choose(ALL);
        site.write("page.html.gz", "two and more");
        passCheck();
        FileRepresentation after = choose(ALL);
        assertNotSame(before, after);
        assertEquals(12, after.file().size());
        assertNotEquals(before.file().entityTag(), new String(after.entityTag(), StandardCharsets.US_ASCII));
    }

    @Test
    void siblingsThatAreNoFilesOfTheDirectoryAreNotThere() throws Exception {
        site.makeFifo("page.html.br");
        Files.createDirectory(site.root.resolve("page.html.zst"));
        site.link("page.html.gz", "../secret.txt");
        assertEquals("Accept-Ranges: bytes\r\n", fields(choose(ALL)));
    }

    /** Looking for siblings may push the file itself, or one another, out of a small cache. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aSmallCacheKeepsNoMoreThanItMay(int maxFiles) throws IOException {
        begin(maxFiles, true);
        site.write("page.html.gz", "gz");
        site.write("page.html.br", "b");
        for (int round = 0; round < 5; round++) {
            FileRepresentation brotli = choose(ALL);
            assertEquals(1, brotli.file().size());
            brotli.file().descriptor(); // asserts that it is open
            assertEquals(2, choose("gzip").file().size());
            assertSame(page, choose("").file());
            page.descriptor();
            assertEquals(Math.min(maxFiles, cache.size()), cache.size());
            passCheck();
        }
    }

    @Test
    void withoutThemSiblingsAreJustFiles() throws IOException {
        begin(10, false);
        site.write("page.html.gz", "gz");
        assertSame(page, choose(ALL).file());
        assertEquals("Accept-Ranges: bytes\r\n", fields(choose(ALL)));
        assertEquals(1, cache.size());
    }
}
