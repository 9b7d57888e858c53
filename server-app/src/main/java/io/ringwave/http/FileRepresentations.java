package io.ringwave.http;

import org.jspecify.annotations.Nullable;

/**
 * The representations of one file: its own bytes, and those of its siblings that hold it encoded, {@code page.html.br}
 * beside {@code page.html}. Which siblings exist, and that others do not, is asked of the kernel as often as the
 * {@link FileCache} looks at a file again, not for each request. Attached to the {@link CachedFile} that it tells about,
 * and forgotten with it; owns no descriptor, because siblings are files of the cache like any other. Confined to the
 * loop's thread.
 */
final class FileRepresentations {

    private final CachedFile file;
    private final HttpHeaderBytes contentType;
    private final @Nullable HttpHeaderBytes cacheControl;
    /** By the ordinal of the coding; null where none is looked for. */
    private final @Nullable FilePath[] siblings = new FilePath[ContentCoding.COUNT];
    private final @Nullable FileRepresentation[] encoded = new FileRepresentation[ContentCoding.COUNT];
    private FileRepresentation plain;
    /** The codings for which there is a sibling, a bit for each by its ordinal. */
    private int present;
    private boolean hasLooked;
    private long lookedAt;

    /**
     * Knows of no sibling yet, and looks for them when it is first asked.
     *
     * @param path of the file; copied
     * @param precompressed whether siblings are looked for at all
     */
    FileRepresentations(CachedFile file, FilePath path, HttpHeaderBytes contentType,
            @Nullable HttpHeaderBytes cacheControl, boolean precompressed) {
        this.file = file;
        this.contentType = contentType;
        this.cacheControl = cacheControl;
        for (int coding = 0; precompressed && coding < siblings.length; coding++) {
            siblings[coding] = path.sibling(ContentCoding.PREFERRED.get(coding).suffix());
        }
        this.plain = represent(file, null);
    }

    /**
     * The representation that a client wants most. Looking for it may push the file itself out of the cache: it must
     * have been retained.
     *
     * @param nanoTime the loop's clock
     */
    FileRepresentation choose(AcceptedCodings accepted, FileCache cache, long nanoTime) {
        if (!hasLooked || !cache.isFresh(lookedAt, nanoTime)) {
            look(cache, nanoTime);
        }
        int available = present;
        for (int coding = accepted.choose(available); coding >= 0; coding = accepted.choose(available)) {
            FilePath sibling = siblings[coding];
            if (sibling != null && cache.find(sibling, nanoTime) instanceof CachedFile found) {
                return encoded(coding, found);
            }
            available &= ~(1 << coding); // it has just gone
        }
        return plain;
    }

    private void look(FileCache cache, long nanoTime) {
        boolean varied = present != 0;
        present = 0;
        for (int coding = 0; coding < siblings.length; coding++) {
            FilePath sibling = siblings[coding];
            if (sibling != null && cache.find(sibling, nanoTime) instanceof CachedFile) {
                present |= 1 << coding;
            }
        }
        if (varied != (present != 0)) {
            plain = represent(file, null);
        }
        lookedAt = nanoTime;
        hasLooked = true;
    }

    private FileRepresentation encoded(int coding, CachedFile found) {
        FileRepresentation known = encoded[coding];
        if (known == null || known.file() != found) {
            known = represent(found, ContentCoding.PREFERRED.get(coding));
            encoded[coding] = known;
        }
        return known;
    }

    private FileRepresentation represent(CachedFile bytes, @Nullable ContentCoding coding) {
        return new FileRepresentation(bytes, contentType, coding, present != 0, cacheControl);
    }
}
