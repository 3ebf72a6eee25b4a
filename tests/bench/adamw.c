// A step of AdamW on a parameter of 4 million values for tests/bench/bench.py. The value is one of them after the step.
//
//     adamw ours
//     adamw write FILE     the values and the gradient for adamw.py
#include "bench.h"

#include "files/fail.h"
#include "files/file.h"
#include "nets/train.h"
#include "numbers/random.h"

#include <string.h>

enum { SIZE = 1 << 22, LOOKED_AT = 12345 };

typedef struct {
    tensor *w;
    adamw a;
} task;

static double
step(void *context)
{
    task *t = context;
    adamw_step(&t->a, 1e-3f);
    return t->w->data[LOOKED_AT];
}

int
main(int count, char **argument)
{
    task t = {.w = param("w", SHAPE(SIZE))};
    rng r = rng_at(1, 0);
    if (count < 2)
        fail("expected: adamw ours|write [FILE]");
    rng_fill_normal(&r, SIZE, t.w->data, 0, 1);
    rng_fill_normal(&r, SIZE, t.w->grad, 0, 0.01f);
    t.a = adamw_new(0.9f, 0.999f, 1e-8f, 0.01f);
    if (count == 3 && strcmp(argument[1], "write") == 0) {
        FILE *f = file_create(argument[2]);
        fwrite(t.w->data, sizeof(float), SIZE, f);
        fwrite(t.w->grad, sizeof(float), SIZE, f);
        file_commit(f, argument[2]);
    } else
        answer(step, &t);
    tensors_free();
}
