package io.ringwave.http;

import java.nio.charset.StandardCharsets;

/**
 * Dates as HTTP writes them (RFC 9110 section 5.6.7): always {@code Sun, 06 Nov 1994 08:49:37 GMT}, and two obsolete
 * forms that must still be read. Stateless; any thread.
 */
public final class HttpDate {

    /** The length of a formatted date. */
    public static final int LENGTH = 29;

    /** What {@link #parse} returns for a text that is not a date. */
    public static final long INVALID = Long.MIN_VALUE;

    private static final byte[] DAYS = ascii("ThuFriSatSunMonTueWed"); // 1970-01-01 was a Thursday
    private static final byte[] MONTHS = ascii("JanFebMarAprMayJunJulAugSepOctNovDec");
    private static final String[] LONG_DAYS = {"Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday",
        "Wednesday"};
    private static final long SECONDS_PER_DAY = 86_400;
    private static final long MAX_SECOND = 253_402_300_799L; // 9999-12-31T23:59:59Z: the year has four digits
    private static final long MIN_SECOND = -62_167_219_200L; // 0000-01-01T00:00:00Z

    private HttpDate() {}

    /**
     * The preferred form of a time.
     *
     * @throws IllegalArgumentException if the year is not within 0 to 9999
     */
    public static String format(long epochSecond) {
        byte[] text = new byte[LENGTH];
        write(epochSecond, text, 0);
        return new String(text, StandardCharsets.US_ASCII);
    }

    /**
     * Writes the {@link #LENGTH} bytes of the preferred form. Allocates nothing.
     *
     * @throws IllegalArgumentException if the year is not within 0 to 9999
     */
    public static void write(long epochSecond, byte[] into, int at) {
        if (epochSecond < MIN_SECOND || epochSecond > MAX_SECOND) {
            throw new IllegalArgumentException("not within the years 0 to 9999: " + epochSecond);
        }
        long epochDay = Math.floorDiv(epochSecond, SECONDS_PER_DAY);
        int second = (int) Math.floorMod(epochSecond, SECONDS_PER_DAY);
        long civil = civil(epochDay);
        int year = (int) (civil >> 16);
        int month = (int) (civil >> 8) & 0xff;
        copy(DAYS, (int) Math.floorMod(epochDay, 7L) * 3, into, at);
        into[at + 3] = ',';
        into[at + 4] = ' ';
        twoDigits((int) civil & 0xff, into, at + 5);
        into[at + 7] = ' ';
        copy(MONTHS, (month - 1) * 3, into, at + 8);
        into[at + 11] = ' ';
        twoDigits(year / 100, into, at + 12);
        twoDigits(year % 100, into, at + 14);
        into[at + 16] = ' ';
        twoDigits(second / 3600, into, at + 17);
        into[at + 19] = ':';
        twoDigits(second / 60 % 60, into, at + 20);
        into[at + 22] = ':';
        twoDigits(second % 60, into, at + 23);
        into[at + 25] = ' ';
        into[at + 26] = 'G';
        into[at + 27] = 'M';
        into[at + 28] = 'T';
    }

    /**
     * Reads a date in any of the three forms; a two-digit year more than 50 years ahead lies in the past, as RFC 9110
     * demands. The day of the week must be a name, but not the right one.
     *
     * @return seconds since 1970-01-01T00:00:00Z, or {@link #INVALID}
     */
    public static long parse(String text) {
        if (text.length() == LENGTH && text.charAt(3) == ',') {
            return parsePreferred(text);
        }
        if (text.length() == 24 && text.charAt(3) == ' ') {
            return parseAsctime(text);
        }
        return parseObsolete(text);
    }

    /** {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
    private static long parsePreferred(String text) {
        if (index(DAYS, text, 0) < 0 || !text.startsWith(", ", 3) || text.charAt(7) != ' ' || text.charAt(11) != ' '
                || text.charAt(16) != ' ' || !text.startsWith(" GMT", 25)) {
            return INVALID;
        }
        return second(number(text, 12, 4), index(MONTHS, text, 8), number(text, 5, 2), text, 17);
    }

    /** {@code Sun Nov  6 08:49:37 1994}. */
    private static long parseAsctime(String text) {
        if (index(DAYS, text, 0) < 0 || text.charAt(7) != ' ' || text.charAt(10) != ' ' || text.charAt(19) != ' ') {
            return INVALID;
        }
        int day = text.charAt(8) == ' ' ? number(text, 9, 1) : number(text, 8, 2);
        return second(number(text, 20, 4), index(MONTHS, text, 4), day, text, 11);
    }

    /** {@code Sunday, 06-Nov-94 08:49:37 GMT}. */
    private static long parseObsolete(String text) {
        int comma = text.indexOf(',');
        if (comma < 0 || text.length() != comma + 24 || !isLongDay(text, comma)) {
            return INVALID;
        }
        int at = comma + 2;
        if (text.charAt(at - 1) != ' ' || text.charAt(at + 2) != '-' || text.charAt(at + 6) != '-'
                || text.charAt(at + 9) != ' ' || !text.startsWith(" GMT", at + 18)) {
            return INVALID;
        }
        int shortYear = number(text, at + 7, 2);
        int thisYear = (int) (civil(Math.floorDiv(System.currentTimeMillis() / 1000, SECONDS_PER_DAY)) >> 16);
        int year = thisYear - thisYear % 100 + shortYear;
        if (year > thisYear + 50) {
            year -= 100;
        }
        return second(shortYear < 0 ? -1 : year, index(MONTHS, text, at + 3), number(text, at, 2), text, at + 10);
    }

    private static boolean isLongDay(String text, int length) {
        for (String day : LONG_DAYS) {
            if (day.length() == length && text.startsWith(day)) {
                return true;
            }
        }
        return false;
    }

    /** The time of a checked-as-we-go date; a leap second counts as the second before it. */
    private static long second(int year, int monthIndex, int day, String text, int timeAt) {
        int hour = number(text, timeAt, 2);
        int minute = number(text, timeAt + 3, 2);
        int second = number(text, timeAt + 6, 2);
        if (year < 0 || monthIndex < 0 || day < 1 || day > daysIn(year, monthIndex + 1) || hour < 0 || hour > 23
                || minute < 0 || minute > 59 || second < 0 || second > 60 || text.charAt(timeAt + 2) != ':'
                || text.charAt(timeAt + 5) != ':') {
            return INVALID;
        }
        return epochDay(year, monthIndex + 1, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + Math.min(second, 59);
    }

    private static int daysIn(int year, int month) {
        return switch (month) {
            case 2 -> year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
            case 4, 6, 9, 11 -> 30;
            default -> 31;
        };
    }

    // The two conversions count years from March, so that the leap day is the last of its year, in eras of 400 years.

    private static long epochDay(int year, int month, int day) {
        long shifted = month <= 2 ? year - 1L : year;
        long era = Math.floorDiv(shifted, 400L);
        long yearOfEra = shifted - era * 400;
        long dayOfYear = (153L * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
    }

    /** Year, month and day of a day, packed as {@code year << 16 | month << 8 | day}. */
    private static long civil(long epochDay) {
        long shifted = epochDay + 719_468;
        long era = Math.floorDiv(shifted, 146_097L);
        long dayOfEra = shifted - era * 146_097;
        long yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long shiftedMonth = (5 * dayOfYear + 2) / 153;
        long day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1;
        long month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
        long year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        return year << 16 | month << 8 | day;
    }

    /** A number of exactly {@code digits} digits, or -1. */
    private static int number(String text, int at, int digits) {
        int number = 0;
        for (int i = at; i < at + digits; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    /** The index of a three-letter name, or -1. */
    private static int index(byte[] names, String text, int at) {
        for (int i = 0; i < names.length; i += 3) {
            if (text.charAt(at) == names[i] && text.charAt(at + 1) == names[i + 1]
                    && text.charAt(at + 2) == names[i + 2]) {
                return i / 3;
            }
        }
        return -1;
    }

    private static void twoDigits(int number, byte[] into, int at) {
        into[at] = (byte) ('0' + number / 10);
        into[at + 1] = (byte) ('0' + number % 10);
    }

    private static void copy(byte[] names, int from, byte[] into, int at) {
        into[at] = names[from];
        into[at + 1] = names[from + 1];
        into[at + 2] = names[from + 2];
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
