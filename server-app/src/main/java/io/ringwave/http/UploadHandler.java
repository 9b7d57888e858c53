package io.ringwave.http;

/**
 * Takes request bodies while they arrive, instead of whole: for those that are long, or that go elsewhere at once. Runs
 * on the event loop's thread and must not block. Made a handler by {@link Handlers#streaming}.
 */
@FunctionalInterface
public interface UploadHandler {

    /**
     * A request's head has arrived, and its body follows, if it has one. An exception is answered with 500.
     *
     * @param request its head; as always, valid until this returns
     * @param flow slows the client down, where the receiver cannot keep up
     * @return what takes this one body
     */
    BodyReceiver begin(HttpRequest request, BodyFlow flow) throws Exception;
}
