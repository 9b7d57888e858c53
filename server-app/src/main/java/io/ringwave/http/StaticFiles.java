package io.ringwave.http;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Serves the files below a directory. Each event loop has its own, confined to its thread; {@link #close} may also be
 * called by another thread after the loop has ended.
 *
 * <p>For GET and HEAD, on a route that ends in <code>{rest...}</code>:
 * <ol>
 * <li>A regular file is sent with its content type (by extension), Last-Modified and a strong ETag. If-Match,
 *     If-Unmodified-Since, If-None-Match, If-Modified-Since and If-Range are honoured (RFC 9110 section 13).
 * <li>GET with Range is answered with those bytes (206; several ranges as multipart/byteranges), or 416 if there are
 *     none such (RFC 9110 section 14). A Range that is malformed, or has more than {@value ByteRanges#MAX_RANGES}
 *     ranges, is ignored.
 * <li>Where {@code name.br}, {@code name.zst} or {@code name.gz} stands beside the file, Accept-Encoding chooses among
 *     them and the file (RFC 9110 section 12.5.3); each has its own ETag, and every answer says Vary.
 * <li>A directory is answered with its {@code index.html}, or with a list of what is in it, if that is
 *     {@linkplain StaticFilesConfig#listDirectories configured}; without the slash at its end it redirects (301) to the
 *     path with the slash, since relative links would lead elsewhere otherwise. Reading a directory blocks the loop:
 *     {@link StaticFilesConfig#maxListedEntries} bounds for how long.
 * <li>Nothing outside of the directory is served: not by {@code ..} in any encoding, nor by a symlink, which works as long
 *     as it stays inside. Nothing but regular files is served.
 * <li>A path with an invalid escape or a NUL is answered 400; one that is never served (an empty segment, {@code .},
 *     {@code ..}, an escaped slash, a backslash, a control character; unless configured, a name that begins with a dot)
 *     404, like one that leads nowhere or out of the directory; an unreadable file 403; 503 when descriptors have run
 *     out, 500 when the file system fails.
 * <li>A change of a file or of a sibling shows after a second at most ({@link FileCacheConfig}).
 * <li>A response that is complete has the bytes that the file had when it was opened. A file that is written to while it
 *     is sent cuts its connection short instead: its last bytes are held back until nobody has. One that is deleted or
 *     replaced by another is sent to its end.
 * </ol>
 */
public final class StaticFiles implements HttpHandler, AutoCloseable {

    /** How many files each loop keeps open at most. */
    private static final int MAX_OPEN_FILES = 512;

    /** Which part of the process's descriptors one loop's files may take at most: they are there for connections. */
    private static final int DESCRIPTOR_SHARE = 16;

    private final StaticFilesConfig config;
    private final ContentTypes contentTypes;
    private final @Nullable HttpHeaderBytes cacheControl;
    private final ServedDirectory directory;
    private final FileCache cache;
    private final FilePath path = new FilePath();
    private final AcceptedCodings accepted = new AcceptedCodings();
    private final ByteRanges ranges = new ByteRanges();
    private final ContentRange contentRange = new ContentRange();

    private StaticFiles(ServedDirectory directory, StaticFilesConfig config) {
        this.config = config;
        this.contentTypes = ContentTypes.with(config.contentTypes());
        this.cacheControl = config.cacheControl().isEmpty()
                ? null
                : HttpHeaderBytes.of("Cache-Control", config.cacheControl());
        this.directory = directory;
        this.cache = new FileCache(directory, maxOpenFiles(), config.cache());
    }

    /** As {@link #open(Path, StaticFilesConfig)}, with the default values. */
    public static StaticFiles open(Path root) throws IOException {
        return open(root, StaticFilesConfig.defaults());
    }

    /**
     * Serves the files below a directory, which is held open.
     *
     * @throws IOException if it cannot be opened: one line that names the directory and says why
     */
    public static StaticFiles open(Path root, StaticFilesConfig config) throws IOException {
        return new StaticFiles(ServedDirectory.open(root), config);
    }

    private static int maxOpenFiles() {
        long descriptors = Libc.getrlimit(Linux.RLIMIT_NOFILE());
        return descriptors < 0 ? MAX_OPEN_FILES : Math.clamp(descriptors / DESCRIPTOR_SHARE, 1, MAX_OPEN_FILES);
    }

    /** Answers a request for a file. On the loop's thread. */
    @Override
    public void handle(HttpRequest request, HttpResponse response) {
        switch (path.decode(request.memory(), request.restOffset(), request.restLength())) {
            case FILE -> {
                if (path.isHidden() && !config.dotfiles()) {
                    response.status(404).send();
                } else {
                    find(request, response);
                }
            }
            case MALFORMED -> response.status(400).send();
            case REFUSED -> response.status(404).send();
        }
    }

    private void find(HttpRequest request, HttpResponse response) {
        long nanoTime = request.loop().nanoTime();
        int looks = cache.looks();
        FileLookup found = cache.find(path, nanoTime);
        response.fileFound(cache.looks() == looks);
        switch (found) {
            case CachedFile file -> {
                file.retain(); // looking for siblings may push it out of the cache
                FileRepresentation chosen = choose(file, request, nanoTime);
                if (chosen.file() != file) {
                    chosen.file().retain();
                    file.release();
                }
                answer(chosen, request, response);
            }
            case FileLookup.Refusal refusal -> refuse(refusal, request, response);
        }
    }

    private FileRepresentation choose(CachedFile file, HttpRequest request, long nanoTime) {
        FileRepresentations representations = file.representations();
        if (representations == null) {
            HttpHeaderBytes contentType = HttpHeaderBytes.of("Content-Type", contentTypes.of(path));
            representations = new FileRepresentations(file, path, contentType, cacheControl, config.precompressed());
            file.representations(representations);
        }
        accepted.clear();
        for (int field = request.findHeader("Accept-Encoding", 0); field >= 0;) {
            accepted.read(request.memory(), request.valueOffset(field), request.valueLength(field));
            field = request.findHeader("Accept-Encoding", field + 1);
        }
        return representations.choose(accepted, cache, nanoTime);
    }

    // ---- A file that is there: preconditions, then ranges (RFC 9110 section 13.2.2). It was retained for this answer.

    private void answer(FileRepresentation chosen, HttpRequest request, HttpResponse response) {
        CachedFile file = chosen.file();
        switch (evaluate(chosen, request)) {
            case PROCEED -> {
                switch (readRanges(chosen, request)) {
                    case IGNORED -> response.sendFile(chosen);
                    case SATISFIED -> sendRanges(chosen, response);
                    case UNSATISFIABLE -> {
                        ContentRange none = contentRange.writeUnsatisfied(file.size());
                        response.status(416).header(chosen.refusalFields()).headerLines(none.line(), none.length());
                        response.send();
                        file.release();
                    }
                }
            }
            case NOT_MODIFIED -> {
                response.status(304).header(chosen.knownFields()).send();
                file.release();
            }
            case FAILED -> {
                response.status(412).header(chosen.refusalFields()).send();
                file.release();
            }
        }
    }

    private static Preconditions.Outcome evaluate(FileRepresentation chosen, HttpRequest request) {
        if (request.headerIs("If-None-Match", chosen.entityTag()) && request.findHeader("If-Match", 0) < 0
                && request.findHeader("If-Unmodified-Since", 0) < 0) {
            return Preconditions.Outcome.NOT_MODIFIED; // a browser that asks again, without a string
        }
        return Preconditions.evaluate(request.header("If-Match"), request.header("If-Unmodified-Since"),
                request.header("If-None-Match"), request.header("If-Modified-Since"), chosen.file().entityTag(),
                chosen.file().lastModified());
    }

    private ByteRanges.Outcome readRanges(FileRepresentation chosen, HttpRequest request) {
        int field = request.findHeader("Range", 0);
        if (field < 0 || request.isHead()) { // defined for GET only (RFC 9110 section 14.2)
            return ByteRanges.Outcome.IGNORED;
        }
        CachedFile file = chosen.file();
        if (!request.headerIs("If-Range", chosen.entityTag())
                && !Preconditions.allowRange(request.header("If-Range"), file.entityTag(), file.lastModified())) {
            return ByteRanges.Outcome.IGNORED;
        }
        return ranges.read(request.memory(), request.valueOffset(field), request.valueLength(field), file.size());
    }

    private void sendRanges(FileRepresentation chosen, HttpResponse response) {
        CachedFile file = chosen.file();
        response.status(206).header(chosen.fields());
        if (ranges.count() == 1) {
            ContentRange part = contentRange.write(ranges.position(0), ranges.length(0), file.size());
            response.header(chosen.contentType()).headerLines(part.line(), part.length());
            response.sendFile(file, ranges.position(0), ranges.length(0));
        } else {
            ByteRangesBody body = ByteRangesBody.of(chosen, ranges, contentRange);
            response.header("Content-Type", body.contentType()).sendParts(body.parts());
        }
    }

    // ---- No file

    private void refuse(FileLookup.Refusal refusal, HttpRequest request, HttpResponse response) {
        switch (refusal) {
            case ABSENT -> {
                if (path.isDirectory() && config.listDirectories()) {
                    list(request, response);
                } else {
                    response.status(404).send();
                }
            }
            case DIRECTORY -> {
                if (path.isDirectory()) {
                    response.status(404).send(); // its index is a directory, too: a slash more would lead nowhere
                } else {
                    response.status(301).header("Location", withSlash(request)).send();
                }
            }
            case FORBIDDEN -> response.status(403).send();
            case EXHAUSTED -> response.status(503).send();
            case BROKEN -> response.status(500).send();
        }
    }

    /** A directory without an index. */
    private void list(HttpRequest request, HttpResponse response) {
        DirectoryListing listing = new DirectoryListing(config.maxListedEntries(), config.dotfiles());
        int result = listing.read(directory, path);
        if (result >= 0) {
            String rest = request.rest();
            String prefix = request.path().substring(0, request.path().length() - rest.length());
            response.send(DirectoryListing.CONTENT_TYPE, listing.toHtml(prefix, path));
            return;
        }
        FileLookup.Refusal refusal = FileCache.refusal(-result);
        if (refusal == FileLookup.Refusal.ABSENT) {
            response.status(404).send();
        } else {
            refuse(refusal, request, response);
        }
    }

    /**
     * The request's path as it came, with a slash at its end. It cannot begin with two slashes, which a browser would
     * take for another host: a path with an empty segment is never looked up.
     */
    private static String withSlash(HttpRequest request) {
        String query = request.query();
        return query == null ? request.path() + '/' : request.path() + "/?" + query;
    }

    /** Closes the directory and its files; those that are being sent when they have been. Idempotent. */
    @Override
    public void close() {
        cache.close();
    }
}
