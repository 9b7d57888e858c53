package io.ringwave.http;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Content types by file name extension: those that web sites are made of, by their names in the IANA registry of media
 * types, and what was configured beside or instead of them. Text is declared to be UTF-8. Immutable; any thread.
 */
final class ContentTypes {

    /** What a file of an unknown kind is: just bytes (RFC 2046 section 4.5.1). */
    static final String UNKNOWN = "application/octet-stream";

    static final int MAX_EXTENSION_BYTES = 16;

    /** One content type a line, followed by its extensions. */
    private static final String TABLE = """
            text/html; charset=utf-8                html htm
            text/css; charset=utf-8                 css
            text/javascript; charset=utf-8          js mjs cjs
            text/plain; charset=utf-8               txt text log conf ini
            text/markdown; charset=utf-8            md markdown
            text/csv; charset=utf-8                 csv
            text/tab-separated-values; charset=utf-8 tsv
            text/xml; charset=utf-8                 xml xsd
            text/calendar; charset=utf-8            ics
            text/vcard; charset=utf-8               vcf
            text/vtt; charset=utf-8                 vtt
            text/x-c; charset=utf-8                 c h cc cpp hpp
            text/x-java; charset=utf-8              java
            text/x-python; charset=utf-8            py
            application/json                        json map
            application/ld+json                     jsonld
            application/geo+json                    geojson
            application/manifest+json               webmanifest
            application/yaml                        yaml yml
            application/toml                        toml
            application/sql                         sql
            application/x-sh                        sh
            application/wasm                        wasm
            application/xhtml+xml                   xhtml xht
            application/xslt+xml                    xsl xslt
            application/atom+xml                    atom
            application/rss+xml                     rss
            application/pdf                         pdf
            application/postscript                  ps eps ai
            application/rtf                         rtf
            application/msword                      doc
            application/vnd.ms-excel                xls
            application/vnd.ms-powerpoint           ppt
            application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
            application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
            application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
            application/vnd.oasis.opendocument.text odt
            application/vnd.oasis.opendocument.spreadsheet ods
            application/vnd.oasis.opendocument.presentation odp
            application/epub+zip                    epub
            application/zip                         zip
            application/gzip                        gz tgz
            application/zstd                        zst
            application/x-bzip2                     bz2
            application/x-xz                        xz
            application/x-7z-compressed             7z
            application/vnd.rar                     rar
            application/x-tar                       tar
            application/java-archive                jar war
            application/vnd.debian.binary-package   deb
            application/x-rpm                       rpm
            application/vnd.android.package-archive apk
            application/x-x509-ca-cert              crt pem der
            application/x-bittorrent                torrent
            application/vnd.apple.mpegurl           m3u8
            application/dash+xml                    mpd
            image/png                               png
            image/jpeg                              jpg jpeg
            image/gif                               gif
            image/webp                              webp
            image/avif                              avif
            image/apng                              apng
            image/jxl                               jxl
            image/heic                              heic
            image/svg+xml                           svg
            image/vnd.microsoft.icon                ico
            image/bmp                               bmp
            image/tiff                              tif tiff
            font/woff                               woff
            font/woff2                              woff2
            font/ttf                                ttf
            font/otf                                otf
            font/collection                         ttc
            application/vnd.ms-fontobject           eot
            audio/mpeg                              mp3
            audio/mp4                               m4a
            audio/aac                               aac
            audio/ogg                               ogg oga opus
            audio/flac                              flac
            audio/wav                               wav
            audio/midi                              mid midi
            video/mp4                               mp4 m4v
            video/webm                              webm
            video/ogg                               ogv
            video/quicktime                         mov
            video/mpeg                              mpg mpeg
            video/mp2t                              ts
            video/x-matroska                        mkv
            video/x-msvideo                         avi
            video/3gpp                              3gp
            """;

    private static final Map<String, String> COMMON = parse(TABLE);

    private final Map<String, String> byExtension;

    private ContentTypes(Map<String, String> byExtension) {
        this.byExtension = byExtension;
    }

    /** The common types, and others that win over them: extensions in lower case, types as they are sent. */
    static ContentTypes with(Map<String, String> others) {
        Map<String, String> all = new HashMap<>(COMMON);
        all.putAll(others);
        return new ContentTypes(Map.copyOf(all));
    }

    /**
     * The content type of a file by the extension of its name, in whatever case.
     *
     * @param path a path whose last segment is the name
     */
    String of(FilePath path) {
        byte[] bytes = path.bytes();
        int end = path.length();
        int dot = end - 1;
        while (dot >= 0 && bytes[dot] != '.' && bytes[dot] != '/') {
            dot--;
        }
        boolean hasExtension = dot > 0 && bytes[dot] == '.' && bytes[dot - 1] != '/'; // .profile has none
        if (!hasExtension || end - dot - 1 > MAX_EXTENSION_BYTES) {
            return UNKNOWN;
        }
        String extension = new String(bytes, dot + 1, end - dot - 1, StandardCharsets.ISO_8859_1);
        return byExtension.getOrDefault(extension.toLowerCase(Locale.ROOT), UNKNOWN);
    }

    private static Map<String, String> parse(String table) {
        Map<String, String> types = new HashMap<>();
        table.lines().forEach(line -> {
            int end = line.startsWith("text/") ? line.indexOf(' ', line.indexOf(';') + 2) : line.indexOf(' ');
            String type = line.substring(0, end);
            for (String extension : line.substring(end).strip().split(" ")) {
                if (types.put(extension, type) != null) {
                    throw new IllegalStateException("two content types for " + extension);
                }
            }
        });
        return Map.copyOf(types);
    }
}
