// Products of few rows for tests/bench/bench.py: y = x w^T with n rows of width D and weights (4 D, D). The value is
// the sum of the squares of its first eight numbers.
//
//     speculative N D ours|packed     ours: weights as the product reads them, (D, 4 D); packed: as (4 D, D), copied first
//     speculative N D write FILE      the numbers for speculative.py
#include "bench.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "numbers/matmul.h"
#include "numbers/random.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int n, D;
    bool packed;
    float *x, *w, *turned, *y; // turned: w^T (D, 4 D)
} task;

enum { MOST = 8 }; // rows

static double
step(void *context)
{
    const task *t = context;
    if (t->packed)
        matmul(t->n, 4 * t->D, t->D, matrix_of(t->x, t->D), transpose_of(t->w, t->D), t->y,
               4 * t->D, MATMUL_SET);
    else
        matmul(t->n, 4 * t->D, t->D, matrix_of(t->x, t->D), matrix_of(t->turned, 4 * t->D), t->y,
               4 * t->D, MATMUL_SET);
    double sum = 0;
    for (int i = 0; i < 8; i++)
        sum += t->y[i] * t->y[i];
    return sum;
}

int
main(int count, char **argument)
{
    if (count < 4)
        fail("expected: speculative N D ours|packed|write [FILE]");
    task t = {.n = atoi(argument[1]), .D = atoi(argument[2])};
    if (t.n < 1 || t.n > MOST || t.D < 16 || t.D % 16)
        fail("%d rows of width %d: expected 1 to %d, and a multiple of 16", t.n, t.D, MOST);
    t.packed = strcmp(argument[3], "packed") == 0;
    t.x = memory_zeroed((long)MOST * t.D, sizeof *t.x, "rows");
    t.w = memory_zeroed((long)4 * t.D * t.D, sizeof *t.w, "weights");
    t.y = memory_zeroed((long)MOST * 4 * t.D, sizeof *t.y, "products");
    t.turned = memory_zeroed((long)4 * t.D * t.D, sizeof *t.turned, "weights");
    rng r = rng_at(1, 0);
    rng_fill_normal(&r, (long)t.n * t.D, t.x, 0, 1);
    rng_fill_normal(&r, (long)4 * t.D * t.D, t.w, 0, 1);
    for (long i = 0; i < 4 * t.D; i++)
        for (long j = 0; j < t.D; j++)
            t.turned[j * 4 * t.D + i] = t.w[i * t.D + j];
    if (count == 5) {
        FILE *f = file_create(argument[4]);
        fwrite(t.x, sizeof(float), (size_t)t.n * t.D, f);
        fwrite(t.w, sizeof(float), (size_t)4 * t.D * t.D, f);
        file_commit(f, argument[4]);
    } else
        answer(step, &t);
    free(t.x);
    free(t.w);
    free(t.turned);
    free(t.y);
}
