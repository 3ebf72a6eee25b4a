#include "flash_attention/own.h"

#include "files/escape.h"
#include "files/fail.h"
#include "files/file.h"
#include "flash_attention/exact.h"
#include "flash_attention/flash_attention.h"
#include "flash_attention/io.h"
#include "frame/program.h"
#include "numbers/numeric.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- --io N,D,M ----

enum { MOST_N = 8192, MOST_D = 4096, MOST_M = 100000000 };

flash_attention_own_sizes
flash_attention_own_parse(const char *text)
{
    const long most[3] = {MOST_N, MOST_D, MOST_M};
    long n[3];
    const char *at = text;
    for (int i = 0; i < 3; i++) {
        char *end = (char *)at;
        n[i] = *at >= '0' && *at <= '9' ? strtol(at, &end, 10) : 0;
        if (n[i] < 1 || n[i] > most[i] || *end != (i < 2 ? ',' : 0))
            fail("--io %s: expected N,D,M, as 512,32,4096: N up to %d, D up to %d, M up to %d",
                 escape(text), MOST_N, MOST_D, MOST_M);
        at = end + 1;
    }
    return (flash_attention_own_sizes){(int)n[0], (int)n[1], n[2]};
}

void
flash_attention_own_io(const char *text)
{
    static const char *const names[FLASH_ATTENTION_IO_PROGRAMS] = {"unfused", "keys outside",
                                                                   "queries outside"};
    flash_attention_own_sizes own = flash_attention_own_parse(text);
    printf("Attention of %d queries and keys of width %d in a fast memory of %ld words (%.2f d^2)\n"
           "                 tile (queries x keys)   words moved  of the unfused   words held\n",
           own.N, own.d, own.M, (double)own.M / own.d / own.d);
    double unfused = 0;
    for (int p = 0; p < FLASH_ATTENTION_IO_PROGRAMS; p++) {
        flash_attention_io_tile best = flash_attention_io_best(p, own.N, own.d, own.M);
        if (!best.rows) {
            printf("%-16s no tile fits\n", names[p]);
            continue;
        }
        char part[32] = "";
        if (p == 0)
            unfused = best.io.moved;
        if (unfused > 0)
            snprintf(part, sizeof part, "%.3f", best.io.moved / unfused);
        printf("%-16s %10d x %-8d %15ld %15s %12ld\n", names[p], best.rows, best.columns,
               best.io.moved, part, best.io.held);
    }
}

// ---- --qkv FOLDER ----

static const char *const names[3] = {"q", "k", "v"};

// An array (B, h, n, d), whose first axes may be missing, as a tensor (B, n, h, d).
static tensor *
take(const npy *a, const char *name, const char *folder)
{
    int size[4] = {1, 1, 1, 1};
    if (a->rank < 2 || a->rank > 4)
        fail("%s/%s.npy: %d axes; expected (n, d), (h, n, d) or (B, h, n, d)", folder, name,
             a->rank);
    for (int i = 0; i < a->rank; i++)
        size[4 - a->rank + i] = a->n[i];
    int B = size[0], h = size[1], n = size[2], d = size[3];
    if (a->size < 1)
        fail("%s/%s.npy: an array without values", folder, name);
    tensor *x = param(name, SHAPE(B, n, h, d));
    for (long i = 0; i < a->size; i++) {
        long c = i % d, t = i / d % n, head = i / d / n % h, b = i / d / n / h;
        float value = (float)a->values[i];
        if (!isfinite(value))
            fail("%s/%s.npy: value %ld is %g, which is no finite number in float32", folder, name,
                 i, a->values[i]);
        x->data[((b * n + t) * h + head) * d + c] = value;
    }
    return x;
}

flash_attention_own_tensors
flash_attention_own_take(const npy arrays[3], const char *folder)
{
    tensor *x[3];
    for (int i = 0; i < 3; i++) {
        if (arrays[i].rank != arrays[0].rank)
            fail("%s: q.npy has %d axes and %s.npy %d; expected as many", folder, arrays[0].rank,
                 names[i], arrays[i].rank);
        x[i] = take(&arrays[i], names[i], folder);
    }
    const int *q = x[0]->shape.n, *k = x[1]->shape.n;
    if (q[0] != k[0] || q[2] != k[2] || q[3] != k[3])
        fail_shapes(folder, "as (B, n, h, d), queries and keys differ in more than n", x[0], x[1]);
    if (!shape_equal(x[1]->shape, x[2]->shape))
        fail_shapes(folder, "as (B, n, h, d), keys and values differ in shape", x[1], x[2]);
    return (flash_attention_own_tensors){x[0], x[1], x[2], arrays[0].rank};
}

// Writes x, as the reader's arrays have their axes: x is (B, h, n), d numbers each.
static void
write(const char *name, int rank, const int n[4], const float *x)
{
    const char *path = program_path(name);
    npy_write(path, NPY_F4, rank, n, x);
    printf("%s\n", path);
}

// The root of the mean squared error of out over the size of the exact answers.
static double
error_of(const flash_attention_own_tensors *own, flash_attention_causality causal,
         const tensor *out)
{
    const int *n = own->q->shape.n;
    int T = n[1], h = n[2], d = n[3], S = own->k->shape.n[1];
    double *exact = tape_alloc((long)T * d * sizeof *exact), square = 0;
    for (int i = 0; i < n[0] * h; i++) {
        long at = ((long)i / h * T * h + i % h) * d, from = ((long)i / h * S * h + i % h) * d;
        flash_attention_head a = {.T = T,
                                  .S = S,
                                  .d = d,
                                  .row = (long)h * d,
                                  .q = own->q->data + at,
                                  .k = own->k->data + from,
                                  .v = own->v->data + from};
        flash_attention_exact(&a, causal, exact);
        double error = flash_attention_relative_error(&a, out->data + at, exact);
        square += error * error;
    }
    return sqrt64(square / (n[0] * h));
}

void
flash_attention_own_qkv(const char *folder, bool causal)
{
    npy arrays[3];
    for (int i = 0; i < 3; i++) {
        char path[FILE_PATH];
        if (snprintf(path, sizeof path, "%s/%s.npy", folder, names[i]) >= (int)sizeof path)
            fail("%s: a path of more than %d bytes", escape(folder), FILE_PATH);
        arrays[i] = npy_read(path);
    }
    flash_attention_own_tensors own = flash_attention_own_take(arrays, escape(folder));
    for (int i = 0; i < 3; i++)
        npy_free(&arrays[i]);
    const flash_attention_options o = {.causal = causal ? FLASH_ATTENTION_BOTTOM_RIGHT
                                                        : FLASH_ATTENTION_ALL};
    const int *n = own.q->shape.n;
    int B = n[0], T = n[1], h = n[2], d = n[3], S = own.k->shape.n[1];
    printf("%d sequences, %d heads, %d queries and %d keys of width %d%s\n", B, h, T, S, d,
           causal ? ", causal" : "");
    const tensor *tiled = flash_attention_attend(own.q, own.k, own.v, NULL, NULL, &o);
    const bool *mask = causal ? transformer_causal_mask(B, T, S) : NULL;
    const tensor *unfused = transformer_attention(own.q, own.k, own.v, mask, NULL);
    printf("error against double, over the size of the answers: in tiles %.2e, unfused %.2e\n",
           error_of(&own, o.causal, tiled), error_of(&own, o.causal, unfused));
    float *out = tape_alloc(tiled->size * sizeof *out);
    for (long i = 0; i < tiled->size; i++) {
        long c = i % d, t = i / d % T, head = i / d / T % h, b = i / d / T / h;
        out[i] = tiled->data[((b * T + t) * h + head) * d + c];
    }
    const int size[4] = {B, h, T, d};
    write("out.npy", own.rank, size + 4 - own.rank, out);
    write("L.npy", own.rank - 1, size + 4 - own.rank, tape_saved(tiled, "L")->data);
    tensors_free();
}
