package io.ringwave.http;

/** Classes of bytes in HTTP's grammar, as one table of bits. */
final class Ascii {

    /** RFC 9110 section 5.6.2: tchar. */
    static final int TOKEN = 1;
    /** RFC 3986 sections 3.3 and 3.4: what a path or a query is made of, with "%" but without "?". */
    static final int PATH = 1 << 1;
    /** RFC 3986 section 3.2.2: what a reg-name is made of, with "%". */
    static final int HOST = 1 << 2;
    /** RFC 3986 section 3.2.2: what stands between the brackets of an IPv6 address or a future one. */
    static final int ADDRESS = 1 << 3;
    /** RFC 5234: DIGIT. */
    static final int DIGIT = 1 << 4;
    /** RFC 5234: HEXDIG, either case. */
    static final int HEX = 1 << 5;

    private static final byte[] CLASSES = new byte[256];

    static {
        for (char c = 'a'; c <= 'z'; c++) {
            add(c, TOKEN | PATH | HOST | ADDRESS);
            add((char) (c - 32), TOKEN | PATH | HOST | ADDRESS);
        }
        for (char c = '0'; c <= '9'; c++) {
            add(c, TOKEN | PATH | HOST | ADDRESS | DIGIT | HEX);
        }
        for (char c = 'a'; c <= 'f'; c++) {
            add(c, HEX);
            add((char) (c - 32), HEX);
        }
        addAll("!#$%&'*+-.^_`|~", TOKEN);
        addAll("-._~!$&'()*+,;=%", PATH | HOST);
        addAll("-._~!$&'()*+,;=:", ADDRESS);
        addAll(":@/", PATH);
    }

    private Ascii() {}

    /** Whether a byte, 0 to 255, belongs to the class. */
    static boolean is(int character, int characterClass) {
        return (CLASSES[character] & characterClass) != 0;
    }

    private static void addAll(String characters, int classes) {
        for (int i = 0; i < characters.length(); i++) {
            add(characters.charAt(i), classes);
        }
    }

    private static void add(char character, int classes) {
        CLASSES[character] |= (byte) classes;
    }
}
