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
    npy_write("n.npy", NPY_F4, 1, (int[]){2}, bits);
    size_t size;
    char *bytes = file_read("n.npy", &size);
    ck_assert_mem_eq(bytes + size - 8, "\0\0\xc0\x7f\0\0\xc0\x7f", 8);
    free(bytes);
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
    a = parse(DICT("<i2", "False", "(2,)"), (int16_t[]){-2, 300}, 4);
    ck_assert_double_eq(a.values[0], -2);
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
    REFUSED(parse("{'descr': '<f4', 'shape': (1,)}", "abcd", 4),
            "x: its header has no 'fortran_order': {'descr': '<f4', 'shape': (1,)}");
    REFUSED(parse(DICT("<f4", "False", "(-1,)"), "", 0),
            "x: its shape is unreadable, or has more than 8 axes: -1,), }\n");
    REFUSED(parse(DICT("<f4", "False", "(1000000000, 1000000000)"), "", 0),
            "x: its shape has more than 2^40 values");
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

TEST_MAIN("npy", bytes_of_numpy, back, canonical_nan, types, refused, damaged)
