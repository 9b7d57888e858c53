package io.ringwave.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ringwave.http.Preconditions.Outcome;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9110 section 13: each condition alone, and their precedence. */
class PreconditionsTest {

    private static final String TAG = "\"a-1\"";
    private static final long MODIFIED = 784_111_777; // the date of RFC 9110 section 5.6.7
    private static final String BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT";
    private static final String SAME = "Sun, 06 Nov 1994 08:49:37 GMT";
    private static final String AFTER = "Sun, 06 Nov 1994 08:49:38 GMT";

    private static @Nullable String date(@Nullable String word) {
        return switch (word) {
            case "before" -> BEFORE;
            case "same" -> SAME;
            case "after" -> AFTER;
            case "never" -> "0";
            case "obsolete" -> "Sunday, 06-Nov-94 08:49:37 GMT";
            case null, default -> word;
        };
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", delimiter = '|', quoteCharacter = '\'', textBlock = """
            # If-Match | If-Unmodified-Since | If-None-Match | If-Modified-Since | outcome
            -       | -      | -        | -        | PROCEED
            "a-1"   | -      | -        | -        | PROCEED
            *       | -      | -        | -        | PROCEED
            "b"     | -      | -        | -        | FAILED
            W/"a-1" | -      | -        | -        | FAILED
            "b", "a-1" | -   | -        | -        | PROCEED
            -       | before | -        | -        | FAILED
            -       | same   | -        | -        | PROCEED
            -       | after  | -        | -        | PROCEED
            -       | never  | -        | -        | PROCEED
            "a-1"   | before | -        | -        | PROCEED
            "b"     | after  | -        | -        | FAILED
            -       | -      | "a-1"    | -        | NOT_MODIFIED
            -       | -      | W/"a-1"  | -        | NOT_MODIFIED
            -       | -      | *        | -        | NOT_MODIFIED
            -       | -      | "b"      | -        | PROCEED
            -       | -      | "b", W/"c", "a-1" | - | NOT_MODIFIED
            -       | -      | -        | before   | PROCEED
            -       | -      | -        | same     | NOT_MODIFIED
            -       | -      | -        | after    | NOT_MODIFIED
            -       | -      | -        | never    | PROCEED
            -       | -      | -        | ''       | PROCEED
            -       | -      | -        | obsolete | NOT_MODIFIED
            -       | -      | "b"      | after    | PROCEED
            -       | -      | "a-1"    | before   | NOT_MODIFIED
            -       | -      | broken   | after    | PROCEED
            "a-1"   | -      | "a-1"    | -        | NOT_MODIFIED
            "b"     | -      | "a-1"    | after    | FAILED
            -       | before | "a-1"    | -        | FAILED
            -       | after  | "a-1"    | -        | NOT_MODIFIED
            -       | same   | -        | same     | NOT_MODIFIED
            -       | after  | -        | before   | PROCEED
            """)
    void conditionsAreHonouredInOrder(@Nullable String ifMatch, @Nullable String ifUnmodifiedSince,
            @Nullable String ifNoneMatch, @Nullable String ifModifiedSince, Outcome outcome) {
        assertEquals(outcome,
                Preconditions.evaluate(ifMatch, date(ifUnmodifiedSince), ifNoneMatch, date(ifModifiedSince),
                        TAG, MODIFIED));
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", delimiter = '|', quoteCharacter = '\'', textBlock = """
            # If-Range | whether Range counts
            -            | true
            "a-1"        | true
            W/"a-1"      | false
            "b"          | false
            "a-1", "b"   | false
            *            | false
            a-1          | false
            before       | false
            same         | true
            after        | false
            never        | false
            obsolete     | true
            ''           | false
            """)
    void ifRangeIsComparedStronglyAndDatesMustBeEqual(@Nullable String ifRange, boolean allowed) {
        assertEquals(allowed, Preconditions.allowRange(date(ifRange), TAG, MODIFIED));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            # list | weakly | strongly
            "a-1"             | true  | true
            W/"a-1"           | true  | false
            w/"a-1"           | false | false
            *                 | true  | true
            '  *  '           | true  | true
            "*"               | false | false
            * , "a-1"         | false | false
            "x","a-1"         | true  | true
            "x" , W/"a-1"     | true  | false
            ', ,"a-1",'       | true  | true
            "a,b", "a-1"      | true  | true
            "a-1\\"           | false | false
            "x" "a-1"         | false | false
            "x""a-1"          | false | false
            "a-1              | false | false
            a-1               | false | false
            x, "a-1"          | false | false
            "a-10"            | false | false
            "a-"              | false | false
            ""                | false | false
            "                 | false | false
            W/                | false | false
            W                 | false | false
            ','               | false | false
            ''                | false | false
            """)
    void listsOfEntityTagsAreReadUpToTheirFirstError(String list, boolean weakly, boolean strongly) {
        assertEquals(weakly, Preconditions.lists(list, TAG, true), "weakly");
        assertEquals(strongly, Preconditions.lists(list, TAG, false), "strongly");
    }
}
