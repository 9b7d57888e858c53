package io.ringwave.http;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Parses the head of a request (RFC 9110, RFC 9112 sections 2 to 6), strictly: what two parsers could understand
 * differently is refused. Confined to a thread.
 *
 * <p>Guarantees:
 * <ol>
 * <li>The result depends on no earlier {@link #parse}: the Host line that is remembered only saves looking at the same
 *     one again, and so does a head that is repeated right behind itself, as clients that pipeline send it. No
 * allocation.
 * <li>Reads only the bytes it was given, with bounds checks.
 * <li>The result is of the head alone: what follows it, and how the head was cut while it arrived, make no difference
 *     (a refusal may come before the head is whole).
 * <li>Each byte is looked at a bounded number of times. A head that drips in is not parsed again for every drop:
 *     {@link #findHeadEnd} tells when to, and looks at each byte once.
 * </ol>
 *
 * <p>Positions are ints relative to the {@code offset} that was parsed. What most requests go through reads memory in
 * as few places as it can, a word at a time: each place weighs so much in the compiler that a dozen more would keep it
 * from compiling the parser as one.
 */
final class RequestParser {

    /** The head is not whole yet, and nothing is wrong with it so far. */
    static final int PARTIAL = -1;

    private static final short CRLF = '\r' | '\n' << 8;
    private static final int GET_SPACE = 'G' | 'E' << 8 | 'T' << 16 | ' ' << 24;
    private static final long HTTP_1_1 = word("HTTP/1.1");
    private static final long HTTP_1_0 = word("HTTP/1.0");
    private static final byte[] VERSION = "HTTP/d.d\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HTTP = lowerCase("http");
    private static final byte[] HTTPS = lowerCase("https");
    private static final byte[] CLOSE = lowerCase("close");
    private static final byte[] KEEP_ALIVE = lowerCase("keep-alive");
    private static final byte[] CHUNKED = lowerCase("chunked");
    private static final byte[] CONTINUE = lowerCase("100-continue");
    private static final int HOST = 'h' | 'o' << 8 | 's' << 16 | 't' << 24;
    private static final long HOST_COLON = HOST | (long) ':' << 32;
    private static final long HOST_COLON_BITS = 0xff_ffff_ffffL;
    private static final long HOST_CASE_BITS = 0x2020_2020L;
    private static final int HOST_COLON_LENGTH = 5;
    private static final int MAX_PORT_DIGITS = 5;
    /** The longest Host line that is remembered. */
    private static final int MAX_KNOWN_BYTES = 64;
    private static final byte[] EXPECT = lowerCase("expect");
    private static final byte[] CONNECTION = lowerCase("connection");
    private static final byte[] CONTENT_LENGTH = lowerCase("content-length");
    private static final byte[] TRANSFER_ENCODING = lowerCase("transfer-encoding");
    private static final long LOW_BITS = 0x7f7f_7f7f_7f7f_7f7fL;
    private static final long CASE_BITS = 0x2020_2020_2020_2020L;
    /** Longer than any method that is known. */
    private static final int MAX_METHOD_BYTES = 16;
    /** Most heads fit into this. */
    private static final int MIN_COPY_BYTES = 1024;
    /** So many digits fit into a long. */
    private static final int MAX_LENGTH_DIGITS = 18;

    // A field, as one word: positions and lengths of name and value.
    private static final int NAME_LENGTH = 16;
    private static final int VALUE = 32;
    private static final int VALUE_LENGTH = 48;
    private static final int POSITION_BITS = 0xffff;

    private final int maxHeadBytes;
    private final int maxTargetBytes;
    private final int maxHeaders;

    private MemorySegment memory = MemorySegment.NULL;
    private long base;
    private int limit;
    private int stop; // the byte that ended the last skip

    private int headLength;
    private int method;
    private int targetStart;
    private int targetEnd;
    private int pathStart;
    private int pathEnd;
    private int queryStart;
    private int minorVersion;
    private int fieldCount;
    private final long[] fields;
    // The last Host line that was parsed, CRLF included: nearly always the next one's too. The last word overlaps.
    private final long[] knownHost = new long[MAX_KNOWN_BYTES / Long.BYTES];
    private int knownHostLength;
    private int knownHostStart;
    private boolean hasHost;
    private boolean chunked;
    private boolean repeated;
    private long repeatsUntil; // up to there, in memory, heads repeat the last one
    private boolean closes;
    private boolean keepsAlive;
    private boolean expectsContinue;
    private long contentLength;

    /** @param maxHeadBytes at most {@link HttpConfig#MAX_HEAD_BYTES} */
    RequestParser(int maxHeadBytes, int maxTargetBytes, int maxHeaders) {
        if (maxHeadBytes > POSITION_BITS) {
            throw new IllegalArgumentException("heads of " + maxHeadBytes + " bytes");
        }
        this.maxHeadBytes = maxHeadBytes;
        this.maxTargetBytes = maxTargetBytes;
        this.maxHeaders = maxHeaders;
        this.fields = new long[maxHeaders];
    }

    /**
     * Parses a head at the beginning of {@code length} bytes of memory.
     *
     * @return the length of the head, blank line included; {@link #PARTIAL}; or an HTTP status, negated: 400, 414, 417,
     *     431, 501, 505
     */
    int parse(MemorySegment newMemory, long offset, int length) {
        repeated = repeats(newMemory, offset, length);
        if (repeated) {
            base = offset;
            return headLength;
        }
        headLength = 0;
        repeatsUntil = 0;
        memory = newMemory;
        base = offset;
        limit = Math.min(length, maxHeadBytes);
        targetEnd = -1;
        queryStart = -1;
        fieldCount = 0;
        hasHost = false;
        chunked = false;
        closes = false;
        keepsAlive = false;
        expectsContinue = false;
        contentLength = -1;
        int result = limit >= 4 && memory.get(Words.INT, base) == GET_SPACE
                ? parseGet()
                : parseMethod(skipEmptyLine());
        if (result == PARTIAL && length >= maxHeadBytes) {
            return targetEnd < 0 ? -414 : -431;
        }
        return result;
    }

    /** Says that what was parsed before may have changed in memory: to be called for each piece that was received. */
    void forget() {
        headLength = 0;
        repeatsUntil = 0;
    }

    /** Whether this begins with the same bytes as the head right before it: all that was found there holds here too. */
    private boolean repeats(MemorySegment newMemory, long offset, int length) {
        if (headLength == 0 || length < headLength || offset - base != headLength || newMemory != memory) {
            return false;
        }
        if (offset + headLength > repeatsUntil) {
            // All that has arrived is compared with itself a head further on, up to the first difference: one
            // comparison for however many equal heads there are.
            long end = offset + length;
            long same = MemorySegment.mismatch(memory, base, end - headLength, memory, offset, end);
            repeatsUntil = same < 0 ? end : offset + same;
        }
        return offset + headLength <= repeatsUntil;
    }

    /** How many heads follow that are known to repeat the last one, which {@link #isRepeated} itself. */
    int repeatsAhead() {
        assert repeated;
        return (int) ((repeatsUntil - base) / headLength) - 1;
    }

    /** Goes on behind so many of the heads that are {@link #repeatsAhead}; returns how many bytes they have. */
    int skipRepeats(int count) {
        assert count <= repeatsAhead();
        int bytes = count * headLength;
        base += bytes;
        return bytes;
    }

    /** Takes over the result of another parser with the same limits, with a copy of the head in memory of its own. */
    void copy(RequestParser other) {
        if (memory.byteSize() < other.headLength || base != 0) {
            // Off-heap like all other heads, so that the code that reads them sees one kind of memory.
            memory = Arena.ofAuto().allocate(Math.max(MIN_COPY_BYTES, 2L * other.headLength));
            base = 0;
        }
        MemorySegment.copy(other.memory, other.base, memory, 0, other.headLength);
        headLength = other.headLength;
        method = other.method;
        targetStart = other.targetStart;
        targetEnd = other.targetEnd;
        pathStart = other.pathStart;
        pathEnd = other.pathEnd;
        queryStart = other.queryStart;
        minorVersion = other.minorVersion;
        fieldCount = other.fieldCount;
        System.arraycopy(other.fields, 0, fields, 0, fieldCount);
        closes = other.closes;
        keepsAlive = other.keepsAlive;
        chunked = other.chunked;
        contentLength = other.contentLength;
        expectsContinue = other.expectsContinue;
    }

    // ---- The result of a parse that succeeded

    /** The length of the head, blank line included. */
    int headLength() {
        return headLength;
    }

    /** How many bytes were given to the last {@link #parse}, at most {@code maxHeadBytes} of them. */
    int parsedBytes() {
        return limit;
    }

    /** The memory that was parsed. */
    MemorySegment memory() {
        return memory;
    }

    /** Where in {@link #memory} position 0 is. */
    long base() {
        return base;
    }

    /** Whether the head repeats the one that was parsed right before it, byte for byte. */
    boolean isRepeated() {
        return repeated;
    }

    /** One of {@link HttpMethod}. */
    int method() {
        return method;
    }

    int targetStart() {
        return targetStart;
    }

    int targetEnd() {
        return targetEnd;
    }

    /** Where the path begins. The path is empty where an absolute-form target has none. */
    int pathStart() {
        return pathStart;
    }

    int pathEnd() {
        return pathEnd;
    }

    /** Where the query begins, behind its question mark; -1 if there is none. It ends at {@link #targetEnd}. */
    int queryStart() {
        return queryStart;
    }

    /** 1 for HTTP/1.1 and above, 0 for HTTP/1.0. */
    int minorVersion() {
        return minorVersion;
    }

    /** How many header fields there are. */
    int fieldCount() {
        return fieldCount;
    }

    int nameStart(int field) {
        return (int) fields[field] & POSITION_BITS;
    }

    int nameLength(int field) {
        return (int) (fields[field] >>> NAME_LENGTH) & POSITION_BITS;
    }

    int valueStart(int field) {
        return (int) (fields[field] >>> VALUE) & POSITION_BITS;
    }

    int valueLength(int field) {
        return (int) (fields[field] >>> VALUE_LENGTH);
    }

    /** The first field of that name, or -1. */
    int find(String name) {
        return find(name, 0);
    }

    /** The index of the next field of that name, from one on; -1 if there is none. */
    int find(String name, int from) {
        int length = name.length();
        for (int field = from; field < fieldCount; field++) {
            if (nameLength(field) == length && isNamed(nameStart(field), name)) {
                return field;
            }
        }
        return -1;
    }

    /** Whether the body is chunked (RFC 9112 section 7.1). */
    boolean isChunked() {
        return chunked;
    }

    /** Content-Length; -1 if there is none. */
    long contentLength() {
        return contentLength;
    }

    /** Whether the connection persists after this request (RFC 9112 section 9.3). */
    boolean isPersistent() {
        return !closes && (minorVersion >= 1 || keepsAlive);
    }

    /** Whether the client waits for 100 (Continue) before it sends the body (RFC 9110 section 10.1.1). */
    boolean expectsContinue() {
        return expectsContinue;
    }

    // ---- The end of a head

    /**
     * Looks for the end of a head, or for a line end that the parser will refuse.
     *
     * @param from up to where earlier calls have looked
     * @return the number of bytes that are to be parsed; -1 if more must arrive first
     */
    static int findHeadEnd(MemorySegment memory, long offset, int from, int length) {
        int at = from;
        while (true) {
            at = findLineFeed(memory, offset, at, length);
            if (at == length) {
                return -1;
            }
            boolean bare = at == 0 || memory.get(Words.BYTE, offset + at - 1) != '\r';
            if (bare || at >= 3 && memory.get(Words.SHORT, offset + at - 3) == CRLF) {
                return at + 1;
            }
            at++;
        }
    }

    private static int findLineFeed(MemorySegment memory, long offset, int from, int length) {
        int at = from;
        while (length - at >= Long.BYTES) {
            long found = Words.equalTo(memory.get(Words.LONG, offset + at), '\n');
            if (found != 0) {
                return at + Words.first(found);
            }
            at += Long.BYTES;
        }
        while (at < length && memory.get(Words.BYTE, offset + at) != '\n') {
            at++;
        }
        return at;
    }

    // ---- The request line. Each method takes the position of its part and goes on to the next one.

    /** One empty line before the request line is ignored (RFC 9112 section 2.2). */
    private int skipEmptyLine() {
        if (limit >= 2) {
            return memory.get(Words.SHORT, base) == CRLF ? 2 : 0;
        }
        return limit == 1 && byteAt(0) == '\r' ? 1 : 0; // position 1 is the end: partial
    }

    private int parseGet() {
        method = HttpMethod.GET;
        return parseTarget(4);
    }

    private int parseMethod(int at) {
        int end = at;
        while (end < limit && Ascii.is(byteAt(end), Ascii.TOKEN)) {
            end++;
        }
        if (end - at > MAX_METHOD_BYTES) {
            return -501;
        }
        if (end == limit) {
            return PARTIAL;
        }
        if (end == at || byteAt(end) != ' ') {
            return -400;
        }
        method = methodAt(at, end - at);
        return method < 0 || method == HttpMethod.CONNECT ? -501 : parseTarget(end + 1);
    }

    private int methodAt(int at, int length) {
        for (int candidate = 0; candidate < HttpMethod.COUNT; candidate++) {
            String name = HttpMethod.name(candidate);
            if (name.length() == length) {
                int i = 0;
                while (i < length && byteAt(at + i) == name.charAt(i)) {
                    i++;
                }
                if (i == length) {
                    return candidate;
                }
            }
        }
        return -1;
    }

    private int parseTarget(int at) {
        targetStart = at;
        if (at == limit) {
            return PARTIAL;
        }
        if (byteAt(at) != '/') {
            return parseOtherTarget(at);
        }
        pathStart = at;
        int end = skipPath(at, limit);
        pathEnd = end;
        if (end < limit && stop == '?') {
            queryStart = end + 1;
            end = skipQuery(end + 1, limit);
        }
        if (end - at > maxTargetBytes) {
            return -414;
        }
        if (end == limit) {
            return PARTIAL;
        }
        return stop == ' ' ? endTarget(end) : -400;
    }

    private int endTarget(int end) {
        targetEnd = end;
        return parseVersion(end + 1);
    }

    /** Asterisk-form and absolute-form (RFC 9112 sections 3.2.2 and 3.2.4). */
    private int parseOtherTarget(int at) {
        int end = at;
        while (end < limit && byteAt(end) > ' ' && byteAt(end) < 0x7f) {
            end++;
        }
        if (end - at > maxTargetBytes) {
            return -414;
        }
        if (end == limit) {
            return PARTIAL;
        }
        if (byteAt(end) != ' ') {
            return -400;
        }
        if (end - at == 1 && byteAt(at) == '*' && method == HttpMethod.OPTIONS) {
            pathStart = at;
            pathEnd = end;
            return endTarget(end);
        }
        return isAbsolute(at, end) ? endTarget(end) : -400;
    }

    private boolean isAbsolute(int at, int end) {
        int authority = at;
        while (authority < end && byteAt(authority) != ':') {
            authority++;
        }
        boolean http = equalsLowerCase(at, authority, HTTP) || equalsLowerCase(at, authority, HTTPS);
        if (!http || end - authority < 4 || byteAt(authority + 1) != '/' || byteAt(authority + 2) != '/') {
            return false;
        }
        authority += 3;
        int authorityEnd = authority;
        while (authorityEnd < end && byteAt(authorityEnd) != '/' && byteAt(authorityEnd) != '?') {
            authorityEnd++;
        }
        pathStart = authorityEnd;
        pathEnd = skipPath(authorityEnd, end);
        int rest = pathEnd;
        if (rest < end && byteAt(rest) == '?') {
            queryStart = rest + 1;
            rest = skipQuery(rest + 1, end);
        }
        return rest == end && isAuthority(authority, authorityEnd);
    }

    /**
     * The first position from {@code at} whose byte, which is left in {@link #stop}, is not of a path (RFC 3986 section
     * 3.3), or {@code end}.
     */
    private int skipPath(int at, int end) {
        while (end - at >= Long.BYTES) {
            long word = memory.get(Words.LONG, base + at);
            long ascii = word & LOW_BITS;
            // Most paths consist of these two ranges; the others are looked up one by one.
            long plain = (Words.within(ascii, '-', '9') | Words.within(ascii, 'a', 'z')) & ~word;
            if (plain == Words.HIGHS) {
                at += Long.BYTES;
                continue;
            }
            int index = Words.first(plain ^ Words.HIGHS);
            at += index;
            stop = Words.byteOf(word, index);
            int next = Ascii.is(stop, Ascii.PATH) ? skipEncoded(at, end) : at;
            if (next == at) {
                return at;
            }
            at = next;
        }
        return skipPathBytes(at, end);
    }

    private int skipPathBytes(int at, int end) {
        while (at < end) {
            stop = byteAt(at);
            int next = skipEncoded(at, end);
            if (next == at) {
                return at;
            }
            at = next;
        }
        return at;
    }

    /** Skips one character of a path, {@link #stop}, which may begin an encoded one (RFC 3986 section 2.1). */
    private int skipEncoded(int at, int end) {
        if (!Ascii.is(stop, Ascii.PATH)) {
            return at;
        }
        if (stop != '%') {
            return at + 1;
        }
        if (end - at < 3) {
            return end == limit ? end : at; // the digits may still arrive
        }
        return Ascii.is(byteAt(at + 1), Ascii.HEX) && Ascii.is(byteAt(at + 2), Ascii.HEX) ? at + 3 : at;
    }

    private int skipQuery(int at, int end) {
        int queryEnd = skipPath(at, end);
        while (queryEnd < end && stop == '?') {
            queryEnd = skipPath(queryEnd + 1, end);
        }
        return queryEnd;
    }

    private int parseVersion(int at) {
        if (limit - at < VERSION.length) {
            return checkVersion(at, limit - at);
        }
        long version = memory.get(Words.LONG, base + at);
        if (version == HTTP_1_1) {
            minorVersion = 1;
        } else if (version == HTTP_1_0) {
            minorVersion = 0;
        } else {
            int status = checkVersion(at, VERSION.length);
            if (status != PARTIAL) {
                return status;
            }
            if (byteAt(at + 5) != '1') {
                return -505;
            }
            minorVersion = 1; // a later HTTP/1.x is understood as HTTP/1.1 (RFC 9110 section 2.5)
        }
        return memory.get(Words.SHORT, base + at + Long.BYTES) == CRLF ? parseFields(at + VERSION.length) : -400;
    }

    /** Compares with HTTP/d.d and CRLF, as far as there is something to compare. */
    private int checkVersion(int at, int length) {
        for (int i = 0; i < length; i++) {
            int character = byteAt(at + i);
            boolean matches = VERSION[i] == 'd' ? Ascii.is(character, Ascii.DIGIT) : character == VERSION[i];
            if (!matches) {
                return -400;
            }
        }
        return PARTIAL;
    }

    // ---- The header section

    private int parseFields(int at) {
        while (limit - at >= 2) {
            if (memory.get(Words.SHORT, base + at) == CRLF) {
                return checkFraming(at + 2);
            }
            if (fieldCount == maxHeaders) {
                return -431;
            }
            at = parseField(at);
            if (at < 0) {
                return at;
            }
        }
        return limit > at && byteAt(at) != '\r' && !Ascii.is(byteAt(at), Ascii.TOKEN) ? -400 : PARTIAL;
    }

    /** One field line (RFC 9112 section 5); the position of the next. */
    private int parseField(int at) {
        if (!hasHost) {
            if (isKnownHost(at)) {
                hasHost = true;
                record(at, HOST_COLON_LENGTH - 1, at + knownHostStart, knownHostLength - 2 - knownHostStart);
                return at + knownHostLength;
            }
            int next = parseHost(at);
            if (next > 0) {
                return next;
            }
        }
        return parseAnyField(at);
    }

    /** Whether the line is the last Host line again: what was valid then is valid now. */
    private boolean isKnownHost(int at) {
        int length = knownHostLength;
        if (length == 0 || limit - at < length) {
            return false;
        }
        int last = length - 1 >>> 3;
        for (int i = 0; i < last; i++) {
            if (memory.get(Words.LONG, base + at + 8 * i) != knownHost[i]) {
                return false;
            }
        }
        return memory.get(Words.LONG, base + at + length - Long.BYTES) == knownHost[last];
    }

    private void rememberHost(int at, int start, int next) {
        int length = next - at;
        if (length <= MAX_KNOWN_BYTES) {
            int last = length - 1 >>> 3;
            for (int i = 0; i < last; i++) {
                knownHost[i] = memory.get(Words.LONG, base + at + 8 * i);
            }
            knownHost[last] = memory.get(Words.LONG, base + next - Long.BYTES);
            knownHostLength = length;
            knownHostStart = start - at;
        }
    }

    /**
     * The Host field as nearly every request has it: a name or an IPv4 address in lower case, perhaps a port, the
     * line's end. It is looked at once, where {@link #parseAnyField} would first look for the end of the line.
     *
     * @return the position of the next line; 0, and nothing has changed, if this is not such a field
     */
    private int parseHost(int at) {
        if (limit - at < Long.BYTES) {
            return 0;
        }
        long first = memory.get(Words.LONG, base + at);
        if (((first | HOST_CASE_BITS) & HOST_COLON_BITS) != HOST_COLON) {
            return 0;
        }
        int start = at + HOST_COLON_LENGTH + (Words.byteOf(first, HOST_COLON_LENGTH) == ' ' ? 1 : 0);
        int end = start;
        int index;
        long word;
        do {
            if (limit - end < Long.BYTES) {
                return 0;
            }
            word = memory.get(Words.LONG, base + end);
            index = Words.first(hostBytes(word) ^ Words.HIGHS);
            end += index;
        } while (index == Long.BYTES);
        if (end == start) {
            return 0;
        }
        if (Words.byteOf(word, index) == ':') {
            end++;
            if (limit - end < Long.BYTES) {
                return 0;
            }
            word = memory.get(Words.LONG, base + end);
            int digits = Words.first(Words.within(word & LOW_BITS, '0', '9') & ~word ^ Words.HIGHS);
            if (digits > MAX_PORT_DIGITS) {
                return 0;
            }
            end += digits;
        }
        if (limit - end < 2 || memory.get(Words.SHORT, base + end) != CRLF) {
            return 0;
        }
        hasHost = true;
        record(at, HOST_COLON_LENGTH - 1, start, end - start);
        rememberHost(at, start, end + 2);
        return end + 2;
    }

    /** The bytes of a word that most hosts consist of. */
    private static long hostBytes(long word) {
        long ascii = word & LOW_BITS;
        return (Words.within(ascii, '0', '9') | Words.within(ascii, 'a', 'z') | Words.within(ascii, '-', '.')) & ~word;
    }

    /** A field line of any kind, a Host field that is unusual or the second one among them. */
    private int parseAnyField(int at) {
        int nameEnd = skipName(at);
        if (nameEnd == limit) {
            return PARTIAL;
        }
        if (stop != ':' || nameEnd == at) {
            return -400; // blank before the colon, obsolete folding, a line without a name, a bare CR or LF
        }
        int start = nameEnd + 1;
        int lineEnd = skipValue(start);
        if (limit - lineEnd < 2) {
            return lineEnd < limit && stop != '\r' ? -400 : PARTIAL;
        }
        if (memory.get(Words.SHORT, base + lineEnd) != CRLF) {
            return -400;
        }
        if (start < lineEnd) {
            // Nearly always one blank before the value, and none behind it.
            start = byteAt(start) == ' ' ? start + 1 : start;
            if (start < lineEnd && (byteAt(start) <= ' ' || byteAt(lineEnd - 1) <= ' ')) {
                return endTrimmedField(at, nameEnd, start, lineEnd);
            }
        }
        return endField(at, nameEnd, start, lineEnd, lineEnd + 2);
    }

    private int endTrimmedField(int at, int nameEnd, int valueStart, int lineEnd) {
        int start = valueStart;
        int end = lineEnd;
        while (start < end && isBlank(byteAt(start))) {
            start++;
        }
        while (end > start && isBlank(byteAt(end - 1))) {
            end--;
        }
        return endField(at, nameEnd, start, end, lineEnd + 2);
    }

    private int endField(int at, int nameEnd, int start, int end, int next) {
        record(at, nameEnd - at, start, end - start);
        int status = interpret(at, nameEnd, start, end);
        return status == 0 ? next : status;
    }

    private void record(int name, int nameLength, int value, int valueLength) {
        fields[fieldCount++] = name | (long) nameLength << NAME_LENGTH | (long) value << VALUE
                | (long) valueLength << VALUE_LENGTH;
    }

    /**
     * The first position from {@code at} whose byte, which is left in {@link #stop}, is not of a token (RFC 9110
     * section 5.6.2), or the end.
     */
    private int skipName(int at) {
        while (limit - at >= Long.BYTES) {
            long word = memory.get(Words.LONG, base + at);
            long letters = Words.within((word | CASE_BITS) & LOW_BITS, 'a', 'z');
            long plain = (letters | Words.within(word & LOW_BITS, '-', '-')) & ~word;
            if (plain == Words.HIGHS) {
                at += Long.BYTES;
                continue;
            }
            int index = Words.first(plain ^ Words.HIGHS);
            at += index;
            stop = Words.byteOf(word, index);
            if (!Ascii.is(stop, Ascii.TOKEN)) {
                return at;
            }
            at++;
        }
        return skipNameBytes(at);
    }

    private int skipNameBytes(int from) {
        int at = from;
        while (at < limit) {
            stop = byteAt(at);
            if (!Ascii.is(stop, Ascii.TOKEN)) {
                return at;
            }
            at++;
        }
        return at;
    }

    /**
     * The first position from {@code at} whose byte, which is left in {@link #stop}, is a control character other than
     * HTAB (RFC 9110 section 5.5), or the end.
     */
    private int skipValue(int at) {
        while (limit - at >= Long.BYTES) {
            long word = memory.get(Words.LONG, base + at);
            long controls = Words.below(word, ' ') | Words.equalTo(word, 0x7f);
            if (controls == 0) {
                at += Long.BYTES;
                continue;
            }
            int index = Words.first(controls);
            at += index;
            stop = Words.byteOf(word, index);
            if (stop != '\t') {
                return at;
            }
            at++;
        }
        return skipValueBytes(at);
    }

    private int skipValueBytes(int from) {
        int at = from;
        while (at < limit) {
            stop = byteAt(at);
            if (!isValueByte(stop)) {
                return at;
            }
            at++;
        }
        return at;
    }

    private static boolean isValueByte(int character) {
        return character >= ' ' && character != 0x7f || character == '\t';
    }

    private static boolean isBlank(int character) {
        return character == ' ' || character == '\t';
    }

    // ---- The fields that decide about framing and the connection

    /** @return 0, or a negated status */
    private int interpret(int name, int nameEnd, int value, int valueEnd) {
        switch (nameEnd - name) {
            case 4 :
                return (memory.get(Words.INT, base + name) | (int) CASE_BITS) == HOST
                        ? interpretHost(value, valueEnd)
                        : 0;
            case 6 :
                return equalsLowerCase(name, nameEnd, EXPECT) ? interpretExpect(value, valueEnd) : 0;
            case 10 :
                return equalsLowerCase(name, nameEnd, CONNECTION) ? interpretConnection(value, valueEnd) : 0;
            case 14 :
                return equalsLowerCase(name, nameEnd, CONTENT_LENGTH) ? interpretLength(value, valueEnd) : 0;
            case 17 :
                return equalsLowerCase(name, nameEnd, TRANSFER_ENCODING) ? interpretCoding(value, valueEnd) : 0;
            default :
                return 0;
        }
    }

    /** RFC 9112 section 3.2: exactly one, and valid. */
    private int interpretHost(int value, int end) {
        boolean first = !hasHost;
        hasHost = true;
        return first && isAuthority(value, end) ? 0 : -400;
    }

    /** RFC 9110 section 10.1.1; a client of HTTP/1.0 cannot expect anything. */
    private int interpretExpect(int value, int end) {
        if (minorVersion >= 1) {
            if (!equalsLowerCase(value, end, CONTINUE)) {
                return -417;
            }
            expectsContinue = true;
        }
        return 0;
    }

    /** RFC 9110 section 7.6.1: a list of tokens. */
    private int interpretConnection(int value, int end) {
        int at = value;
        while (at < end) {
            int stop = at;
            while (stop < end && byteAt(stop) != ',' && !isBlank(byteAt(stop))) {
                stop++;
            }
            closes |= equalsLowerCase(at, stop, CLOSE);
            keepsAlive |= equalsLowerCase(at, stop, KEEP_ALIVE);
            at = stop + 1;
        }
        return 0;
    }

    /** RFC 9112 section 6.3 rule 5; RFC 9110 section 8.6: digits only, once. */
    private int interpretLength(int value, int end) {
        if (contentLength >= 0 || value == end || end - value > MAX_LENGTH_DIGITS) {
            return -400;
        }
        long length = 0;
        for (int at = value; at < end; at++) {
            int digit = byteAt(at) - '0';
            if (digit < 0 || digit > 9) {
                return -400;
            }
            length = length * 10 + digit;
        }
        contentLength = length;
        return 0;
    }

    /** RFC 9112 section 6.1: no coding but chunked is understood, and that only once. */
    private int interpretCoding(int value, int end) {
        if (chunked) {
            return -400;
        }
        if (!equalsLowerCase(value, end, CHUNKED)) {
            return -501;
        }
        chunked = true;
        return 0;
    }

    /** What can only be said at the end of the head (RFC 9112 sections 3.2 and 6.1). */
    private int checkFraming(int headBytes) {
        if (!hasHost && minorVersion >= 1) {
            return -400;
        }
        if (chunked && (contentLength >= 0 || minorVersion == 0)) {
            return -400;
        }
        headLength = headBytes;
        return headBytes;
    }

    /** {@code uri-host [":" port]} (RFC 9110 section 7.2), where the host is not empty. */
    private boolean isAuthority(int start, int end) {
        int at = skipHost(start);
        if (at == start) {
            at = skipAddress(start, end);
            return at > start && (at == end || byteAt(at) == ':' && isPort(at + 1, end));
        }
        return at == end || at < end && stop == ':' && isPort(at + 1, end);
    }

    /** At most five digits, or none (RFC 3986 section 3.2.3). */
    private boolean isPort(int start, int end) {
        int at = start;
        while (at < end && Ascii.is(byteAt(at), Ascii.DIGIT)) {
            at++;
        }
        return at == end && at - start <= MAX_PORT_DIGITS;
    }

    /**
     * The first position from {@code start} whose byte, which is left in {@link #stop}, is not of a reg-name (RFC 3986
     * section 3.2.2). There is one: a host always has something behind it.
     */
    private int skipHost(int start) {
        int at = start;
        while (limit - at >= Long.BYTES) {
            long word = memory.get(Words.LONG, base + at);
            long plain = hostBytes(word);
            if (plain != Words.HIGHS) {
                int index = Words.first(plain ^ Words.HIGHS);
                at += index;
                stop = Words.byteOf(word, index);
                return Ascii.is(stop, Ascii.HOST) ? skipHostBytes(start, at) : at;
            }
            at += Long.BYTES;
        }
        return skipHostBytes(start, at);
    }

    /** Skips the rest of a host; {@code start} if it contains something malformed. */
    private int skipHostBytes(int start, int from) {
        int at = from;
        while (at < limit) {
            stop = byteAt(at);
            if (!Ascii.is(stop, Ascii.HOST)) {
                return at;
            }
            if (stop != '%') {
                at++;
            } else if (limit - at >= 3 && Ascii.is(byteAt(at + 1), Ascii.HEX) && Ascii.is(byteAt(at + 2), Ascii.HEX)) {
                at += 3;
            } else {
                return start;
            }
        }
        return at;
    }

    /** Skips an address in brackets; {@code start} if it is none. */
    private int skipAddress(int start, int end) {
        if (start == end || byteAt(start) != '[') {
            return start;
        }
        int at = start + 1;
        while (at < end && Ascii.is(byteAt(at), Ascii.ADDRESS)) {
            at++;
        }
        return at < end && at - start >= 3 && byteAt(at) == ']' ? at + 1 : start;
    }

    // ---- Bytes

    private int byteAt(int position) {
        return memory.get(Words.BYTE, base + position) & 0xff;
    }

    /** Compares without regard to case. */
    private boolean equalsLowerCase(int start, int end, byte[] lowerCase) {
        if (end - start != lowerCase.length) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            int character = byteAt(start + i);
            if (character != lowerCase[i] && (character < 'A' || character > 'Z' || character + 32 != lowerCase[i])) {
                return false;
            }
        }
        return true;
    }

    private boolean isNamed(int start, String name) {
        for (int i = 0; i < name.length(); i++) {
            int character = byteAt(start + i);
            int wanted = name.charAt(i);
            if (character != wanted && (lowerCase(character) != lowerCase(wanted))) {
                return false;
            }
        }
        return true;
    }

    private static int lowerCase(int character) {
        return character >= 'A' && character <= 'Z' ? character + 32 : character;
    }

    private static byte[] lowerCase(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static long word(String eightCharacters) {
        long word = 0;
        for (int i = 7; i >= 0; i--) {
            word = word << 8 | eightCharacters.charAt(i);
        }
        return word;
    }
}
