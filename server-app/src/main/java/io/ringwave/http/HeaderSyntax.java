package io.ringwave.http;

/** The syntax of response header fields (RFC 9110 section 5): checks them and writes them as bytes. */
final class HeaderSyntax {

    private HeaderSyntax() {}

    /**
     * The length of a field line with its CRLF.
     *
     * @throws IllegalArgumentException if the name is not a token, is a field that the server itself sets, or the value
     *     contains a control character or one beyond ISO 8859-1
     */
    static int lineLength(String name, String value) {
        requireName(name);
        requireValue(name, value);
        return name.length() + value.length() + 4;
    }

    /** Writes a field line that {@link #lineLength} accepted; returns the position behind it. */
    static int write(String name, String value, byte[] into, int at) {
        int position = writeLatin1(name, into, at);
        into[position++] = ':';
        into[position++] = ' ';
        position = writeLatin1(value, into, position);
        into[position++] = '\r';
        into[position++] = '\n';
        return position;
    }

    /** Writes a string whose characters are all below 256. */
    static int writeLatin1(String text, byte[] into, int at) {
        for (int i = 0, n = text.length(); i < n; i++) {
            into[at + i] = (byte) text.charAt(i);
        }
        return at + text.length();
    }

    private static void requireName(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a header field name must not be empty");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c > 0x7e || !Ascii.is(c, Ascii.TOKEN)) {
                throw new IllegalArgumentException("a header field name must be a token (RFC 9110 section 5.6.2)");
            }
        }
        if (isReserved(name)) {
            throw new IllegalArgumentException(name + " is set by the server itself");
        }
    }

    /** Framing, and what every response carries anyway, would be wrong or double if a handler set it. */
    private static boolean isReserved(String name) {
        return switch (name.length()) {
            case 4 -> name.equalsIgnoreCase("Date");
            case 6 -> name.equalsIgnoreCase("Server");
            case 10 -> name.equalsIgnoreCase("Connection");
            case 14 -> name.equalsIgnoreCase("Content-Length");
            case 17 -> name.equalsIgnoreCase("Transfer-Encoding");
            default -> false;
        };
    }

    /** Refuses what could end the field early (response splitting) or is not a field value at all. */
    static void requireValue(String name, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < 0x20 && c != '\t' || c == 0x7f || c > 0xff) {
                throw new IllegalArgumentException("the value of " + name + " contains the character "
                        + Integer.toHexString(c) + " (RFC 9110 section 5.5)");
            }
        }
    }
}
