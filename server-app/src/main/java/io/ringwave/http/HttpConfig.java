package io.ringwave.http;

import io.ringwave.LoopContext;
import io.ringwave.workers.WorkerConfig;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The limits of an HTTP server. Made by {@link #builder}; immutable, and valid once built.
 *
 * @param maxHeadBytes the longest request head (request line and header section); a longer one is answered with 431
 * @param maxTargetBytes the longest request target; a longer one is answered with 414
 * @param maxHeaders the most header fields in a request; more are answered with 431
 * @param maxBodyBytes the longest request body; a longer one is answered with 413
 * @param idleTimeout how long a connection may wait for its next request
 * @param headTimeout how long a request head may take, from its first byte; exceeded, it is answered with 408
 * @param bodyTimeout how long a request body may take, from the end of its head; exceeded, it is answered with 408
 * @param sendTimeout how long the peer may take none of the output that waits for it, at least; up to a quarter more.
 *     How slowly it takes some does not matter, but its kernel says so in steps of a part of its receive buffer only: a
 *     kilobyte a second shows every 106 s over loopback, where those steps are the longest
 * @param answerTimeout how long a response may be deferred, by a handler or in the queue of the workers; then it is 503
 * @param offloadThreads how many workers serve {@link Handlers#offloaded}; they begin with the first request for them
 * @param offloadQueue how many requests of one event loop may wait for a worker
 * @param latencyRecording whether it is recorded how long requests take: {@link HttpServer#latencies}
 * @param serverName the value of the Server header field (RFC 9110 section 10.2.4)
 * @param accessLog makes what hears of each request, called once per event loop, on its thread; null for none
 */
public record HttpConfig(int maxHeadBytes, int maxTargetBytes, int maxHeaders, int maxBodyBytes, Duration idleTimeout,
        Duration headTimeout, Duration bodyTimeout, Duration sendTimeout, Duration answerTimeout, int offloadThreads,
        int offloadQueue, boolean latencyRecording, String serverName,
        @Nullable Function<LoopContext, AccessLog> accessLog) {

    /** The most that {@code maxHeadBytes} can be. */
    public static final int MAX_HEAD_BYTES = 0xffff;

    /** @throws IllegalArgumentException naming the option that is out of range */
    public HttpConfig {
        requireRange("maxHeadBytes", maxHeadBytes, 256, MAX_HEAD_BYTES);
        requireRange("maxTargetBytes", maxTargetBytes, 16, 1 << 20);
        requireRange("maxHeaders", maxHeaders, 1, 4096);
        requireRange("maxBodyBytes", maxBodyBytes, 0, 1 << 30);
        requirePositive("idleTimeout", idleTimeout);
        requirePositive("headTimeout", headTimeout);
        requirePositive("bodyTimeout", bodyTimeout);
        requirePositive("sendTimeout", sendTimeout);
        requirePositive("answerTimeout", answerTimeout);
        requireRange("offloadThreads", offloadThreads, 1, 4096);
        requireRange("offloadQueue", offloadQueue, 1, 1 << 16);
        if (serverName.isBlank() || serverName.length() > 128
                || !StandardCharsets.US_ASCII.newEncoder().canEncode(serverName)
                || serverName.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("serverName must be 1 to 128 printable ASCII characters");
        }
    }

    /** A builder with the default values. */
    public static Builder builder() {
        return new Builder();
    }

    /** The default values. */
    public static HttpConfig defaults() {
        return new Builder().build();
    }

    private static void requireRange(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(option + " must be between " + min + " and " + max + ": " + value);
        }
    }

    private static void requirePositive(String option, Duration value) {
        if (value.isNegative() || value.isZero() || value.compareTo(Duration.ofDays(365)) > 0) {
            throw new IllegalArgumentException(option + " must be positive and at most a year: " + value);
        }
    }

    /** Collects the options of an {@link HttpConfig}. */
    public static final class Builder {
        private int maxHeadBytes = 8192;
        private int maxTargetBytes = 4096;
        private int maxHeaders = 100;
        private int maxBodyBytes = 1 << 20;
        private Duration idleTimeout = Duration.ofSeconds(60);
        private Duration headTimeout = Duration.ofSeconds(10);
        private Duration bodyTimeout = Duration.ofSeconds(30);
        private Duration sendTimeout = Duration.ofMinutes(2);
        private Duration answerTimeout = Duration.ofSeconds(30);
        private int offloadThreads = Runtime.getRuntime().availableProcessors();
        private int offloadQueue = WorkerConfig.DEFAULT_CAPACITY;
        private boolean latencyRecording = true;
        private String serverName = "ringwave";
        private @Nullable Function<LoopContext, AccessLog> accessLog;

        private Builder() {}

        public Builder maxHeadBytes(int maxHeadBytes) {
            this.maxHeadBytes = maxHeadBytes;
            return this;
        }

        public Builder maxTargetBytes(int maxTargetBytes) {
            this.maxTargetBytes = maxTargetBytes;
            return this;
        }

        public Builder maxHeaders(int maxHeaders) {
            this.maxHeaders = maxHeaders;
            return this;
        }

        public Builder maxBodyBytes(int maxBodyBytes) {
            this.maxBodyBytes = maxBodyBytes;
            return this;
        }

        public Builder idleTimeout(Duration idleTimeout) {
            this.idleTimeout = idleTimeout;
            return this;
        }

        public Builder headTimeout(Duration headTimeout) {
            this.headTimeout = headTimeout;
            return this;
        }

        public Builder bodyTimeout(Duration bodyTimeout) {
            this.bodyTimeout = bodyTimeout;
            return this;
        }

        public Builder sendTimeout(Duration sendTimeout) {
            this.sendTimeout = sendTimeout;
            return this;
        }

        public Builder answerTimeout(Duration answerTimeout) {
            this.answerTimeout = answerTimeout;
            return this;
        }

        public Builder offloadThreads(int offloadThreads) {
            this.offloadThreads = offloadThreads;
            return this;
        }

        public Builder offloadQueue(int offloadQueue) {
            this.offloadQueue = offloadQueue;
            return this;
        }

        public Builder latencyRecording(boolean latencyRecording) {
            this.latencyRecording = latencyRecording;
            return this;
        }

        public Builder serverName(String serverName) {
            this.serverName = serverName;
            return this;
        }

        public Builder accessLog(@Nullable Function<LoopContext, AccessLog> accessLog) {
            this.accessLog = accessLog;
            return this;
        }

        /** @throws IllegalArgumentException naming the option that is out of range */
        public HttpConfig build() {
            return new HttpConfig(maxHeadBytes, maxTargetBytes, maxHeaders, maxBodyBytes, idleTimeout, headTimeout,
                    bodyTimeout, sendTimeout, answerTimeout, offloadThreads, offloadQueue, latencyRecording,
                    serverName, accessLog);
        }
    }
}
