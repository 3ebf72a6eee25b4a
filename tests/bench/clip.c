// CLIP's loss with its gradients for tests/bench/bench.py, width 64: with its table of N x N scores, or in blocks of 256
// without it. The value is the mean size of du.
//
//     clip whole|blocks N ours
//     clip whole|blocks N write FILE     the numbers for clip.py
#include "bench.h"

#include "clip/clip.h"
#include "clip/large.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "nets/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 64, BLOCK = 256 };

typedef struct {
    bool blocks;
    int N;
    tensor *u, *v, *t;
    float *du, *dv, *log_rows, *log_columns;
} task;

static double
mean_size(long n, const float *x)
{
    double sum = 0;
    for (long i = 0; i < n; i++)
        sum += fabs(x[i]);
    return sum / n;
}

static double
step(void *context)
{
    const task *a = context;
    if (a->blocks) {
        const clip_batch batch = {a->N, D, a->u->data, a->v->data, a->t->data[0], 0};
        clip_gradients g = {.du = a->du, .dv = a->dv};
        clip_infonce_online(&batch, BLOCK, a->log_rows, a->log_columns, &g);
        return mean_size(a->u->size, g.du);
    }
    tape_reset();
    zero_grad();
    backward(clip_infonce(a->u, a->v, a->t, CLIP_BOTH_WAYS));
    return mean_size(a->u->size, a->u->grad);
}

// Directions (N, D).
static tensor *
directions(const char *name, int N, rng *r)
{
    tensor *x = constant("x", SHAPE(N, D), NULL), *u = param(name, SHAPE(N, D));
    rng_fill_normal(r, x->size, x->data, 0, 1);
    tensor_assign(u, clip_normalise(x));
    tape_reset();
    return u;
}

int
main(int count, char **argument)
{
    static task a;
    if (count < 4)
        fail("expected: clip whole|blocks N ours|write [FILE]");
    a.blocks = strcmp(argument[1], "blocks") == 0;
    a.N = atoi(argument[2]);
    rng r = rng_at(1, 0);
    a.u = directions("u", a.N, &r);
    a.v = directions("v", a.N, &r);
    a.t = param("t", SHAPE(1));
    a.t->data[0] = 2.659f;
    a.du = memory_zeroed(2L * a.N * (D + 1), sizeof *a.du, "gradients");
    a.dv = a.du + (long)a.N * D;
    a.log_rows = a.dv + (long)a.N * D;
    a.log_columns = a.log_rows + a.N;
    if (count == 5) {
        FILE *f = file_create(argument[4]);
        fwrite(a.u->data, sizeof(float), a.u->size, f);
        fwrite(a.v->data, sizeof(float), a.v->size, f);
        fwrite(a.t->data, sizeof(float), 1, f);
        file_commit(f, argument[4]);
    } else
        answer(step, &a);
    free(a.du);
    tensors_free();
}
