// Tables: what is written, what is read back, what is refused.
#include "files/table.h"

#include "numbers/random.h"
#include "test.h"

#include <math.h>

START_TEST(written)
{
    test_folder();
    table *t = table_create("t.tsv", "name\tcount\tloss\texact");
    table_row(t, "sifd", "a b", -3, 0.1f, 0.1);
    table_row(t, "sifd", "", 7, (double)-NAN, INFINITY);
    ck_assert_int_ne(access("t.tsv", F_OK), 0);
    table_close(t);
    test_holds("t.tsv", "name\tcount\tloss\texact\n"
                        "a b\t-3\t0.100000001\t0.10000000000000001\n"
                        "\t7\tnan\tinf\n");
    t = table_create("c.tsv", "step\ta\tb");
    table_curve(t, 5, 2, (float[]){1.5f, NAN});
    REFUSED((table_curve(t, 5, 1, (float[]){1}), 0),
            "c.tsv: a row of 2 values, the header names 3");
    REFUSED((table_row(t, "i", 1), 0), "c.tsv: a row of 1 values, the header names 3");
    REFUSED((table_row(t, "iix", 1, 2, 3), 0),
            "table_row: 'x' is no type; there are i, f, d and s");
    // What would not be one cell any more is refused.
    REFUSED((table_row(t, "iss", 1, "two\tcells", "x"), 0),
            "c.tsv: the text 'two\tcells' has a tab or the end of a line in it");
    REFUSED((table_row(t, "iss", 1, "x", "two\nlines"), 0),
            "c.tsv: the text 'two\nlines' has a tab or the end of a line in it");
    table_close(t);
    t = table_create("n.tsv", "step\ta");
    table_curve(t, 1, 1, (float[]){1.0f / 3}); // nine digits say which float it is
    table_close(t);
    test_holds("n.tsv", "step\ta\n1\t0.333333343\n");
}
END_TEST

// Nine digits bring back every float, seventeen every double.
START_TEST(numbers_come_back)
{
    test_folder();
    table *t = table_create("t.tsv", "f\td");
    enum { N = 1000 };
    float f[N];
    double d[N];
    for (int i = 0; i < N; i++) {
        f[i] = (float)(i + 1) / 3 * (float)pow(10, i % 60 - 30);
        d[i] = (i + 1) / 7.0 * pow(10, i % 600 - 300);
        table_row(t, "fd", f[i], d[i]);
    }
    table_close(t);
    FILE *file = fopen("t.tsv", "rb");
    static char bytes[100000];
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    table_data read = table_parse(bytes, size, "t.tsv");
    ck_assert_int_eq(read.rows, N);
    for (int i = 0; i < N; i++) {
        ck_assert_float_eq((float)table_number(&read, i, 0), f[i]);
        ck_assert_double_eq(table_number(&read, i, 1), d[i]);
    }
    table_free(&read);
}
END_TEST

// From memory that ends with the text.
static table_data
parse(const char *text)
{
    size_t size = strlen(text);
    static char *bytes;
    free(bytes);
    bytes = malloc(size + !size);
    memcpy(bytes, text, size);
    return table_parse(bytes, size, "t");
}

START_TEST(read_back)
{
    table_data t = parse("a\tb\n1\t\n2\tx y\n");
    ck_assert_int_eq(t.rows, 2);
    ck_assert_int_eq(t.columns, 2);
    ck_assert_int_eq(table_column(&t, "b"), 1);
    ck_assert_str_eq(t.cells[1], "");
    ck_assert_str_eq(t.cells[3], "x y");
    ck_assert_double_eq(table_number(&t, 1, 0), 2);
    REFUSED(table_column(&t, "c"), "t:1: no column 'c'; there are: a, b");
    REFUSED(table_number(&t, 1, 1), "t:3: 'x y' in column b is no number");
    REFUSED(table_number(&t, 0, 1), "t:2: '' in column b is no number");
    table_free(&t);
    t = parse("a"); // a header only, without its newline
    ck_assert_int_eq(t.rows, 0);
    table_free(&t);
    t = parse("\ta\n\t2\n3\t\n"); // cells at both ends
    ck_assert_int_eq(t.rows, 2);
    ck_assert_str_eq(t.header[1], "a");
    ck_assert_str_eq(t.cells[0], "");
    ck_assert_str_eq(t.cells[1], "2");
    ck_assert_str_eq(t.cells[2], "3");
    table_free(&t);
    t = parse("a\n\n\n1"); // a row of one empty cell
    ck_assert_int_eq(t.rows, 3);
    ck_assert_str_eq(t.cells[1], "");
    ck_assert_str_eq(t.cells[2], "1");
    table_free(&t);
    t = parse(
        "a\tb\r\n1\t\r\n\r\t2\r\n3\t4\r"); // ends of lines as on Windows, and a CR that is none
    ck_assert_int_eq(t.rows, 3);
    ck_assert_str_eq(t.header[1], "b");
    ck_assert_str_eq(t.cells[1], "");
    ck_assert_str_eq(t.cells[2], "\r");
    ck_assert_str_eq(t.cells[3], "2");
    ck_assert_double_eq(table_number(&t, 2, 1), 4);
    table_free(&t);
    REFUSED(parse(""), "t: no header line");
    REFUSED(parse("\na"), "t: no header line");
    REFUSED(parse("a\tb\n1\n"), "t:2: 1 columns, the header has 2");
    REFUSED(table_parse("a\0b", 3, "t"), "t: has a zero byte, expected a table as text");
}
END_TEST

START_TEST(of_a_file)
{
    test_folder();
    test_write("t.tsv", "a\n1\n", 4);
    table_data t = table_read("t.tsv");
    ck_assert_int_eq(t.rows, 1);
    ck_assert_double_eq(table_number(&t, 0, 0), 1);
    REFUSED(table_column(&t, "b"), "t.tsv:1: no column 'b'; there are: a");
    table_free(&t);
}
END_TEST

// Of many columns, the first 511 bytes of their names.
START_TEST(many_columns)
{
    char header[1001] = "", expected[700] = "t:1: no column 'b'; there are: ";
    for (int i = 0; i < 500; i++)
        strcat(header, i < 499 ? "a\t" : "a");
    for (int i = 0; i < 170; i++)
        strcat(expected, "a, ");
    strcat(expected, "a");
    table_data t = parse(header);
    ck_assert_int_eq(t.columns, 500);
    REFUSED(table_column(&t, "b"), expected);
    table_free(&t);
}
END_TEST

// Bytes changed at random: never a crash, only a table or a refusal.
START_TEST(damaged)
{
    static const char good[] = "a\tb\tc\n1\t2\t3\nx\t\t1e5\n";
    static rng r;
    r = rng_at(1, 0);
    fail_handler = test_give_up;
    for (volatile int i = 0; i < 100000; i++) {
        char bytes[sizeof good];
        memcpy(bytes, good, sizeof good);
        for (int k = 0; k < 3; k++)
            bytes[rng_below(&r, sizeof good - 1)] = "\t\n\0 a1"[rng_below(&r, 6)];
        if (!setjmp(test_refusal)) {
            table_data t = table_parse(bytes, rng_below(&r, sizeof good), "t");
            for (int row = 0; row < t.rows; row++)
                for (int c = 0; c < t.columns; c++)
                    ck_assert_uint_lt(strlen(t.cells[row * t.columns + c]), sizeof good);
            table_free(&t);
        }
    }
    fail_handler = NULL;
}
END_TEST

TEST_MAIN("table", written, numbers_come_back, read_back, of_a_file, many_columns, damaged)
