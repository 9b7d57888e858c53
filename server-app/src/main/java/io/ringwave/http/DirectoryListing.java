package io.ringwave.http;

import io.ringwave.linux.Libc;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What is in a directory, read once and written as a page. On the loop's thread, which it blocks: for a few microseconds
 * an entry if the file system's cache is warm, for as long as the disk takes if not.
 *
 * <p>Guarantees:
 * <ol>
 * <li>Only what would be served is listed: regular files and directories, symlinks by what they lead to within the
 *     {@link ServedDirectory}; nothing outside of it is looked at.
 * <li>There are at most as many entries as were allowed, and at most {@value #EXAMINED_PER_LISTED} times as many names
 *     are looked at. If there are more, the page says so; which ones it shows is then up to the file system.
 * <li>Names are bytes: links lead to them whatever their charset, and no name can become markup.
 * </ol>
 */
final class DirectoryListing {

    static final String CONTENT_TYPE = "text/html; charset=utf-8";

    /** A directory full of what is not listed must not be read to its end. */
    private static final int EXAMINED_PER_LISTED = 4;

    private static final int CHUNK_BYTES = 32 * 1024; // as much as glibc's readdir(3) asks for at once
    private static final long RECORD_LENGTH_AT = 16; // struct linux_dirent64, see Libc.getdents64
    private static final long NAME_AT = 19;

    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm")
            .withZone(ZoneOffset.UTC);
    private static final Comparator<Entry> DIRECTORIES_FIRST = Comparator.comparing(Entry::isDirectory).reversed()
            .thenComparing(Entry::name, Arrays::compareUnsigned);

    /** @param name as the file system has it; without a slash */
    record Entry(byte[] name, boolean isDirectory, long size, long modifiedSeconds) {}

    private final int maxEntries;
    private final boolean dotfiles;
    private final List<Entry> entries = new ArrayList<>();
    private int examined;
    private boolean more;

    /** Empty. @param dotfiles whether names that begin with a dot are listed */
    DirectoryListing(int maxEntries, boolean dotfiles) {
        this.maxEntries = maxEntries;
        this.dotfiles = dotfiles;
    }

    /**
     * Reads the directory that a path asks for.
     *
     * @return 0, or {@code -errno}
     */
    int read(ServedDirectory served, FilePath path) {
        int descriptor = served.openDirectory(path);
        if (descriptor < 0) {
            return descriptor;
        }
        byte[] entryPath = Arrays.copyOf(path.bytes(), FilePath.MAX_BYTES);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(CHUNK_BYTES, Long.BYTES);
            int result;
            do {
                // SAFETY: the arena keeps the chunk alive beyond the call
                result = Libc.getdents64(descriptor, chunk.address(), CHUNK_BYTES);
                if (result > 0) {
                    result = examine(chunk, result, served, entryPath, path.directoryLength());
                }
            } while (result > 0);
            entries.sort(DIRECTORIES_FIRST);
            return result;
        } finally {
            Libc.close(descriptor);
        }
    }

    /** Goes through a chunk of entries; returns a positive number to go on, 0 if it is enough, or {@code -errno}. */
    private int examine(MemorySegment chunk, int length, ServedDirectory served, byte[] entryPath, int nameAt) {
        for (long at = 0; at < length;) {
            int recordLength = Short.toUnsignedInt(chunk.get(ValueLayout.JAVA_SHORT, at + RECORD_LENGTH_AT));
            int nameLength = name(chunk, at, recordLength, entryPath, nameAt);
            at += recordLength;
            if (nameLength == 0) {
                continue;
            }
            if (entries.size() == maxEntries || examined == EXAMINED_PER_LISTED * (long) maxEntries) {
                more = true;
                return 0;
            }
            examined++;
            int result = served.look(entryPath, nameAt + nameLength);
            if (result < 0 && FileCache.refusal(-result) == FileLookup.Refusal.EXHAUSTED) {
                return result;
            }
            boolean isDirectory = served.status().isDirectory();
            if (result >= 0 && (isDirectory || served.status().isRegular())) {
                entries.add(new Entry(Arrays.copyOfRange(entryPath, nameAt, nameAt + nameLength), isDirectory,
                        served.status().size(), served.status().modifiedSeconds()));
            }
        }
        return length;
    }

    /** Copies a name that may be listed behind the directory's path; returns its length, 0 if it must not be. */
    private int name(MemorySegment chunk, long record, int recordLength, byte[] into, int nameAt) {
        int length = 0;
        for (long at = record + NAME_AT; at < record + recordLength; at++) {
            byte b = chunk.get(ValueLayout.JAVA_BYTE, at);
            if (b == 0) {
                break;
            }
            // What FilePath would refuse in a request, must not be listed either.
            if (b > 0 && b < ' ' || b == 0x7f || b == '\\' || nameAt + length == into.length) {
                return 0;
            }
            into[nameAt + length++] = b;
        }
        boolean isDotfile = length > 0 && into[nameAt] == '.';
        boolean isSelfOrParent = isDotfile && (length == 1 || length == 2 && into[nameAt + 1] == '.');
        return isSelfOrParent || isDotfile && !dotfiles ? 0 : length;
    }

    /** In the page's order: directories first, both by the bytes of their names. */
    List<Entry> entries() {
        return entries;
    }

    /** Whether there is more than was read. */
    boolean hasMore() {
        return more;
    }

    /**
     * The page, in UTF-8.
     *
     * @param prefix of the request's path, as it was sent: below it the directory is served
     * @param path the one that was read
     */
    byte[] toHtml(String prefix, FilePath path) {
        int length = path.directoryLength();
        String title = "Index of " + escape(prefix + text(Arrays.copyOf(path.bytes(), length)));
        StringBuilder page = new StringBuilder(512 + 192 * entries.size());
        page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>").append(title)
                .append("</title>\n<style>td, th { text-align: left; padding-right: 2em } ")
                .append("td:last-child, th:last-child { text-align: right }</style>\n</head>\n<body>\n<h1>")
                .append(title).append("</h1>\n<table>\n<tr><th>Name</th><th>Modified (UTC)</th><th>Bytes</th></tr>\n");
        if (length > 0) {
            page.append("<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
        }
        for (Entry entry : entries) {
            String slash = entry.isDirectory ? "/" : "";
            page.append("<tr><td><a href=\"").append(percentEncode(entry.name)).append(slash).append("\">")
                    .append(escape(text(entry.name))).append(slash).append("</a></td><td>")
                    .append(DATE.format(Instant.ofEpochSecond(entry.modifiedSeconds))).append("</td><td>")
                    .append(entry.isDirectory ? "" : Long.toString(entry.size)).append("</td></tr>\n");
        }
        page.append("</table>\n");
        if (more) {
            page.append("<p>There are more entries; these are ").append(entries.size()).append(" of them.</p>\n");
        }
        return page.append("</body>\n</html>\n").toString().getBytes(StandardCharsets.UTF_8);
    }

    /** What is not UTF-8 shows as replacement characters. */
    private static String text(byte[] name) {
        return new String(name, StandardCharsets.UTF_8);
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /** All but unreserved characters (RFC 3986 section 2.3): so no name is taken for a scheme, a host or a query. */
    private static String percentEncode(byte[] name) {
        ByteArrayOutputStream encoded = new ByteArrayOutputStream(3 * name.length);
        for (byte b : name) {
            if (b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || "-._~".indexOf(b) >= 0) {
                encoded.write(b);
            } else {
                encoded.write('%');
                encoded.write(Character.toUpperCase(Character.forDigit(b >> 4 & 0xf, 16)));
                encoded.write(Character.toUpperCase(Character.forDigit(b & 0xf, 16)));
            }
        }
        return encoded.toString(StandardCharsets.US_ASCII);
    }
}
