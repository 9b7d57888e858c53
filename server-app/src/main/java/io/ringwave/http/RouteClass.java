package io.ringwave.http;

/** What kind of work a route is: requests of one kind take alike long, so their latencies are told apart. */
public enum RouteClass {
    /** {@link Handlers#prepared Prepared} text: nothing but the server's own work. */
    PLAINTEXT,
    /** {@link StaticFiles}. */
    FILE,
    /** Any other handler, on the event loop; and requests for which there is none. */
    API,
    /** {@link Handlers#offloaded} and {@link Handlers#onVirtualThread}: waits for another thread. */
    OFFLOADED;

    static RouteClass of(HttpHandler handler) {
        return switch (handler) {
            case StaticFiles files -> FILE;
            case Handlers.Offloaded offloaded -> OFFLOADED;
            case Handlers.Prepared prepared when prepared.response().contentType().startsWith("text/") -> PLAINTEXT;
            default -> API;
        };
    }
}
