package io.ringwave.http;

import org.jspecify.annotations.Nullable;

/**
 * The conditions under which a client wants a representation: If-Match, If-Unmodified-Since, If-None-Match and
 * If-Modified-Since, in the order of RFC 9110 section 13.2.2, and If-Range, which comes last. For GET and HEAD.
 * Stateless.
 */
final class Preconditions {

    /** What to answer. */
    enum Outcome {
        /** The representation, as if there had been no condition. */
        PROCEED,
        /** 304: the client has it already. */
        NOT_MODIFIED,
        /** 412: it is not the one that the client means. */
        FAILED
    }

    private static final String BLANKS = " \t";
    private static final String SEPARATORS = BLANKS + ','; // list elements may be empty (RFC 9110 section 5.6.1.2)

    private Preconditions() {}

    /**
     * Evaluates a request's conditions against a representation that exists.
     *
     * @param ifMatch the field's value; null if absent, as for the next three
     * @param entityTag the representation's strong entity tag, with its quotes
     * @param lastModified in seconds since 1970
     */
    static Outcome evaluate(@Nullable String ifMatch, @Nullable String ifUnmodifiedSince, @Nullable String ifNoneMatch,
            @Nullable String ifModifiedSince, String entityTag, long lastModified) {
        if (ifMatch != null) {
            if (!lists(ifMatch, entityTag, false)) {
                return Outcome.FAILED;
            }
        } else if (ifUnmodifiedSince != null) {
            long date = HttpDate.parse(ifUnmodifiedSince);
            if (date != HttpDate.INVALID && lastModified > date) {
                return Outcome.FAILED;
            }
        }
        if (ifNoneMatch != null) {
            return lists(ifNoneMatch, entityTag, true) ? Outcome.NOT_MODIFIED : Outcome.PROCEED;
        }
        if (ifModifiedSince != null) {
            long date = HttpDate.parse(ifModifiedSince);
            return date != HttpDate.INVALID && lastModified <= date ? Outcome.NOT_MODIFIED : Outcome.PROCEED;
        }
        return Outcome.PROCEED;
    }

    /**
     * Whether a request's Range counts, by its If-Range (RFC 9110 section 13.1.5): only if the client's part is of this
     * very representation. So entity tags are compared strongly, and dates for equality.
     *
     * @param ifRange the field's value; null if absent
     * @param entityTag the representation's strong entity tag, with its quotes
     * @param lastModified in seconds since 1970
     */
    static boolean allowRange(@Nullable String ifRange, String entityTag, long lastModified) {
        return ifRange == null || ifRange.equals(entityTag) || HttpDate.parse(ifRange) == lastModified;
    }

    /**
     * Whether a list of entity tags names this one, or is {@code *} (RFC 9110 sections 8.8.3, 13.1.1, 13.1.2). A list
     * counts up to its first syntax error.
     *
     * @param weak whether the weak comparison is asked for, by which {@code W/"a"} names {@code "a"}
     */
    static boolean lists(String list, String entityTag, boolean weak) {
        int end = list.length();
        int at = skip(SEPARATORS, list, 0);
        if (at < end && list.charAt(at) == '*') {
            return skip(BLANKS, list, at + 1) == end;
        }
        while (at < end) {
            boolean isWeak = list.startsWith("W/", at);
            int open = isWeak ? at + 2 : at;
            int close = open < end && list.charAt(open) == '"' ? list.indexOf('"', open + 1) : -1;
            if (close < 0) {
                return false;
            }
            int tagLength = close + 1 - open;
            if ((weak || !isWeak) && tagLength == entityTag.length()
                    && list.regionMatches(open, entityTag, 0, tagLength)) {
                return true;
            }
            at = skip(BLANKS, list, close + 1);
            if (at < end && list.charAt(at) != ',') {
                return false;
            }
            at = skip(SEPARATORS, list, at);
        }
        return false;
    }

    private static int skip(String characters, String list, int at) {
        while (at < list.length() && characters.indexOf(list.charAt(at)) >= 0) {
            at++;
        }
        return at;
    }
}
