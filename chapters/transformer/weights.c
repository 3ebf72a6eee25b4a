#include "transformer/weights.h"

#include "files/fail.h"
#include "files/file.h"
#include "nets/ops.h"

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

void
transformer_weights_write(const char *path, const transformer_weights *w)
{
    int32_t sizes[SIZES] = {w->V, w->D, w->h, w->F, w->layers, w->T};
    uint64_t sum = sum_start;
    FILE *file = file_create(path);
    put(file, &sum, sizeof first_line - 1, first_line);
    put(file, &sum, sizeof sizes, sizes);
    put(file, &sum, sizeof w->byte, w->byte);
    for (int i = 0; i < param_count(); i++)
        put(file, &sum, param_at(i)->size * sizeof(float), param_at(i)->data);
    fwrite(&sum, sizeof sum, 1, file);
    file_commit(file, path);
}

transformer_weights
transformer_weights_parse(const char *bytes, size_t size, const char *name, const char **values)
{
    int32_t sizes[SIZES];
    transformer_weights w;
    uint64_t sum;
    if (size < HEAD + CHECK || memcmp(bytes, first_line, sizeof first_line - 1) != 0)
        fail("%s: no weights of this program; --save writes them", name);
    memcpy(sizes, bytes + sizeof first_line - 1, sizeof sizes);
    for (int i = 0; i < SIZES; i++)
        if (sizes[i] < 1 || sizes[i] > (i == 0 ? 256 : MOST))
            fail("%s: damaged: size %d is %d", name, i + 1, (int)sizes[i]);
    w = (transformer_weights){sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5], {0}};
    memcpy(w.byte, bytes + HEAD - 256, 256);
    if (w.D % w.h)
        fail("%s: damaged: width %d with %d heads", name, w.D, w.h);
    size_t expected = HEAD + 4 * (size_t)parameters(&w) + CHECK;
    if (size != expected)
        fail("%s: %zu bytes; a model of width %d and %d layers has %zu: the file is cut or damaged",
             name, size, w.D, w.layers, expected);
    memcpy(&sum, bytes + size - CHECK, sizeof sum);
    if (sum != sum_up(sum_start, size - CHECK, bytes))
        fail("%s: damaged: the checksum is wrong", name);
    *values = bytes + HEAD;
    return w;
}

void
transformer_weights_use(const char *values)
{
    for (int i = 0; i < param_count(); i++) {
        size_t n = param_at(i)->size * sizeof(float);
        memcpy(param_at(i)->data, values, n);
        values += n;
    }
}
