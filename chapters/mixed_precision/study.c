#include "mixed_precision/study.h"

#include "frame/progress.h"
#include "nets/ops.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <string.h>

enum {
    SEED = 16,
    INPUTS_OF_NET = 16,
    HIDDEN = 64,
    CLASSES = 32,
    LAYERS = 3,
    B = 256,
    TESTS = 2048
};

static const int width[LAYERS + 1] = {INPUTS_OF_NET, HIDDEN, HIDDEN, CLASSES};

typedef struct {
    tensor *w[LAYERS], *b[LAYERS];
} net;

// Weights of N(0, gain^2 / inputs), biases 0, as parameters or, of the teacher, as constants that stay.
static net
net_new(tensor *(*make)(const char *name, shape s), float gain, rng *r)
{
    net n;
    for (int i = 0; i < LAYERS; i++) {
        n.w[i] = make("w", SHAPE(width[i + 1], width[i]));
        n.b[i] = make("b", SHAPE(width[i + 1]));
        rng_fill_normal(r, n.w[i]->size, n.w[i]->data, 0, gain / sqrt32((float)width[i]));
    }
    return n;
}

static tensor *
forward(const net *n, const float_format *f, tensor *x)
{
    x = t_round(x, f);
    for (int i = 0; i < LAYERS - 1; i++)
        x = mixed_precision_tanh_layer(f, x, n->w[i], n->b[i]);
    return mixed_precision_linear(f, x, n->w[LAYERS - 1], n->b[LAYERS - 1]);
}

// New inputs and the teacher's classes, its largest logits.
static tensor *
batch(const net *teacher, int rows, rng *r, int *classes)
{
    tensor *x = constant("x", SHAPE(rows, INPUTS_OF_NET), NULL);
    rng_fill_normal(r, x->size, x->data, 0, 1);
    const tensor *logits = forward(teacher, NULL, x);
    for (int i = 0; i < rows; i++) {
        const float *row = logits->data + i * CLASSES;
        classes[i] = 0;
        for (int k = 1; k < CLASSES; k++)
            classes[i] = row[k] > row[classes[i]] ? k : classes[i];
    }
    return x;
}

// After Adam's step: what the weights are kept in.
static void
keep(const mixed_precision_run *run, adamw *adam, rng *r)
{
    if (run->weights == MIXED_PRECISION_MASTER)
        return;
    mixed_precision_store(run->f, run->weights == MIXED_PRECISION_RANDOM ? r : NULL);
    if (run->weights != MIXED_PRECISION_MOMENTS)
        return;
    for (int i = 0; i < param_count(); i++) {
        format_round_all(run->f, param_at(i)->size, adam->m[i], adam->m[i]);
        format_round_all(run->f, param_at(i)->size, adam->v[i], adam->v[i]);
    }
}

static double
part_of_zeros(const tensor *x)
{
    int zeros = 0;
    for (long i = 0; i < x->size; i++)
        zeros += x->grad[i] == 0;
    return (double)zeros / x->size;
}

void
mixed_precision_train(int i, void *all)
{
    mixed_precision_run *run = (mixed_precision_run *)all + i;
    int steps = run->t.steps, classes[TESTS];
    rng r = rng_at(SEED, (uint32_t)run->seed),
        of_rounding = rng_at(SEED, 100 + (uint32_t)run->seed);
    net teacher = net_new(tensor_state, 1.5f, &r), student = net_new(param, 1, &r);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    keep(run, &adam, &of_rounding);
    for (int s = 0; s < steps; s++) {
        tensor *x = batch(&teacher, B, &r, classes);
        tensor *logits = forward(&student, run->f, x), *loss = t_cross_entropy(logits, classes);
        run->t.loss[s] = loss->data[0];
        if (run->scale)
            run->scale[s] = run->scaler.scale;
        zero_grad();
        mixed_precision_backward(&run->scaler, loss);
        // A rounded tensor hands its gradient, rounded, to what it was computed from.
        run->zeros = part_of_zeros(run->f ? logits->in[0] : logits);
        mixed_precision_step(&run->scaler, &adam, warmup_cosine(s, 0, steps, 3e-3f), 0);
        keep(run, &adam, &of_rounding);
        tape_reset();
        progress_advance(1);
    }
    rng tests = rng_at(SEED, 200 + (uint32_t)run->seed);
    tensor *x = batch(&teacher, TESTS, &tests, classes);
    run->final = t_cross_entropy(forward(&student, run->f, x), classes)->data[0];
    tape_reset();
}
