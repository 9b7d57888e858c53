package io.ringwave.http;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How {@link StaticFiles} answers. Made by {@link #builder}; immutable, and valid once built.
 *
 * @param contentTypes content types by extension, beside the common ones or instead of them: extensions in lower case
 *     without the dot; a {@code text/} type without a charset is declared to be UTF-8
 * @param cacheControl the value of Cache-Control with files (RFC 9111 section 5.2); empty: none is sent
 * @param precompressed whether {@code name.br}, {@code name.zst} and {@code name.gz} are taken for encodings of
 *     {@code name}, for clients that accept them
 * @param listDirectories whether a directory without {@code index.html} is answered with a list of what is in it
 * @param maxListedEntries the most entries that such a list has
 * @param dotfiles whether names that begin with a dot are served, and listed
 * @param cache how files are kept and sent
 */
public record StaticFilesConfig(Map<String, String> contentTypes, String cacheControl, boolean precompressed,
        boolean listDirectories, int maxListedEntries, boolean dotfiles, FileCacheConfig cache) {

    private static final int MAX_VALUE_LENGTH = 256;

    /** @throws IllegalArgumentException naming the option that is wrong */
    public StaticFilesConfig {
        Map<String, String> checked = new HashMap<>();
        contentTypes.forEach((extension, type) -> checked.put(requireExtension(extension), requireType(type)));
        contentTypes = Map.copyOf(checked);
        requireValue("cacheControl", cacheControl);
        if (maxListedEntries < 1 || maxListedEntries > 100_000) {
            throw new IllegalArgumentException("maxListedEntries must be between 1 and 100000: " + maxListedEntries);
        }
    }

    /** A builder with the default values. */
    public static Builder builder() {
        return new Builder();
    }

    /** The default values: encoded siblings are served; directories are not listed, and dotfiles not served. */
    public static StaticFilesConfig defaults() {
        return new Builder().build();
    }

    private static String requireExtension(String extension) {
        String lower = extension.toLowerCase(Locale.ROOT);
        if (lower.isEmpty() || lower.length() > ContentTypes.MAX_EXTENSION_BYTES
                || !lower.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '.' && c != '/' && c != '\\')) {
            throw new IllegalArgumentException("contentTypes: an extension is 1 to " + ContentTypes.MAX_EXTENSION_BYTES
                    + " printable characters without a dot or a slash: '" + extension + "'");
        }
        return lower;
    }

    /** {@code type "/" subtype *( ";" parameter )} (RFC 9110 section 8.3.1); of the parameters only what they are made of. */
    private static String requireType(String type) {
        requireValue("contentTypes", type);
        int end = type.indexOf(';');
        String name = (end < 0 ? type : type.substring(0, end)).strip();
        int slash = name.indexOf('/');
        if (slash < 0 || !isToken(name.substring(0, slash)) || !isToken(name.substring(slash + 1))) {
            throw new IllegalArgumentException("contentTypes: a content type is like text/html: '" + type + "'");
        }
        boolean isText = name.regionMatches(true, 0, "text/", 0, 5);
        boolean hasCharset = type.toLowerCase(Locale.ROOT).contains("charset=");
        return isText && !hasCharset ? type + "; charset=utf-8" : type;
    }

    private static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c < 0x7f && Ascii.is(c, Ascii.TOKEN));
    }

    private static void requireValue(String option, String value) {
        if (value.length() > MAX_VALUE_LENGTH || !value.equals(value.strip())
                || !value.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            throw new IllegalArgumentException(option + " must be at most " + MAX_VALUE_LENGTH
                    + " printable ASCII characters without blanks around them: '" + value + "'");
        }
    }

    /** Collects the options of a {@link StaticFilesConfig}. */
    public static final class Builder {
        private final Map<String, String> contentTypes = new HashMap<>();
        private String cacheControl = "";
        private boolean precompressed = true;
        private boolean listDirectories;
        private int maxListedEntries = 1000;
        private boolean dotfiles;
        private FileCacheConfig cache = FileCacheConfig.defaults();

        private Builder() {}

        /** Adds the content type of one extension; of an extension that is given twice the last type counts. */
        public Builder contentType(String extension, String type) {
            contentTypes.put(extension, type);
            return this;
        }

        public Builder cacheControl(String cacheControl) {
            this.cacheControl = cacheControl;
            return this;
        }

        public Builder precompressed(boolean precompressed) {
            this.precompressed = precompressed;
            return this;
        }

        public Builder listDirectories(boolean listDirectories) {
            this.listDirectories = listDirectories;
            return this;
        }

        public Builder maxListedEntries(int maxListedEntries) {
            this.maxListedEntries = maxListedEntries;
            return this;
        }

        public Builder dotfiles(boolean dotfiles) {
            this.dotfiles = dotfiles;
            return this;
        }

        public Builder cache(FileCacheConfig cache) {
            this.cache = cache;
            return this;
        }

        /** @throws IllegalArgumentException naming the option that is wrong */
        public StaticFilesConfig build() {
            return new StaticFilesConfig(contentTypes, cacheControl, precompressed, listDirectories, maxListedEntries,
                    dotfiles, cache);
        }
    }
}
