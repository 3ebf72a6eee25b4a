// Any bytes as a row, in every form of explode, which gives as many rows as the collection has items; and as records, which
// are refused through fail(), or reduced. For libFuzzer; `make fuzz` runs it.
#include "input.h"

#include "files/fail.h"
#include "many_machines/many_machines.h"
#include "many_machines/stream.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// fail() ends a program, and what it has allocated goes with it: that is no leak.
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

typedef struct {
    int fields;
    long rows;
} taken;

// Every byte of a row must be there.
static void
take(void *to, int n, const many_machines_bytes *field)
{
    taken *t = to;
    volatile char last = 0;
    for (int k = 0; k < n; k++)
        if (field[k].n > 0)
            last = field[k].at[0] + field[k].at[field[k].n - 1];
    (void)last;
    if (n != t->fields)
        abort();
    t->rows++;
}

static long
items_of(const char *row, long n, int column)
{
    long at = 0, items = 1;
    for (int c = 0; c < column; c++) {
        const char *end = n - at > 0 ? memchr(row + at, 1, n - at) : NULL;
        if (!end)
            return -1;
        at = end - row + 1;
    }
    long begin = at;
    for (; at < n && row[at] != 1; at++)
        items += row[at] == 2;
    bool null = at - begin == 2 && memcmp(row + begin, "\\N", 2) == 0;
    return at == begin || null ? 0 : items;
}

static void
as_row(const char *row, long n)
{
    for (int form = 0; form < 8; form++)
        for (int column = 0; column < 3; column++) {
            many_machines_view v = {column, form & 1, form & 2, form & 4};
            taken t = {2 + v.position + v.map, 0};
            long items = items_of(row, n, column);
            bool has = many_machines_explode(&v, (many_machines_bytes){row, n},
                                             (many_machines_rows){take, &t});
            if (has != (items >= 0) || (has && t.rows != (items || !v.outer ? items : 1)))
                abort();
        }
}

static void
as_records(char *bytes, size_t size, void (*work)(FILE *in, const char *name, FILE *out))
{
    FILE *in = size ? fmemopen(bytes, size, "rb") : NULL, *out = fopen("/dev/null", "wb");
    if (in && out && !setjmp(refused))
        work(in, "input", out);
    if (in)
        fclose(in);
    if (out)
        fclose(out);
}

static void
try_input(char *bytes, size_t size)
{
    as_row(bytes, (long)size);
    as_records(bytes, size, many_machines_stream_reduce);
    as_records(bytes, size, many_machines_stream_pairs);
    as_records(bytes, size, many_machines_stream_words);
}
