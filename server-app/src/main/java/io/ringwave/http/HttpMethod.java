package io.ringwave.http;

/** The methods that are known (RFC 9110 section 9, RFC 5789), as small numbers. Case-sensitive. */
final class HttpMethod {
    static final int GET = 0;
    static final int HEAD = 1;
    static final int POST = 2;
    static final int PUT = 3;
    static final int DELETE = 4;
    static final int PATCH = 5;
    static final int OPTIONS = 6;
    static final int TRACE = 7;
    static final int CONNECT = 8;
    static final int COUNT = 9;

    private static final String[] NAMES = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE",
        "CONNECT"};

    private HttpMethod() {}

    static String name(int method) {
        return NAMES[method];
    }

    /** The number of a method, or -1 if it is unknown. */
    static int of(String name) {
        for (int method = 0; method < COUNT; method++) {
            if (NAMES[method].equals(name)) {
                return method;
            }
        }
        return -1;
    }
}
