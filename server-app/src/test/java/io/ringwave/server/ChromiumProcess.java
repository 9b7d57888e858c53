package io.ringwave.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A browser without a window, as a child process, driven by the DevTools protocol. Has one page. Ends with the test that
 * started it.
 */
final class ChromiumProcess implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on ws://(127\\.0\\.0\\.1:\\d+)/");

    private final Process process;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(DEADLINE).build();
    private final WebSocket socket;
    private final AtomicInteger commands = new AtomicInteger();
    private final ConcurrentHashMap<Integer, CompletableFuture<String>> answers = new ConcurrentHashMap<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();

    private ChromiumProcess(Process process) throws Exception {
        this.process = process;
        try {
            String address = address();
            HttpRequest newPage = HttpRequest.newBuilder(URI.create("http://" + address + "/json/new?about:blank"))
                    .timeout(DEADLINE).PUT(HttpRequest.BodyPublishers.noBody()).build();
            byte[] target = http.send(newPage, HttpResponse.BodyHandlers.ofByteArray()).body();
            socket = http.newWebSocketBuilder().connectTimeout(DEADLINE)
                    .buildAsync(URI.create(JsonText.at("/webSocketDebuggerUrl", target)), new Messages())
                    .get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
            for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
                command(domain + ".enable", "");
            }
        } catch (Throwable failure) {
            close();
            throw failure;
        }
    }

    /** @param profile an empty directory */
    static ChromiumProcess start(Path profile) throws Exception {
        return new ChromiumProcess(new ProcessBuilder("chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
                "--hide-scrollbars", "--remote-debugging-port=0", "--user-data-dir=" + profile, "about:blank")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start());
    }

    /** Where it can be driven: it says so on stderr, which is read to its end, so that it never has to wait. */
    private String address() throws Exception {
        CompletableFuture<String> address = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (BufferedReader lines = new BufferedReader(
                    new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    Matcher listening = LISTENING.matcher(line);
                    if (listening.find()) {
                        address.complete(listening.group(1));
                    }
                }
            } catch (IOException e) {
                // it was killed
            }
            address.completeExceptionally(new AssertionError("the browser has ended"));
        });
        return address.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    /** Gives the page that size, in CSS pixels, and colour scheme: {@code light} or {@code dark}. */
    void emulate(int width, int height, int scale, String scheme) throws Exception {
        command("Emulation.setDeviceMetricsOverride", "\"width\":" + width + ",\"height\":" + height
                + ",\"deviceScaleFactor\":" + scale + ",\"mobile\":" + (width < 600));
        command("Emulation.setEmulatedMedia",
                "\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"" + scheme + "\"}]");
    }

    /** Lets requests for such addresses fail; * stands for anything. */
    void block(String pattern) throws Exception {
        command("Network.setBlockedURLs", "\"urls\":[\"" + pattern + "\"]");
    }

    void open(String url) throws Exception {
        command("Page.navigate", "\"url\":\"" + url + "\"");
    }

    /** What an expression without double quotes is on the page, as text. */
    String evaluate(String expression) throws Exception {
        return JsonText.at("/result/result/value",
                command("Runtime.evaluate", "\"expression\":\"String(" + expression + ")\"")
                        .getBytes(StandardCharsets.UTF_8));
    }

    /** What is seen, as PNG. */
    byte[] screenshot() throws Exception {
        String answer = command("Page.captureScreenshot", "\"format\":\"png\"");
        return Base64.getDecoder().decode(JsonText.at("/result/data", answer.getBytes(StandardCharsets.UTF_8)));
    }

    /** What the browser has complained of: exceptions, errors and warnings of the page, of the network, of the policy. */
    List<String> errors() {
        return errors;
    }

    private String command(String method, String parameters) throws Exception {
        int id = commands.incrementAndGet();
        CompletableFuture<String> answer = new CompletableFuture<>();
        answers.put(id, answer);
        socket.sendText("{\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":{" + parameters + "}}", true)
                .get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        String text = answer.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        if (text.contains("\"error\":{\"code\"")) {
            throw new AssertionError(method + ": " + text);
        }
        return text;
    }

    /** Kills it, and those that it has started. */
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        http.shutdownNow();
    }

    /** Answers to commands, and events. */
    private final class Messages implements WebSocket.Listener {
        private static final Pattern ID = Pattern.compile("^\\{\"id\":(\\d+)");
        private static final Pattern COMPLAINT = Pattern.compile(
                "^\\{\"method\":\"(Runtime\\.exceptionThrown|Log\\.entryAdded|Runtime\\.consoleAPICalled)\"");

        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            message.append(part);
            if (last) {
                received(message.toString());
                message.setLength(0);
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }

        private void received(String text) {
            Matcher id = ID.matcher(text);
            if (id.find()) {
                answers.remove(Integer.valueOf(id.group(1))).complete(text);
            } else if (COMPLAINT.matcher(text).find()) {
                errors.add(text);
            }
        }
    }
}
