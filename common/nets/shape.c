#include "nets/shape.h"

#include "files/fail.h"

#include <stdio.h>
#include <string.h>

static const long MOST_VALUES = 1L << (sizeof(long) > 4 ? 40 : 30); // of one shape

shape
shape_make(int rank, const int n[])
{
    if (rank > MAX_RANK)
        fail("a shape of rank %d: at most %d are possible", rank, MAX_RANK);
    shape s = {rank, {1, 1, 1, 1, 1, 1}};
    long size = 1;
    for (int i = 0; i < rank; i++) {
        if (n[i] < 0)
            fail("a shape with size %d on axis %d: sizes are not negative", n[i], i);
        s.n[i] = n[i];
        if (n[i] && size > MOST_VALUES / n[i])
            fail("a shape with more than 2^40 values");
        size *= n[i];
    }
    return s;
}

bool
shape_equal(shape a, shape b)
{
    return a.rank == b.rank && memcmp(a.n, b.n, sizeof a.n) == 0;
}

long
shape_product(shape s, int from, int to)
{
    long size = 1;
    for (int i = from; i < to; i++)
        size *= s.n[i];
    return size;
}

long
shape_size(shape s)
{
    return shape_product(s, 0, s.rank);
}

int
shape_last(shape s)
{
    return s.rank ? s.n[s.rank - 1] : 1;
}

shape_string
shape_text(shape s)
{
    shape_string text = {"("};
    for (int i = 0; i < s.rank; i++) {
        size_t used = strlen(text.s);
        snprintf(text.s + used, sizeof text.s - used, "%s%d", i ? ", " : "", s.n[i]);
    }
    strcat(text.s, ")");
    return text;
}
