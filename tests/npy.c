// .npy files: the bytes that NumPy writes, every type that is read, and what is refused.
#include "files/npy.h"

#include "files/file.h"
#include "numbers/random.h"
#include "test.h"

#include <math.h>
#include <stdint.h>

START_TEST(bytes_of_numpy)
{
    // What numpy.save writes for numpy.array([[1, 2, 3]], dtype='<i4').
    static const char header[] = "\x93NUMPY\x01\x00v\x00{'descr': '<i4', 'fortran_order': False, "
                                 "'shape': (1, 3), }";
    char expected[140];
    memset(expected, ' ', 128);
    memcpy(expected, header, sizeof header - 1);
    expected[127] = '\n';
    memcpy(expected + 128, "\1\0\0\0\2\0\0\0\3\0\0\0", 12);
    test_folder();
    npy_write("a.npy", NPY_I4, 2, (int[]){1, 3}, (int32_t[]){1, 2, 3});
    size_t size;
    char *bytes = file_read("a.npy", &size);
    ck_assert_uint_eq(size, sizeof expected);
    ck_assert_mem_eq(bytes, expected, size);
    free(bytes);
}
END_TEST

START_TEST(back)
{
    test_folder();
    const float f[] = {1.5f, -0.0f, INFINITY, -INFINITY, 1e-45f, 3.4e38f};
    const double d[] = {0.1, -1e-310, 1e308};
    npy_write("f.npy", NPY_F4, 3, (int[]){1, 2, 3}, f);
    npy_write("d.npy", NPY_F8, 1, (int[]){3}, d);
    npy_write("s.npy", NPY_F8, 0, NULL, d);
    npy_write("e.npy", NPY_F4, 2, (int[]){0, 4}, f);
    npy a = npy_read("f.npy");
    ck_assert_int_eq(a.rank, 3);
    ck_assert_int_eq(a.n[2], 3);
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(a.values[i], f[i]);
    ck_assert(signbit(a.values[1]));
    npy_free(&a);
    a = npy_read("d.npy");
    ck_assert_str_eq(a.type, "f8");
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq(a.values[i], d[i]);
    npy_free(&a);
    a = npy_read("s.npy");
    ck_assert_int_eq(a.rank, 0);
    ck_assert_int_eq(a.size, 1);
    npy_free(&a);
    a = npy_read("e.npy");
    ck_assert_int_eq(a.size, 0);
    npy_free(&a);
}
END_TEST

// NaN has one form in a file, whatever sign and payload it had.
START_TEST(canonical_nan)
{
    test_folder();
    const uint32_t bits[] = {0xffc00001u, 0x7fc00000u};
    const uint64_t long_bits[] = {0xfff8000000000001u, 0x7ff0000000000001u};
    npy_write("n.npy", NPY_F4, 1, (int[]){2}, bits);
    size_t size;
    char *bytes = file_read("n.npy", &size);
    ck_assert_mem_eq(bytes + size - 8, "\0\0\xc0\x7f\0\0\xc0\x7f", 8);
    free(bytes);
    npy_write("d.npy", NPY_F8, 1, (int[]){2}, long_bits);
    bytes = file_read("d.npy", &size);
    ck_assert_mem_eq(bytes + size - 16, "\0\0\0\0\0\0\xf8\x7f\0\0\0\0\0\0\xf8\x7f", 16);
    free(bytes);
}
END_TEST

// One axis of size 3 is (3,) as numpy.save writes it, no axis ().
START_TEST(shapes_of_numpy)
{
    test_folder();
    const char *const expected[] = {"'shape': (), }", "'shape': (3,), }", "'shape': (3, 1), }"};
    for (int rank = 0; rank < 3; rank++) {
        npy_write("a.npy", NPY_F8, rank, (int[]){3, 1}, (double[]){1, 2, 3});
        size_t size;
        char *bytes = file_read("a.npy", &size);
        ck_assert_ptr_nonnull(strstr(bytes + 10, expected[rank]));
        free(bytes);
    }
    // The header is filled up with blanks to a multiple of 64 and no further, wherever its text ends.
    for (int rank = 2; rank <= 8; rank++)
        for (int digits = 0; digits < 8 * (rank - 1); digits++) {
            size_t size;
            int n[8] = {0, 1, 1, 1, 1, 1, 1, 1};
            for (int i = 0; i < digits; i++)
                n[1 + i / 8] *= 10;
            npy_write("a.npy", NPY_F8, rank, n, NULL);
            char *bytes = file_read("a.npy", &size);
            size_t end = 1; // behind the text
            for (size_t i = 10; i < size; i++)
                end = bytes[i] == '}' ? i + 1 : end;
            ck_assert_uint_eq(size % 64, 0);
            ck_assert_int_eq((unsigned char)bytes[8] + 256 * bytes[9] + 10, (int)size);
            ck_assert_int_eq(bytes[size - 1], '\n');
            ck_assert_uint_le(end + 1, size);
            ck_assert_uint_gt(end + 1 + 64, size);
            free(bytes);
        }
}
END_TEST

// A file with this header and values.
static npy
parse(const char *dict, const void *values, size_t size)
{
    char bytes[2048] = "\x93NUMPY\x01";
    size_t length = strlen(dict);
    bytes[8] = (char)(length & 255);
    bytes[9] = (char)(length >> 8);
    memcpy(bytes + 10, dict, length);
    memcpy(bytes + 10 + length, values, size);
    return npy_parse(bytes, 10 + length + size, "x");
}

#define DICT(type, order, shape) \
    "{'descr': '" type "', 'fortran_order': " order ", 'shape': " shape ", }\n"

START_TEST(types)
{
    npy a = parse(DICT("<f4", "True", "(2, 3)"), (float[]){1, 4, 2, 5, 3, 6}, 24);
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(a.values[i], i + 1);
    npy_free(&a);
    a = parse(DICT("<i8", "False", "(2,)"), (int64_t[]){-7, 1LL << 40}, 16);
    ck_assert_double_eq(a.values[0], -7);
    ck_assert_double_eq(a.values[1], (double)(1LL << 40));
    npy_free(&a);
    a = parse(DICT("<i4", "False", "(2,)"), (int32_t[]){-70000, 70000}, 8);
    ck_assert_double_eq(a.values[0], -70000);
    ck_assert_double_eq(a.values[1], 70000);
    npy_free(&a);
    a = parse(DICT("|i1", "False", "(2,)"), "\xff\x7f", 2);
    ck_assert_double_eq(a.values[0], -1);
    ck_assert_double_eq(a.values[1], 127);
    npy_free(&a);
    a = parse(DICT("<u4", "False", "(1,)"), "\xff\xff\xff\xff", 4);
    ck_assert_double_eq(a.values[0], 4294967295.0);
    npy_free(&a);
    a = parse(DICT("<i2", "False", "(2,)"), (int16_t[]){-300, 300}, 4);
    ck_assert_double_eq(a.values[0], -300);
    ck_assert_double_eq(a.values[1], 300);
    npy_free(&a);
    a = parse(DICT("|u1", "False", "()"), "\xff", 1);
    ck_assert_double_eq(a.values[0], 255);
    npy_free(&a);
    a = parse(DICT("|b1", "False", "(2,)"), "\1\0", 2);
    ck_assert_double_eq(a.values[0], 1);
    // A long header, as of a structure of many axes.
    char dict[400];
    snprintf(dict, sizeof dict, "%-350s\n", DICT("<f4", "False", "(1,)"));
    npy_free(&a);
    a = parse(dict, (float[]){7}, 4);
    ck_assert_double_eq(a.values[0], 7);
    // Halves: 1, the smallest subnormal, the largest, -inf.
    npy_free(&a);
    a = parse(DICT("<f2", "False", "(4,)"), (uint16_t[]){0x3c00, 1, 0x7bff, 0xfc00}, 8);
    ck_assert_double_eq(a.values[0], 1);
    ck_assert_double_eq(a.values[1], ldexp(1, -24));
    ck_assert_double_eq(a.values[2], 65504);
    ck_assert_double_eq(a.values[3], -INFINITY);
    npy_free(&a);
    a = parse(DICT("<f2", "False", "(3,)"), (uint16_t[]){0x7e00, 0x7c01, 0x8400}, 6);
    ck_assert(isnan(a.values[0]) && isnan(a.values[1]));
    ck_assert_double_eq(a.values[2], -ldexp(1, -14));
    npy_free(&a);
    a = parse(DICT("<f8", "False", "(2,)"), (double[]){NAN, 0.1}, 16);
    ck_assert(isnan(a.values[0]) && a.values[1] == 0.1);
    npy_free(&a);
}
END_TEST

// Fortran order: the first axis varies fastest; element (i, j, k) of (2, 3, 2) is 100 i + 10 j + k.
START_TEST(fortran)
{
    double values[12];
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 2; k++)
                values[i + 2 * j + 6 * k] = 100 * i + 10 * j + k;
    npy a = parse(DICT("<f8", "True", "(2, 3, 2)"), values, sizeof values);
    for (int at = 0; at < 12; at++)
        ck_assert_double_eq(a.values[at], 100 * (at / 6) + 10 * (at / 2 % 3) + at % 2);
    npy_free(&a);
}
END_TEST

// Versions 2 and 3 have four bytes for the header's length; none is 0 or 4.
START_TEST(versions)
{
    static const char dict[] = DICT("<f4", "False", "(1,)");
    for (char version = 0; version < 5; version++) {
        char bytes[256] = "\x93NUMPY";
        int prefix = version < 2 ? 10 : 12;
        bytes[6] = version;
        bytes[8] = sizeof dict - 1;
        memcpy(bytes + prefix, dict, sizeof dict - 1);
        memcpy(bytes + prefix + sizeof dict - 1, (float[]){7}, 4);
        size_t size = prefix + sizeof dict - 1 + 4;
        if (version < 1 || version > 3) {
            REFUSED(npy_parse(bytes, size, "x"),
                    "x: no .npy file (it does not begin with \\x93NUMPY and a version 1 to 3)");
            continue;
        }
        npy a = npy_parse(bytes, size, "x");
        ck_assert_double_eq(a.values[0], 7);
        npy_free(&a);
        if (version > 1) { // a length whose upper bytes count
            bytes[10] = 1;
            REFUSED(npy_parse(bytes, size, "x"),
                    "x: its header of 65594 bytes is longer than the file or 1024 bytes");
            bytes[11] = 1;
            REFUSED(npy_parse(bytes, size, "x"),
                    "x: its header of 16842810 bytes is longer than the file or 1024 bytes");
        }
    }
}
END_TEST

START_TEST(refused)
{
    REFUSED(npy_parse("abc", 3, "x"),
            "x: no .npy file (it does not begin with \\x93NUMPY and a version 1 to 3)");
    char dict[1100];
    snprintf(dict, sizeof dict, "%-1024s", DICT("<f4", "False", "(1,)"));
    REFUSED(parse(dict, "abcd", 4),
            "x: its header of 1024 bytes is longer than the file or 1024 bytes");
    REFUSED(parse(DICT("<f4", "False", "(2,)"), "abcd", 4),
            "x: 4 bytes of values, its shape and type need 8");
    REFUSED(parse(DICT(">f4", "False", "(1,)"), "abcd", 4),
            "x: values of type '>f4'; readable are <f4, <f8, <i4 and other plain numbers in "
            "little-endian order");
    REFUSED(parse(DICT("<f3", "False", "(1,)"), "abc", 3),
            "x: values of type '<f3'; readable are f2, f4, f8, integers and bool");
    REFUSED(parse(DICT("|b2", "False", "(1,)"), "ab", 2),
            "x: values of type '|b2'; readable are f2, f4, f8, integers and bool");
    REFUSED(parse(DICT("|f1", "False", "(1,)"), "a", 1),
            "x: values of type '|f1'; readable are f2, f4, f8, integers and bool");
    REFUSED(parse("{'descr': '<f4', 'shape': (1,)}", "abcd", 4),
            "x: its header has no 'fortran_order': {'descr': '<f4', 'shape': (1,)}");
    REFUSED(parse("{'descr': '<f4", "", 0),
            "x: values of type '<f4; readable are <f4, <f8, <i4 and other plain numbers in "
            "little-endian order");
    REFUSED(parse("{'descr': '<f4'", "", 0),
            "x: its header has no 'fortran_order': {'descr': '<f4'");
    REFUSED(parse("{'descr': x<f4', 'fortran_order': False, 'shape': (1,)}", "abcd", 4),
            "x: values of type x<f4'; readable are <f4, <f8, <i4 and other plain numbers in "
            "little-endian order");
}
END_TEST

#define UNREADABLE "x: its shape is unreadable, or has more than 8 axes: "

// Up to 8 axes of up to 2^30 elements, up to 2^40 values.
START_TEST(shapes)
{
    REFUSED(parse(DICT("<f4", "False", "(-1,)"), "", 0), UNREADABLE "-1,), }\n");
    REFUSED(parse(DICT("<f4", "False", "(1, two)"), "", 0), UNREADABLE "two), }\n");
    REFUSED(parse(DICT("<f4", "False", "(1073741825,)"), "", 0), UNREADABLE "1073741825,), }\n");
    REFUSED(parse(DICT("<f4", "False", "(1, 1, 1, 1, 1, 1, 1, 1, 1)"), "", 0),
            UNREADABLE "1), }\n");
    REFUSED(parse(DICT("<f4", "False", "[1)"), "abcd", 4),
            "x: its header has no shape in parentheses");
    REFUSED(parse(DICT("<f4", "False", "(1048577, 1048576)"), "", 0),
            "x: its shape has more than 2^40 values");
    REFUSED(parse(DICT("<f4", "False", "(1048576, 1048576)"), "", 0),
            "x: 0 bytes of values, its shape and type need 4398046511104");
    npy a = parse(DICT("<f4", "False", "(1073741824, 0, 1, 1, 1, 1, 1, 1)"), "", 0);
    ck_assert_int_eq(a.rank, 8);
    ck_assert_int_eq(a.n[0], 1 << 30);
    npy_free(&a);
}
END_TEST

// A file that ends before its header does, at every byte, in memory that ends there, too.
START_TEST(cut_off)
{
    for (volatile size_t size = 0; size < 14; size++) {
        char *volatile bytes = malloc(size + !size);
        memcpy(bytes, "\x93NUMPY\1\0\4\0{  }", size);
        REFUSED(npy_parse(bytes, size, "x"),
                size < 12
                    ? "x: no .npy file (it does not begin with \\x93NUMPY and a version 1 to 3)"
                    : "x: its header of 4 bytes is longer than the file or 1024 bytes");
        free(bytes);
    }
}
END_TEST

static double *
parse_text(const char *text, long n)
{
    return npy_text(text, strlen(text), "x.txt", n, "(3)");
}

// Numbers as text, with blanks, commas, semicolons or ends of lines between them.
START_TEST(text)
{
    const char *const texts[] = {"1 -2.5 3e2", " 1,-2.5,3e2\n", "1;-2.5\r\n;\t3e2 ,\n"};
    for (int i = 0; i < 3; i++) {
        double *x = parse_text(texts[i], 3);
        ck_assert(x[0] == 1 && x[1] == -2.5 && x[2] == 300);
        free(x);
    }
    free(parse_text("", 0));
    REFUSED(parse_text("1 2", 3), "x.txt: 2 numbers, expected 3 for (3)");
    REFUSED(parse_text("1 2 3 4", 3), "x.txt: 4 numbers, expected 3 for (3)");
    REFUSED(parse_text("1 two 3", 3), "x.txt: 'two 3' is no number; expected 3 numbers for (3)");
    REFUSED(npy_text("1\0 2", 4, "x.txt", 1, "()"), "x.txt: no text: it has a zero byte");
}
END_TEST

// Bytes changed at random: never a crash, only an array or a refusal.
START_TEST(damaged)
{
    test_folder();
    npy_write("a.npy", NPY_F4, 2, (int[]){2, 3}, (float[6]){0});
    size_t size;
    char *good = file_read("a.npy", &size), *bytes = malloc(size);
    static rng r;
    r = rng_at(1, 0);
    fail_handler = test_give_up;
    for (volatile int i = 0; i < 100000; i++) {
        memcpy(bytes, good, size);
        for (int k = 0; k < 3; k++)
            bytes[rng_below(&r, rng_below(&r, 2) ? 128 : (uint32_t)size)] = (char)rng_u32(&r);
        if (!setjmp(test_refusal)) {
            npy a = npy_parse(bytes, rng_below(&r, 4) ? size : rng_below(&r, (uint32_t)size), "x");
            npy_free(&a);
        }
    }
    fail_handler = NULL;
    free(bytes);
    free(good);
}
END_TEST

TEST_MAIN("npy", bytes_of_numpy, shapes_of_numpy, back, canonical_nan, types, fortran, versions,
          text, refused, shapes, cut_off, damaged)
