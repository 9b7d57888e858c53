package io.ringwave.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real tree that nobody made for this test: thousands of files of all sizes, with the names that people give. */
class DocumentTreeIT {
    private static final Path TREE = Path.of("/usr/share/doc");
    private static final int ENOUGH = 100;
    private static final int CONNECTIONS = 4;

    @ParameterizedTest
    @EnumSource
    void everyFileArrivesByteForByte(BackendOption backend) throws Exception {
        List<Path> files = readableFiles();
        assumeTrue(files.size() >= ENOUGH, TREE + " has only " + files.size() + " files here");
        List<String> wrong = new ArrayList<>();
        try (ServerProcess server = ServerProcess.start(backend.with("--static-dir", TREE.toString(), "--dotfiles"))) {
            TestClient[] clients = new TestClient[CONNECTIONS];
            for (int client = 0; client < CONNECTIONS; client++) {
                clients[client] = new TestClient(server.port());
            }
            for (int index = 0; index < files.size(); index++) {
                String path = "/static/" + encode(TREE.relativize(files.get(index)).toString());
                TestClient.Response response = clients[index % CONNECTIONS].request("GET", path);
                if (response.status() != 200 || !Arrays.equals(Files.readAllBytes(files.get(index)), response.body())) {
                    wrong.add(path + ": " + response.statusLine() + ", " + response.body().length + " bytes");
                }
            }
            byte[] stats = clients[0].request("GET", "/api/stats").body();
            assertEquals(String.valueOf(CONNECTIONS), JsonText.at("/connections/accepted", stats),
                    "keep-alive: every file came over the first connections");
            for (TestClient client : clients) {
                client.close();
            }
        }
        assertEquals(List.of(), wrong);
    }

    private static List<Path> readableFiles() throws IOException {
        if (!Files.isDirectory(TREE)) {
            return List.of();
        }
        try (Stream<Path> found = Files.walk(TREE)) {
            return found.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .filter(Files::isReadable).sorted().toList();
        }
    }

    /** Percent-encodes all but the unreserved characters and the slash (RFC 3986 section 2.3). */
    private static String encode(String path) {
        StringBuilder encoded = new StringBuilder();
        for (byte next : path.getBytes(StandardCharsets.UTF_8)) {
            boolean unreserved = next >= 'a' && next <= 'z' || next >= 'A' && next <= 'Z' || next >= '0' && next <= '9'
                    || "-._~/".indexOf(next) >= 0;
            encoded.append(unreserved ? String.valueOf((char) next) : "%%%02X".formatted(next));
        }
        return encoded.toString();
    }
}
