package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ringwave.http.FileLookup.Refusal;
import io.ringwave.linux.Errno;
import io.ringwave.testkit.DescriptorLimit;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCacheTest {

    private static final int MAX_FILES = 3;

    private SiteOnDisk site;
    private FileCache cache;
    private long now = Long.MAX_VALUE - FileCache.CHECK_NANOS; // a clock that overflows in every test
    private final FilePath path = new FilePath();

    @BeforeEach
    void open(@TempDir Path base) throws IOException {
        site = new SiteOnDisk(base);
        cache = new FileCache(ServedDirectory.open(site.root), MAX_FILES);
    }

    @AfterEach
    void closeAndCountDescriptors() throws IOException {
        cache.close();
        site.removeLinks();
        assertEquals(0, site.openDescriptors());
    }

    private FileLookup find(String raw) {
        byte[] bytes = raw.getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(FilePath.Decoding.FILE, path.decode(MemorySegment.ofArray(bytes), 0, bytes.length));
        return cache.find(path, now);
    }

    private CachedFile file(String raw) {
        return assertInstanceOf(CachedFile.class, find(raw));
    }

    /** Open descriptors of files, without that of the directory. */
    private long openFiles() throws IOException {
        return site.openDescriptors() - 1;
    }

    @Test
    void sameFileIsFoundAgainByAnyEncoding() throws IOException {
        CachedFile index = file("docs/");
        assertSame(index, file("docs/index.html"));
        assertSame(index, file("%64ocs/index%2ehtml"));
        assertEquals(1, openFiles());
    }

    /** What is asked for rarely, and is long, may be read past the page cache. */
    @Test
    void longFilesAreWorthCachingIfTheyAreAskedForAgainSoon() throws IOException {
        try (RandomAccessFile sparse = new RandomAccessFile(site.root.resolve("long").toFile(), "rw")) {
            sparse.setLength(FileStore.MIN_DIRECT_BYTES);
        }
        assertFalse(file("long").isWorthCaching());
        now += 9_000_000_000L;
        assertTrue(file("long").isWorthCaching());
        now += 11_000_000_000L;
        assertFalse(file("long").isWorthCaching());
        assertTrue(file("page.html").isWorthCaching());
    }

    @Test
    void knowsSizeDateAndEntityTag() throws IOException {
        Files.setLastModifiedTime(site.root.resolve("page.html"), FileTime.from(Instant.ofEpochSecond(784_111_777, 5)));
        CachedFile page = file("page.html");
        assertEquals(4, page.size());
        assertEquals(784_111_777, page.lastModified());
        long inode = (Long) Files.getAttribute(site.root.resolve("page.html"), "unix:ino");
        assertEquals("\"" + Long.toHexString(inode) + "-4-" + Long.toHexString(784_111_777_000_000_005L) + "\"",
                page.entityTag());
    }

    @Test
    void datesFromTheFutureAndFromBefore1970AreMovedToTheNearestGoodOne() throws IOException {
        long before = System.currentTimeMillis() / 1000;
        Files.setLastModifiedTime(site.root.resolve("page.html"), FileTime.from(Instant.now().plusSeconds(86_400)));
        long lastModified = file("page.html").lastModified();
        assertTrue(lastModified >= before && lastModified <= System.currentTimeMillis() / 1000,
                () -> "" + lastModified);
        Files.setLastModifiedTime(site.root.resolve("empty"), FileTime.from(Instant.ofEpochSecond(-1000)));
        assertEquals(0, file("empty").lastModified());
    }

    @Test
    void withinASecondNothingIsAskedOfTheKernel() throws IOException {
        CachedFile page = file("page.html");
        Files.delete(site.root.resolve("page.html"));
        now += FileCache.CHECK_NANOS - 1;
        assertSame(page, file("page.html"));
        now += 1;
        assertEquals(Refusal.ABSENT, find("page.html"));
        assertEquals(0, openFiles());
    }

    @Test
    void unchangedFileIsCheckedOnceASecondAndKept() throws IOException {
        CachedFile page = file("page.html");
        for (int second = 0; second < 100; second++) {
            now += FileCache.CHECK_NANOS;
            assertSame(page, file("page.html"));
            assertEquals(now, page.checkedAt());
            assertSame(page, file("page.html"));
        }
        assertEquals(1, openFiles());
    }

    @Test
    void replacedFileIsOpenedAfresh() throws IOException {
        CachedFile before = file("page.html");
        Path fresh = site.write("fresh", "PAGE");
        Files.setLastModifiedTime(fresh, Files.getLastModifiedTime(site.root.resolve("page.html")));
        Files.move(fresh, site.root.resolve("page.html"), StandardCopyOption.ATOMIC_MOVE);
        now += FileCache.CHECK_NANOS;
        CachedFile after = file("page.html");
        assertNotSame(before, after);
        assertNotEquals(before.entityTag(), after.entityTag());
        assertEquals(1, openFiles());
    }

    @Test
    void truncatedGrownAndTouchedFilesAreSeen() throws IOException {
        CachedFile before = file("page.html");
        site.write("page.html", "");
        now += FileCache.CHECK_NANOS;
        CachedFile truncated = file("page.html");
        assertEquals(0, truncated.size());
        site.write("page.html", "longer than before");
        now += FileCache.CHECK_NANOS;
        CachedFile grown = file("page.html");
        assertEquals(18, grown.size());
        Files.setLastModifiedTime(site.root.resolve("page.html"),
                FileTime.from(Instant.ofEpochSecond(1_000_000_000, 1)));
        now += FileCache.CHECK_NANOS;
        CachedFile touched = file("page.html");
        assertEquals(4,
                java.util.stream.Stream.of(before, truncated, grown, touched).map(CachedFile::entityTag).distinct()
                        .count());
        assertEquals(1, openFiles());
    }

    @Test
    void fileThatBecameADirectoryOrALinkOutIsDropped() throws IOException {
        file("page.html");
        file("empty");
        Files.delete(site.root.resolve("page.html"));
        Files.createDirectory(site.root.resolve("page.html"));
        Files.delete(site.root.resolve("empty"));
        site.link("empty", "../secret.txt");
        now += FileCache.CHECK_NANOS;
        assertEquals(Refusal.DIRECTORY, find("page.html"));
        assertEquals(Refusal.ABSENT, find("empty"));
        assertEquals(0, cache.size());
        assertEquals(0, openFiles());
    }

    @Test
    void leastRecentlyUsedGoesFirst() throws IOException {
        CachedFile page = file("page.html");
        CachedFile docs = file("docs/");
        file("empty");
        assertSame(page, file("page.html"));
        file(".well-known/token");
        assertEquals(MAX_FILES, cache.size());
        assertEquals(MAX_FILES, openFiles());
        assertSame(page, file("page.html"));
        assertNotSame(docs, file("docs/"));
        assertEquals(MAX_FILES, openFiles());
    }

    @Test
    void fileBeingSentOutlivesEvictionReplacementAndTheCache() throws IOException {
        CachedFile page = file("page.html");
        page.retain();
        page.retain();
        site.write("page.html", "another one");
        now += FileCache.CHECK_NANOS;
        CachedFile successor = file("page.html");
        successor.retain();
        assertEquals(2, openFiles());
        for (String other : new String[]{"", "docs/", "empty", ".well-known/token"}) {
            file(other);
        }
        assertEquals(MAX_FILES + 2, openFiles());
        page.sendFinished();
        assertEquals(MAX_FILES + 2, openFiles());
        page.sendFinished();
        assertEquals(MAX_FILES + 1, openFiles());
        successor.sendFinished();
        assertEquals(MAX_FILES, openFiles());
        CachedFile last = file("");
        last.retain();
        cache.close();
        assertEquals(1, site.openDescriptors());
        last.sendFinished();
        assertEquals(0, site.openDescriptors());
    }

    @Test
    void filesThatNobodyAsksForAreClosed() throws IOException {
        file("empty");
        now += FileCache.CHECK_NANOS;
        file("page.html");
        file("docs/");
        now += FileCache.IDLE_NANOS - FileCache.CHECK_NANOS;
        file("docs/");
        assertEquals(2, openFiles(), "without the one that has not been used for as long");
        now += FileCache.IDLE_NANOS;
        CachedFile docs = file("docs/");
        assertEquals(1, openFiles());
        assertSame(docs, file("docs/"));
    }

    @Test
    void whatDoesNotExistIsNotKept() throws IOException {
        assertEquals(Refusal.ABSENT, find("missing"));
        assertEquals(Refusal.DIRECTORY, find("docs"));
        assertEquals(Refusal.ABSENT, find("bare/"));
        assertEquals(0, cache.size());
        site.write("missing", "not any more");
        assertEquals(12, file("missing").size());
        assertEquals(1, openFiles());
    }

    @Test
    void withoutDescriptorsUnusedFilesMakeRoomAndOtherwiseTheRequestIsRefused() throws IOException {
        CachedFile page = file("page.html");
        now += FileCache.CHECK_NANOS;
        assertSame(page, file("page.html")); // all classes are loaded now
        CachedFile docs;
        FileLookup third;
        DescriptorLimit exhausted = DescriptorLimit.exhaust();
        try {
            docs = file("docs/");
            docs.retain();
            third = find("empty");
        } finally {
            exhausted.close();
        }
        assertEquals(Refusal.EXHAUSTED, third);
        docs.sendFinished();
        assertEquals(0, openFiles());
        assertEquals(0, file("empty").size());
    }

    @Test
    void everyErrorHasItsRefusal() {
        for (int errno : new int[]{Errno.ENOENT, Errno.ENOTDIR, Errno.ENAMETOOLONG, Errno.ELOOP, Errno.EXDEV,
            Errno.ENXIO,
            Errno.EINVAL}) {
            assertEquals(Refusal.ABSENT, FileCache.refusal(errno), Errno.name(errno));
        }
        assertEquals(Refusal.FORBIDDEN, FileCache.refusal(Errno.EACCES)); // which root, as tests often run, never sees
        assertEquals(Refusal.DIRECTORY, FileCache.refusal(Errno.EISDIR));
        assertEquals(Refusal.EXHAUSTED, FileCache.refusal(Errno.EMFILE));
        assertEquals(Refusal.EXHAUSTED, FileCache.refusal(Errno.ENOMEM));
        assertEquals(Refusal.BROKEN, FileCache.refusal(Errno.EIO));
        assertEquals(Refusal.BROKEN, FileCache.refusal(Errno.ESTALE));
        assertThrows(IllegalStateException.class, () -> FileCache.refusal(Errno.EBADF));
    }

    // ---- The bytes

    private void reopen(FileCacheConfig config) throws IOException {
        cache.close();
        cache = new FileCache(ServedDirectory.open(site.root), 20, config);
    }

    private void write(String name, int length) throws IOException {
        Files.write(site.root.resolve(name), new byte[length]);
    }

    @Test
    void aSmallFileThatIsAskedForAgainIsInMemory() throws IOException {
        reopen(FileCacheConfig.defaults());
        write("limit", FileStore.MAX_BODY_BYTES);
        write("beyond", FileStore.MAX_BODY_BYTES + 1);
        for (String name : new String[]{"page.html", "limit", "beyond", "empty"}) {
            assertFalse(file(name).isInMemory(), name);
            assertEquals(name.equals("page.html") || name.equals("limit"), file(name).isInMemory(), name);
        }
        assertEquals(FileMemory.inPages(FileImages.HEAD_ROOM_BYTES + FileStore.MAX_BODY_BYTES) + FileMemory.BLOCK_BYTES,
                cache.bytesInMemory());
        MemorySegment copy = MemorySegment.ofArray(new byte[6]);
        file("page.html").copyTo(copy, 1, 1, 3);
        assertEquals(new String(Files.readAllBytes(site.root.resolve("page.html")), StandardCharsets.ISO_8859_1)
                .substring(1), new String(copy.toArray(ValueLayout.JAVA_BYTE), 1, 3, StandardCharsets.ISO_8859_1));
    }

    @Test
    void memoryIsBoundedAndTheLeastRecentlyUsedBodyGoes() throws IOException {
        reopen(FileCacheConfig.defaults().withCacheBytes(64 * 1024));
        for (int i = 0; i < 12; i++) {
            write("f" + i, 8 * 1024);
            file("f" + i);
            assertTrue(file("f" + i).isInMemory());
            assertTrue(cache.bytesInMemory() <= 64 * 1024);
        }
        assertEquals(64 * 1024, cache.bytesInMemory());
        assertEquals(12, cache.size());
        write("large", 8 * 1024 + 1); // more than an eighth
        file("large");
        assertFalse(file("large").isInMemory());
        write("small", 1);
        file("small");
        CachedFile known = file("f11");
        assertTrue(file("small").isInMemory() && known.isInMemory());
        int inMemory = 0;
        for (int i = 0; i < 12; i++) {
            inMemory += i < 5 ? 0 : file("f" + i).isInMemory() ? 1 : 0;
        }
        assertEquals(7, inMemory);
    }

    @Test
    void aBodyThatIsBeingSentStays() throws IOException {
        reopen(FileCacheConfig.defaults().withStrategy(FileStrategy.MEMORY).withCacheBytes(10 * 1024));
        write("first", 10 * 1024);
        write("second", 10 * 1024);
        CachedFile first = file("first");
        assertTrue(first.isInMemory(), "at once: that was asked for");
        first.retain();
        assertFalse(file("second").isInMemory());
        assertTrue(first.isInMemory());
        first.sendFinished();
        assertTrue(file("second").isInMemory());
        assertFalse(first.isInMemory());
        assertEquals(FileStrategy.URING, first.way(0, 10 * 1024));
        file("second").retain();
        CachedFile second = file("second");
        cache.close();
        assertTrue(second.isInMemory());
        assertEquals(FileStrategy.MEMORY, second.way(0, 1));
        second.sendFinished();
    }

    /** What {@link HttpResponse} does, with a head of a few bytes, for as many requests as it takes. */
    private static FileImage image(CachedFile file, FileRepresentation representation, long second) {
        FileImages images = Objects.requireNonNull(file.images());
        FileImage known = images.find(representation, second);
        if (known != null) {
            return known;
        }
        for (int i = 0; i < FileImages.MIN_REQUESTS; i++) {
            FileImage writable = images.writable(second);
            if (writable != null) {
                images.renew(writable, MemorySegment.ofArray(new byte[]{'h', (byte) second}), 2, representation,
                        second);
                return writable;
            }
        }
        return null;
    }

    private static FileImage send(CachedFile file, FileRepresentation representation, long second) {
        FileImage image = image(file, representation, second);
        file.retain();
        image.begin();
        return image;
    }

    private static FileRepresentation represent(CachedFile file) {
        return new FileRepresentation(file, HttpHeaderBytes.of("Content-Type", "a/b"), null, false, null);
    }

    @Test
    void imagesOfAFileAreBoundedAndGivenBackWhenTheyWereSentAndAreOld() throws IOException {
        reopen(FileCacheConfig.defaults().withCacheBytes(64 * 1024));
        write("hot", 5 * 1024); // with room for a head two pages
        file("hot");
        CachedFile hot = file("hot");
        FileRepresentation plain = represent(hot);
        assertEquals(8 * 1024, cache.bytesInMemory());
        FileImage first = send(hot, plain, 1);
        assertSame(first, send(hot, plain, 1));
        assertNull(image(hot, represent(hot), 1), "another one's head in the same second");
        FileImage second = send(hot, plain, 2);
        FileImage third = send(hot, plain, 3);
        FileImage fourth = send(hot, plain, 4);
        assertEquals(32 * 1024, cache.bytesInMemory());
        assertNull(image(hot, plain, 5));
        List<FileImage> inFlight = List.of(first, second, third, fourth);
        for (FileImage image : inFlight) {
            byte[] sent = image.memory().asSlice(image.start(), image.length()).toArray(ValueLayout.JAVA_BYTE);
            assertEquals(2 + 5 * 1024, sent.length);
            assertEquals("h" + (char) (1 + inFlight.indexOf(image)) + "\0", new String(sent, 0, 3,
                    StandardCharsets.ISO_8859_1));
        }
        second.sendFinished();
        third.sendFinished();
        assertEquals(16 * 1024, cache.bytesInMemory());
        fourth.sendFinished();
        assertEquals(16 * 1024, cache.bytesInMemory(), "it is the latest");
        assertSame(fourth, image(hot, plain, 4));
        first.sendFinished();
        first.sendFinished();
        assertFalse(hot.isInUse());
        FileImage fifth = Objects.requireNonNull(image(hot, plain, 6));
        assertFalse(fifth == first || fifth == fourth, "sockets may have their pages");
        assertNull(image(hot, represent(hot), 6));
        assertEquals(16 * 1024, cache.bytesInMemory(), "the file's own, and the latest");
    }

    @Test
    void aFileWhoseImageIsBeingSentStaysInMemoryAndIsNotLoadedTwice() throws IOException {
        reopen(FileCacheConfig.defaults().withCacheBytes(64 * 1024));
        for (int i = 0; i < 4; i++) {
            write("f" + i, 5 * 1024);
            file("f" + i);
        }
        CachedFile hot = file("f0");
        FileRepresentation plain = represent(hot);
        FileImage sent = send(hot, plain, 1);
        FileImage later = send(hot, plain, 2);
        for (int i = 1; i < 4; i++) {
            assertTrue(file("f" + i).isInMemory());
        }
        write("more", 8 * 1024);
        write("most", 8 * 1024);
        for (String name : new String[]{"more", "most"}) { // which have no room for a head: they would be too large
            file(name);
            assertNull(file(name).images());
            assertTrue(file(name).isInMemory());
        }
        write("last", 5 * 1024);
        file("last");
        assertTrue(file("last").isInMemory());
        write("beyond", 5 * 1024);
        CachedFile next = file("f1");
        for (String name : new String[]{"f2", "f3", "more", "most", "last", "beyond"}) {
            file(name);
        }
        assertTrue(file("beyond").isInMemory());
        assertFalse(next.isInMemory(), "the least recently used that is not being sent");
        assertTrue(hot.isInMemory() && hot.isInUse());
        cache.close();
        later.sendFinished();
        assertTrue(hot.isInMemory());
        assertEquals(2 + 5 * 1024, sent.length());
        sent.sendFinished();
        assertEquals(0, cache.bytesInMemory());
    }

    @Test
    void anUnloadedFileHasNoImagesAndANewHeadWhenItIsBack() throws IOException {
        reopen(FileCacheConfig.defaults().withCacheBytes(64 * 1024));
        write("hot", 5 * 1024);
        file("hot");
        CachedFile hot = file("hot");
        FileRepresentation plain = represent(hot);
        FileImage first = send(hot, plain, 1);
        FileImage second = send(hot, plain, 2);
        first.sendFinished();
        second.sendFinished();
        assertEquals(16 * 1024, cache.bytesInMemory());
        for (int i = 0; i < 8; i++) {
            write("f" + i, 5 * 1024);
            file("f" + i);
            file("f" + i);
        }
        assertNull(hot.images());
        assertEquals(64 * 1024, cache.bytesInMemory());
        assertNotNull(file("hot").images());
        assertNull(Objects.requireNonNull(hot.images()).find(plain, 2), "its head is not in the new memory");
    }

    @Test
    void whoWritesToAFileIsNoticedAndWhoDeletesItDoesNotMatter() throws IOException {
        CachedFile page = file("page.html");
        page.retain();
        assertTrue(page.isUnchanged());
        FileTime modified = Files.getLastModifiedTime(site.root.resolve("page.html"));
        Files.write(site.root.resolve("page.html"), new byte[4]);
        Files.setLastModifiedTime(site.root.resolve("page.html"), modified);
        assertFalse(page.isUnchanged(), "the modification time was set back");
        CachedFile fresh = file("page.html");
        assertNotSame(page, fresh, "within the second");
        fresh.retain();
        Files.delete(site.root.resolve("page.html"));
        assertTrue(fresh.isUnchanged());
        page.sendFinished();
        fresh.sendFinished();
    }

    @Test
    void theTimeBetweenTwoLooksIsConfigured() throws IOException {
        reopen(FileCacheConfig.defaults().withRevalidate(Duration.ofMillis(10)));
        file("page.html");
        Files.delete(site.root.resolve("page.html"));
        now += 9_999_999;
        file("page.html");
        now += 1;
        assertEquals(Refusal.ABSENT, find("page.html"));
        reopen(FileCacheConfig.defaults().withRevalidate(Duration.ZERO));
        CachedFile empty = file("empty");
        assertSame(empty, file("empty"));
        Files.delete(site.root.resolve("empty"));
        assertEquals(Refusal.ABSENT, find("empty"));
    }

    @Test
    void eachStrategyHasItsWay() throws IOException {
        int large = 2 * FileStore.MAX_BODY_BYTES;
        write("large", large);
        for (FileStrategy strategy : FileStrategy.values()) {
            reopen(FileCacheConfig.defaults().withStrategy(strategy));
            FileStrategy expected = strategy == FileStrategy.AUTO ? FileStrategy.MMAP : strategy; // it is in the cache
            assertEquals(expected, file("large").way(0, large));
            boolean inMemory = expected == FileStrategy.MMAP || expected == FileStrategy.MEMORY;
            assertEquals(inMemory, file("large").address(expected, 1) != 0);
        }
    }
}
