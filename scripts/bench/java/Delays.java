import io.ringwave.EngineConfig;
import io.ringwave.http.Handlers;
import io.ringwave.http.HttpServer;
import io.ringwave.http.Latencies;
import io.ringwave.http.LatencySummary;
import io.ringwave.http.PreparedResponse;
import io.ringwave.http.RouteClass;
import io.ringwave.http.Router;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * For latency.sh: a server on one loop whose {@code /spin} takes as long as it is told, and which says for every line of input
 * what it has recorded since the last. Arguments: port, io_uring or epoll, microseconds.
 */
final class Delays {

    private Delays() {}

    public static void main(String[] args) throws Exception {
        long nanos = Long.parseLong(args[2]) * 1000;
        PreparedResponse hello = PreparedResponse.of(200, "text/plain", "hello".getBytes(StandardCharsets.UTF_8));
        EngineConfig config = EngineConfig.builder().address(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])))
                .loops(1).backend(args[1]).build();
        try (HttpServer server = HttpServer.start(config,
                loop -> new Router().get("/plaintext", Handlers.prepared(hello)).get("/spin", (request, response) -> {
                    for (long end = System.nanoTime() + nanos; System.nanoTime() - end < 0;) {
                        Thread.onSpinWait();
                    }
                    response.send(hello);
                }))) {
            Latencies before = server.latencies();
            while (System.in.read() >= 0) {
                Latencies now = server.latencies();
                System.out.println("recorded " + text(now.since(before).ofClass(RouteClass.PLAINTEXT)) + " "
                        + text(now.since(before).ofClass(RouteClass.API)));
                before = now;
            }
        }
    }

    private static String text(LatencySummary summary) {
        return summary.count() + " " + summary.p50() / 1000.0 + " " + summary.p99() / 1000.0;
    }
}
