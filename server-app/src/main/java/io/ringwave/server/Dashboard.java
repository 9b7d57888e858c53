package io.ringwave.server;

import io.ringwave.http.HttpHandler;
import io.ringwave.http.HttpHeaderBytes;
import io.ringwave.http.HttpRequest;
import io.ringwave.http.HttpResponse;
import io.ringwave.http.PreparedResponse;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /api/dashboard}: a page that draws the statistics while they come. One document with everything in it, put
 * together from its sources and the library for charts when this is made; nothing is ever fetched from elsewhere, and the
 * Content-Security-Policy names just these scripts and this style by their hashes. Immutable, one for all loops.
 */
final class Dashboard implements HttpHandler {
    private static final String CONTENT_TYPE = "text/html; charset=utf-8";
    private static final String SOURCES = "dashboard/";
    /** Unpacked by the build from the web jar, which keeps its licence beside it. */
    private static final String CHARTS = "/META-INF/resources/webjars/uplot/" + Version.UPLOT + "/";

    private final PreparedResponse page;
    private final String entityTag;
    private final HttpHeaderBytes entityTagField;
    private final HttpHeaderBytes policyField;
    private final HttpHeaderBytes cacheField = HttpHeaderBytes.of("Cache-Control", "no-cache");
    private final HttpHeaderBytes sniffField = HttpHeaderBytes.of("X-Content-Type-Options", "nosniff");

    private Dashboard(String style, String charts, String script, String frame) {
        byte[] document = frame.replace("{{style}}", style).replace("{{chart}}", charts).replace("{{script}}", script)
                .getBytes(StandardCharsets.UTF_8);
        page = PreparedResponse.of(200, CONTENT_TYPE, document);
        entityTag = "\"" + hash(document) + "\"";
        entityTagField = HttpHeaderBytes.of("ETag", entityTag);
        policyField = HttpHeaderBytes.of("Content-Security-Policy",
                "default-src 'none'; script-src " + source(charts) + " " + source(script) + "; style-src "
                        + source(style) + "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                        + "frame-ancestors 'none'");
    }

    /** @throws IOException if a part is missing from the program */
    static Dashboard load() throws IOException {
        return new Dashboard(read(CHARTS + "dist/uPlot.min.css") + read(SOURCES + "page.css"),
                read(CHARTS + "dist/uPlot.iife.min.js"), read(SOURCES + "page.js"), read(SOURCES + "page.html"));
    }

    @Override
    public void handle(HttpRequest request, HttpResponse response) {
        response.header(entityTagField).header(cacheField);
        if (entityTag.equals(request.header("If-None-Match"))) {
            response.status(304).send();
        } else {
            response.header(policyField).header(sniffField).send(page);
        }
    }

    private static String read(String name) throws IOException {
        try (@Nullable
        InputStream in = Dashboard.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new FileNotFoundException(name + " is missing from the program");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String source(String inline) {
        return "'sha256-" + hash(inline.getBytes(StandardCharsets.UTF_8)) + "'";
    }

    private static String hash(byte[] bytes) {
        try {
            return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible); // every Java has it
        }
    }
}
