// Files of MNIST's format.
#include "data/idx.h"
#include "test.h"

#include <string.h>

START_TEST(arrays)
{
    const char bytes[] = "\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03\x01\x02\xff\x04\x05\x06";
    test_folder();
    test_write("pictures", bytes, sizeof bytes - 1);
    idx a = idx_read("pictures");
    ck_assert_int_eq(a.rank, 3);
    ck_assert(a.n[0] == 2 && a.n[1] == 1 && a.n[2] == 3 && a.n[3] == 1);
    ck_assert_int_eq(a.size, 6);
    ck_assert_int_eq(memcmp(a.values, "\x01\x02\xff\x04\x05\x06", 6), 0);
    idx_free(&a);
    // No pictures are an array, too; sizes have all four bytes
    a = idx_parse("\0\0\x08\x01\0\0\0\0", 8, "empty");
    ck_assert(a.size == 0 && a.n[0] == 0);
    idx_free(&a);
    static char labels[8 + 258] = "\0\0\x08\x01\0\0\x01\x02";
    a = idx_parse(labels, sizeof labels, "labels");
    ck_assert_int_eq(a.n[0], 258);
    idx_free(&a);
}
END_TEST

START_TEST(refusals)
{
    REFUSED(idx_parse("\0\0\x08", 3, "a\nb"), "a\\nb: 3 bytes, which is no idx file; expected 4 of "
                                              "magic, the sizes, the values");
    REFUSED(idx_parse("\x1f\x8b\x08\0", 4, "f"), "f: is compressed; unpack it with gunzip");
    REFUSED(idx_parse("\0\0\x0d\x01\0\0\0\0", 8, "f"),
            "f: begins with 3329; an idx file of unsigned bytes begins with 2048 + its number of "
            "axes, 1 to 4: 2051 for pictures, 2049 for labels");
    REFUSED(idx_parse("\0\0\x08\x00\0\0\0\0", 8, "f"),
            "f: begins with 2048; an idx file of unsigned bytes begins with 2048 + its number of "
            "axes, 1 to 4: 2051 for pictures, 2049 for labels");
    REFUSED(idx_parse("\0\0\x08\x03\0\0\0\x02", 8, "f"),
            "f: ends within the sizes of its 3 axes, after 8 bytes; expected 16 before the values");
    REFUSED(idx_parse("\0\0\x08\x01\0\0\0\x02\x07", 9, "f"),
            "f: 1 bytes of values behind byte 8; its sizes ask for 2");
    REFUSED(idx_parse("\0\0\x08\x01\0\0\0\x01\x07\x07", 10, "f"),
            "f: 2 bytes of values behind byte 8; its sizes ask for 1");
    REFUSED(idx_parse("\0\0\x08\x01\xff\0\0\0", 8, "f"), "f: axis 0 has size 4278190080 at byte 4; "
                                                         "expected at most 2^30 values in all");
    REFUSED(idx_parse("\0\0\x08\x02\0\1\0\0\0\1\0\0", 12, "f"),
            "f: axis 1 has size 65536 at byte 8; expected at most 2^30 values in all");
}
END_TEST

TEST_MAIN("idx", arrays, refusals)
