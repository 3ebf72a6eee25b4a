#include "data/idx.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
word_at(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

idx
idx_parse(const char *bytes, size_t size, const char *name)
{
    if (size < 4)
        fail("%s: %zu bytes, which is no idx file; expected 4 of magic, the sizes, the values",
             escape(name), size);
    if (size > 1 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b)
        fail("%s: is compressed; unpack it with gunzip", escape(name));
    uint32_t magic = word_at(bytes);
    if (magic >> 8 != 8 || (magic & 255) < 1 || (magic & 255) > IDX_RANK)
        fail("%s: begins with %u; an idx file of unsigned bytes begins with 2048 + its number of "
             "axes, 1 to %d: 2051 for pictures, 2049 for labels",
             escape(name), magic, IDX_RANK);
    idx a = {.rank = (int)(magic & 255), .n = {1, 1, 1, 1}, .size = 1};
    size_t head = 4 + 4 * (size_t)a.rank;
    if (size < head)
        fail("%s: ends within the sizes of its %d axes, after %zu bytes; expected %zu before the "
             "values",
             escape(name), a.rank, size, head);
    uint64_t values = 1;
    for (int i = 0; i < a.rank; i++) {
        uint32_t n = word_at(bytes + 4 + 4 * (size_t)i);
        values *= n; // both are at most 2^32 and 2^30: nothing overflows
        if (n > 1u << 30 || values > 1u << 30)
            fail("%s: axis %d has size %u at byte %d; expected at most 2^30 values in all",
                 escape(name), i, n, 4 + 4 * i);
        a.n[i] = (int)n;
    }
    if (size - head != values)
        fail("%s: %zu bytes of values behind byte %zu; its sizes ask for %llu", escape(name),
             size - head, head, (unsigned long long)values);
    a.size = (long)values;
    a.values = memory_zeroed(a.size, 1, "an idx file");
    memcpy(a.values, bytes + head, values);
    return a;
}

idx
idx_read(const char *path)
{
    size_t size;
    char *bytes = file_read(path, &size);
    idx a = idx_parse(bytes, size, path);
    free(bytes);
    return a;
}

void
idx_free(idx *a)
{
    free(a->values);
    *a = (idx){0};
}
