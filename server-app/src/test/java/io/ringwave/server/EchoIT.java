package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON API: what it returns, and what it refuses. */
class EchoIT {
    private static ServerProcess server;

    @BeforeAll
    static void start() throws IOException {
        server = ServerProcess.start("--static-dir", "../static", "--mode", "dynamic-path");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"a":1}                              | {"a":1}
            ` { "a" : [ 1 , true , null ] } `    | {"a":[1,true,null]}
            "text"                               | "text"
            12345678901234567890.123456789012345 | 12345678901234567890.123456789012345
            -0.10e+5                             | -0.10e+5
            []                                   | []
            {"twice":1,"twice":2}                | {"twice":1,"twice":2}
            "\\u00e9"                            | "é"
            [{"\\ud83d\\ude00":"\\ud83d\\ude00"}] | [{"😀":"😀"}]
            [{"\\ud83d":1},{"\\ud83d":"\\ude00"}] | [{"\\uD83D":1},{"\\uD83D":"\\uDE00"}]
            [{"\\u00e9":1},{"\\u00e9":false}]      | [{"é":1},{"é":false}]
            [{"\\"\\n":{}},{"\\"\\n":{}}]         | [{"\\"\\n":{}},{"\\"\\n":{}}]
            """)
    void returnsTheJsonText(String sent, String expected) throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            TestClient.Response response = client.post("/api/echo", "application/json", bytes(sent));
            assertEquals(expected, response.text());
            assertEquals(200, response.status());
            assertEquals("application/json", response.headers().get("Content-Type"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"a\":}", "nul", "", "   ", "{\"a\":1} x", "{} {}", "[1,]", "{\"a\":1]", "01",
        "'single'", "\"\u0001\""})
    void refusesWhatIsNotOneJsonText(String body) throws IOException {
        assertRefused(body);
    }

    @Test
    void refusesDeepNestingAndLongNumbers() throws IOException {
        assertRefused("[".repeat(10_000) + "]".repeat(10_000));
        assertRefused("1".repeat(10_000));
    }

    @Test
    void aRefusedBodyLeavesTheNextOneAlone() throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            for (int round = 0; round < 3; round++) {
                assertEquals(400, client.post("/api/echo", "application/json", bytes("{\"a\":[1,")).status());
                assertEquals("[1]", client.post("/api/echo", "application/json", bytes("[1]")).text());
            }
        }
    }

    @Test
    void anAnswerMayBeLargerThanABuffer() throws IOException {
        String large = "[" + "\"0123456789\",".repeat(20_000) + "1]";
        try (TestClient client = new TestClient(server.port())) {
            assertEquals(large, client.post("/api/echo", "application/json; charset=utf-8", bytes(large)).text());
        }
    }

    /** More names than are kept between requests, each of them new: the parser goes on, and forgets them. */
    @Test
    void namesThatNeverRepeatAreEchoed() throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            for (int round = 0; round < 50; round++) {
                StringBuilder text = new StringBuilder("{");
                for (int i = 0; i < 10_000; i++) {
                    text.append("\"a name of round ").append(round).append(" and number ").append(i).append("\":1,");
                }
                String body = text.append("\"end\":0}").toString();
                assertEquals(body, client.post("/api/echo", "application/json", bytes(body)).text());
            }
        }
    }

    /** One after the other on one connection: written into blocks, into buffers, and between them. */
    @Test
    void longAndShortAnswersTakeTurns() throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            for (int count : new int[]{5000, 5000, 1, 70_000, 70_000, 3, 80_000, 1000, 1300, 1400, 1200}) {
                String body = "[" + "\"0123456789\",".repeat(count) + "1]";
                assertEquals(body, client.post("/api/echo", "application/json", bytes(body)).text());
            }
        }
    }

    /** What matters is the body: curl -d says it were a form. */
    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "Application/JSON ; charset=UTF-8"})
    void whatTheBodyIsCalledDoesNotMatter(String contentType) throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            assertEquals("{}", client.post("/api/echo", contentType, bytes("{}")).text());
        }
    }

    @Test
    void aBodyThatIsNoTextIsRefused() throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            byte[] utf32BeyondUnicode = {0, 0, 0, '"', 0x7f, -1, -1, -1, 0, 0, 0, '"'};
            assertEquals(400, client.post("/api/echo", "application/json", utf32BeyondUnicode).status());
            assertEquals(400, client.post("/api/echo", "application/json", new byte[]{0, 0, '"', 0}).status());
            assertEquals("[1]", client.post("/api/echo", "application/json", bytes("[1]")).text());
        }
    }

    @Test
    void otherMethodsAreToldWhichOneIsAllowed() throws IOException {
        TestClient.Response response = TestClient.get(server.port(), "/api/echo");
        assertEquals(405, response.status());
        assertTrue(response.headers().get("Allow").contains("POST"), response.headers().toString());
    }

    @Test
    void theFastPathHasNoEcho() throws IOException {
        try (ServerProcess fast = ServerProcess.start("--static-dir", "../static");
                TestClient client = new TestClient(fast.port())) {
            assertEquals(404, client.post("/api/echo", "application/json", bytes("{}")).status());
        }
    }

    private static void assertRefused(String body) throws IOException {
        try (TestClient client = new TestClient(server.port())) {
            TestClient.Response response = client.post("/api/echo", "application/json", bytes(body));
            assertEquals(400, response.status(), response.text());
            assertFalse(JsonText.at("/error", response.body()).isBlank());
            assertFalse(response.text().contains("\n"), response.text());
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
