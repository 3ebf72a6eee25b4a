#include "transformer/weights.h"

#include "files/fail.h"
#include "files/file.h"
#include "nets/ops.h"
#include "numbers/numeric.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char first_line[] = "Line by Line, transformer, weights 1\n";
enum { SIZES = 6, MOST = 4096, HEAD = sizeof first_line - 1 + SIZES * 4 + 256, CHECK = 8 };

transformer
transformer_weights_model(const transformer_weights *w, rng *r)
{
    transformer_config c = {.V = w->V,
                            .D = w->D,
                            .h = w->h,
                            .F = w->F,
                            .decoders = w->layers,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_learnt_positions(w->T, w->D, r)};
    return transformer_new(&c, r);
}

// How many parameters transformer_weights_model makes.
static long
parameters(const transformer_weights *w)
{
    long D = w->D, layer = 4 * D * D + 3 * D + 2 * D * w->F + w->F + D + 4 * D;
    return w->T * D + w->V * D + w->layers * layer + 2 * D;
}

// Adds bytes to a checksum (Fowler, Noll & Vo's FNV-1a, 64 bits).
static uint64_t
sum_up(uint64_t sum, size_t n, const void *bytes)
{
    for (size_t i = 0; i < n; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    return sum;
}

static const uint64_t sum_start = 0xcbf29ce484222325u;

// Writes bytes and adds them to the checksum.
static void
put(FILE *file, uint64_t *sum, size_t n, const void *bytes)
{
    fwrite(bytes, 1, n, file);
    *sum = sum_up(*sum, n, bytes);
}

// Numbers stand with the least significant byte first, whatever the machine.
static void
put_32(FILE *file, uint64_t *sum, uint32_t x)
{
    unsigned char bytes[4] = {x & 255, x >> 8 & 255, x >> 16 & 255, x >> 24};
    put(file, sum, 4, bytes);
}

static uint32_t
get_32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

void
transformer_weights_write(const char *path, const transformer_weights *w)
{
    int sizes[SIZES] = {w->V, w->D, w->h, w->F, w->layers, w->T};
    uint64_t sum = sum_start, all = 0;
    FILE *file = file_create(path);
    put(file, &sum, sizeof first_line - 1, first_line);
    for (int i = 0; i < SIZES; i++)
        put_32(file, &sum, (uint32_t)sizes[i]);
    put(file, &sum, sizeof w->byte, w->byte);
    for (int i = 0; i < param_count(); i++)
        for (long j = 0; j < param_at(i)->size; j++)
            put_32(file, &sum, bits32(param_at(i)->data[j]));
    put_32(file, &all, (uint32_t)sum);
    put_32(file, &all, (uint32_t)(sum >> 32));
    file_commit(file, path);
}

transformer_weights
transformer_weights_parse(const char *bytes, size_t size, const char *name, const char **values)
{
    int sizes[SIZES];
    transformer_weights w;
    if (size < HEAD + CHECK || memcmp(bytes, first_line, sizeof first_line - 1) != 0)
        fail("%s: no weights of this program; --save writes them", name);
    for (int i = 0; i < SIZES; i++) {
        sizes[i] = (int)get_32(bytes + sizeof first_line - 1 + 4 * i);
        if (sizes[i] < 1 || sizes[i] > (i == 0 ? 256 : MOST))
            fail("%s: damaged: size %d is %d", name, i + 1, sizes[i]);
    }
    w = (transformer_weights){sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], {0}};
    memcpy(w.byte, bytes + HEAD - 256, 256);
    if (w.D % w.h)
        fail("%s: damaged: width %d with %d heads", name, w.D, w.h);
    size_t expected = HEAD + 4 * (size_t)parameters(&w) + CHECK;
    if (size != expected)
        fail("%s: %zu bytes; a model of width %d and %d layers has %zu: the file is cut or damaged",
             name, size, w.D, w.layers, expected);
    uint64_t sum = get_32(bytes + size - CHECK) | (uint64_t)get_32(bytes + size - 4) << 32;
    if (sum != sum_up(sum_start, size - CHECK, bytes))
        fail("%s: damaged: the checksum is wrong", name);
    *values = bytes + HEAD;
    return w;
}

void
transformer_weights_use(const char *values)
{
    for (int i = 0; i < param_count(); i++)
        for (long j = 0; j < param_at(i)->size; j++, values += 4)
            param_at(i)->data[j] = float32(get_32(values));
}
