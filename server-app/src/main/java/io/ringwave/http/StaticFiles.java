package io.ringwave.http;

import io.ringwave.bindings.linux.Linux;
import io.ringwave.linux.Libc;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Serves the files below a directory. Each event loop has its own, confined to its thread; {@link #close} may also be
 * called by another thread after the loop has ended.
 *
 * <p>For GET and HEAD, on a route that ends in <code>{rest...}</code>:
 * <ol>
 * <li>A regular file is sent with its content type (by extension), Last-Modified and a strong ETag. If-Match,
 *     If-Unmodified-Since, If-None-Match and If-Modified-Since are honoured (RFC 9110 section 13).
 * <li>A directory is answered with its {@code index.html}; without the slash at its end it redirects (301) to the path
 *     with the slash, since relative links would lead elsewhere otherwise.
 * <li>Nothing outside of the directory is served: not by {@code ..} in any encoding, nor by a symlink, which works as long
 *     as it stays inside. Nothing but regular files is served.
 * <li>A path with an invalid escape or a NUL is answered 400; one that is never served (an empty segment, {@code .},
 *     {@code ..}, an escaped slash, a backslash, a control character) 404, like one that leads nowhere or out of the
 *     directory; an unreadable file 403; 503 when descriptors have run out, 500 when the file system fails.
 * <li>A change of a file shows after a second at most ({@link FileCacheConfig}).
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

    private final FileCache cache;
    private final FilePath path = new FilePath();

    private StaticFiles(FileCache cache) {
        this.cache = cache;
    }

    /**
     * Serves the files below a directory, which is held open.
     *
     * @throws IOException if it cannot be opened: one line that names the directory and says why
     */
    public static StaticFiles open(Path root) throws IOException {
        return open(root, FileCacheConfig.defaults());
    }

    /** As {@link #open(Path)}, and says how files are kept and sent. */
    public static StaticFiles open(Path root, FileCacheConfig config) throws IOException {
        return new StaticFiles(new FileCache(ServedDirectory.open(root), maxOpenFiles(), config));
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
                switch (cache.find(path, request.loop().nanoTime())) {
                    case CachedFile file -> sendUnlessKnown(file, request, response);
                    case FileLookup.Refusal refusal -> refuse(refusal, request, response);
                }
            }
            case MALFORMED -> response.status(400).send();
            case REFUSED -> response.status(404).send();
        }
    }

    private static void sendUnlessKnown(CachedFile file, HttpRequest request, HttpResponse response) {
        Preconditions.Outcome outcome = Preconditions.evaluate(request.header("If-Match"),
                request.header("If-Unmodified-Since"), request.header("If-None-Match"),
                request.header("If-Modified-Since"), file.entityTag(), file.lastModified());
        switch (outcome) {
            case PROCEED -> {
                response.header(file.contentTypeField()).header(file.lastModifiedField()).header(file.entityTagField());
                file.retain();
                response.sendFile(file, 0, file.size());
            }
            case NOT_MODIFIED ->
                response.status(304).header(file.lastModifiedField()).header(file.entityTagField()).send();
            case FAILED -> response.status(412).send();
        }
    }

    private static void refuse(FileLookup.Refusal refusal, HttpRequest request, HttpResponse response) {
        switch (refusal) {
            case ABSENT -> response.status(404).send();
            case DIRECTORY -> response.status(301).header("Location", withSlash(request)).send();
            case FORBIDDEN -> response.status(403).send();
            case EXHAUSTED -> response.status(503).send();
            case BROKEN -> response.status(500).send();
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
