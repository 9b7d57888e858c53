package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RouterTest {

    private static final HttpHandler A = (request, response) -> {
    };
    private static final HttpHandler B = (request, response) -> {
    };

    private static Route find(Router router, String path) {
        return router.find(HeadTemplate.encode("xxx" + path), 3, path.length());
    }

    @Test
    void findsEveryExactPathAmongManyOfEveryLength() {
        Router router = new Router();
        for (int i = 1; i < 200; i++) {
            router.get("/" + "a".repeat(i % 40) + i, A);
        }
        for (int i = 1; i < 200; i++) {
            String path = "/" + "a".repeat(i % 40) + i;
            Route route = find(router, path);
            assertNotNull(route, path);
            assertEquals(path.length(), route.length());
            assertNull(find(router, path + "b"));
        }
        assertNull(find(router, "/"));
    }

    @Test
    void prefersExactPathsAndLongerPrefixes() {
        Router router = new Router().get("/{rest...}", A).get("/a/{rest...}", A).get("/a/b/{rest...}", A)
                .get("/a/b/c", B).put("/a/{rest...}", B);
        assertSame(B, find(router, "/a/b/c").handler(HttpMethod.GET));
        assertEquals(5, find(router, "/a/b/cd").length());
        assertEquals(5, find(router, "/a/b/").length());
        assertEquals(3, find(router, "/a/b").length());
        assertEquals(1, find(router, "/b").length());
        assertSame(B, find(router, "/a/x").handler(HttpMethod.PUT));
    }

    @Test
    void parametersMatchOneSegmentThatIsNotEmpty() {
        Router router = new Router().get("/users/{id}", A).get("/users/{id}/posts/{post}", B);
        assertSame(A, find(router, "/users/7").handler(HttpMethod.GET));
        assertSame(B, find(router, "/users/7/posts/a-b").handler(HttpMethod.GET));
        for (String path : new String[]{"/users/", "/users", "/users/7/", "/users/7/posts", "/users//posts/1",
            "/users/7/posts/1/", "/user/7", "/usersx/7", "/"}) {
            assertNull(find(router, path), path);
        }
    }

    @Test
    void theClosestPatternIsFound() {
        HttpHandler[] handlers = new HttpHandler[7];
        for (int i = 0; i < handlers.length; i++) {
            handlers[i] = (request, response) -> {
            };
        }
        Router router = new Router().get("/{rest...}", handlers[0]).get("/a/{rest...}", handlers[1])
                .get("/{x}/{rest...}", handlers[2]).get("/{x}/b", handlers[3]).get("/a/{y}", handlers[4])
                .get("/{x}/{y}", handlers[5]).get("/a/b", handlers[6]);
        String[] paths = {"/c", "/a", "/c/b/c", "/c/b", "/a/c", "/c/c", "/a/b"};
        int[] expected = {0, 0, 2, 3, 4, 5, 6};
        for (int i = 0; i < paths.length; i++) {
            assertSame(handlers[expected[i]], find(router, paths[i]).handler(HttpMethod.GET), paths[i]);
        }
        assertSame(handlers[1], find(router, "/a/").handler(HttpMethod.GET));
        assertEquals(3, find(router, "/a/b/c").length(), "a text goes before a parameter");
    }

    @Test
    void methodsOfAPatternAreCollected() {
        Router router = new Router().get("/u/{id}", A).put("/u/{id}", B);
        assertSame(B, find(router, "/u/1").handler(HttpMethod.PUT));
        assertArrayEquals("Allow: GET, HEAD, PUT, OPTIONS\r\n".getBytes(StandardCharsets.US_ASCII),
                find(router, "/u/1").allow().line());
        Router open = new Router().get("/u/{id}", A);
        assertThrows(IllegalArgumentException.class, () -> open.get("/u/{id}", B));
        assertThrows(IllegalArgumentException.class, () -> open.delete("/u/{name}", B));
    }

    @Test
    void aPrefixNeedsItsSlash() {
        Router router = new Router().get("/static/{rest...}", A);
        assertNull(find(router, "/static"));
        assertNull(find(router, "/staticfile"));
        assertNotNull(find(router, "/static/"));
    }

    @Test
    void headIsAnsweredByGetUnlessItHasItsOwn() {
        Router router = new Router().get("/a", A).get("/b", A).handle("HEAD", "/b", B).post("/c", A);
        assertSame(A, find(router, "/a").handler(HttpMethod.HEAD));
        assertSame(B, find(router, "/b").handler(HttpMethod.HEAD));
        assertNull(find(router, "/c").handler(HttpMethod.HEAD));
    }

    @Test
    void allowListsTheMethodsOfAPath() {
        Router router = new Router().get("/a", A).delete("/a", A);
        assertArrayEquals("Allow: GET, HEAD, DELETE, OPTIONS\r\n".getBytes(StandardCharsets.US_ASCII),
                find(router, "/a").allow().line());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "/a b", "/{}", "/a/{rest...}/b", "/a{rest...}", "/a{id}",
        "/{id}/{id}", "/{i d}", "{id}", "/{id}b", "/?", "/\u00e9"})
    void refusesMalformedPatterns(String pattern) {
        assertThrows(IllegalArgumentException.class, () -> new Router().get(pattern, A));
    }

    @Test
    void refusesDoublesUnknownMethodsAndLateRoutes() {
        Router router = new Router().get("/a", A);
        assertThrows(IllegalArgumentException.class, () -> router.get("/a", B));
        assertThrows(IllegalArgumentException.class, () -> router.handle("BREW", "/a", B));
        assertThrows(IllegalArgumentException.class, () -> router.handle("CONNECT", "/a", B));
        find(router, "/a");
        assertThrows(IllegalStateException.class, () -> router.get("/b", B));
    }
}
