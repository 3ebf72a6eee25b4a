// Bytes of the reader's files as they are shown.
#include "files/escape.h"

#include "test.h"

static void
shown(const char *text, const char *expected)
{
    ck_assert_str_eq(escape(text), expected);
    FILE *file = fopen("shown", "wb");
    escape_print(file, text);
    fclose(file);
    test_holds("shown", expected);
}

// What is printed as it is: ASCII and UTF-8 of one to four bytes, at both ends of each length.
START_TEST(plain)
{
    test_folder();
    shown("", "");
    shown(" ~aZ09", " ~aZ09");
    shown("\xc2\xa0|\xdf\xbf|\xe0\xa0\x80|\xed\x9f\xbf|\xee\x80\x80|\xef\xbf\xbd|\xf0\x90\x80\x80|"
          "\xf4\x8f\xbf\xbf|\xe4\xb8\xad",
          "\xc2\xa0|\xdf\xbf|\xe0\xa0\x80|\xed\x9f\xbf|\xee\x80\x80|\xef\xbf\xbd|\xf0\x90\x80\x80|"
          "\xf4\x8f\xbf\xbf|\xe4\xb8\xad");
    shown("\xe2\x80\x8a|\xe2\x80\x90|\xe2\x80\xa7|\xe2\x80\xaf|\xe2\x81\xa5|\xe2\x81\xaa|"
          "\xe2\x82\xac|"
          "\xef\xbb\xbe|\xef\xba\xbf|\xe3\x80\x8b",
          "\xe2\x80\x8a|\xe2\x80\x90|\xe2\x80\xa7|\xe2\x80\xaf|\xe2\x81\xa5|\xe2\x81\xaa|"
          "\xe2\x82\xac|"
          "\xef\xbb\xbe|\xef\xba\xbf|\xe3\x80\x8b");
}
END_TEST

START_TEST(escaped)
{
    test_folder();
    shown("a\nb\tc\rd\x1b[2J\x7f\x01", "a\\nb\\tc\\x0dd\\x1b[2J\\x7f\\x01");
    shown("\x80 \xbf \xc0\x80 \xc1\xbf \xf5\x80\x80\x80 \xff",
          "\\x80 \\xbf \\xc0\\x80 \\xc1\\xbf \\xf5\\x80\\x80\\x80 \\xff");
    shown("\xc2\x80 \xc2\x9f", "\\xc2\\x80 \\xc2\\x9f");                            // C1
    shown("\xe0\x9f\xbf \xf0\x8f\xbf\xbf", "\\xe0\\x9f\\xbf \\xf0\\x8f\\xbf\\xbf"); // overlong
    shown("\xed\xa0\x80 \xf4\x90\x80\x80", "\\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80");
    shown("\xe2\x80\x8b\xe2\x80\x8f", "\\xe2\\x80\\x8b\\xe2\\x80\\x8f"); // hidden
    shown("\xe2\x80\xa8\xe2\x80\xae", "\\xe2\\x80\\xa8\\xe2\\x80\\xae");
    shown("\xe2\x81\xa6\xe2\x81\xa9\xef\xbb\xbf", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9\\xef\\xbb\\xbf");
    shown("\xe2\x81\xa6 \xe2\x81\xa9 \xe2\x80\x8b ",
          "\\xe2\\x81\\xa6 \\xe2\\x81\\xa9 \\xe2\\x80\\x8b ");
    shown("\xe2\x82", "\\xe2\\x82"); // cut
    shown("\xe2", "\\xe2");
    shown("\xf0\x90\x80", "\\xf0\\x90\\x80");
    shown("\xc3(", "\\xc3(");
}
END_TEST

// Up to 200 bytes, and no escape is cut; escape_print has all.
START_TEST(long_texts)
{
    test_folder();
    char text[400], expected[400];
    memset(text, 'x', sizeof text);
    text[200] = 0;
    shown(text, text);
    text[200] = 'x';
    text[201] = 0;
    snprintf(expected, sizeof expected, "%.200s...", text);
    ck_assert_str_eq(escape(text), expected);
    text[198] = '\n';
    text[199] = 0;
    snprintf(expected, sizeof expected, "%.198s\\n", text);
    shown(text, expected);
    text[197] = 27;
    text[198] = 0;
    snprintf(expected, sizeof expected, "%.197s...", text);
    ck_assert_str_eq(escape(text), expected);
    FILE *file = fopen("shown", "wb");
    escape_print(file, text);
    fclose(file);
    snprintf(expected, sizeof expected, "%.197s\\x1b", text);
    test_holds("shown", expected);
}
END_TEST

// Line breaks stay, and a zero byte is shown as any other that is no text.
START_TEST(lines)
{
    test_folder();
    static const char text[] = "a\n\n\tb\0c\r\n\033[2J\xc3\xa9\xc3";
    FILE *file = fopen("shown", "wb");
    escape_print_lines(file, text, sizeof text - 1);
    fclose(file);
    test_holds("shown", "a\n\n\\tb\\x00c\\x0d\n\\x1b[2J\xc3\xa9\\xc3");
    file = fopen("shown", "wb");
    escape_print_lines(file, "abc", 2);
    fclose(file);
    test_holds("shown", "ab");
}
END_TEST

// Eight texts stand side by side.
START_TEST(eight)
{
    const char *all[8];
    for (int i = 0; i < 8; i++)
        all[i] = escape((char[]){(char)('a' + i), 0});
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(all[i][0], 'a' + i);
}
END_TEST

TEST_MAIN("escape", plain, escaped, long_texts, lines, eight)
