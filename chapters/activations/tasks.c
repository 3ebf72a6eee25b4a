#include "activations/tasks.h"

#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/train.h"
#include "numbers/numeric.h"

#include <math.h>
#include <string.h>

enum { TERMS = 4, BATCH = 32 };

typedef struct {
    double direction[2 * TERMS][TASKS_INPUTS]; // unit vectors
} target;

// (sum of sin(2 p) + sum of |p|) over projections p, with its mean taken off, over its standard deviation: sin(2 p) has
// the variance (1 - e^-8) / 2, |p| 1 - 2 / pi.
static double
target_value(const target *t, const float *x)
{
    double sum = 0;
    for (int k = 0; k < 2 * TERMS; k++) {
        double p = 0;
        for (int i = 0; i < TASKS_INPUTS; i++)
            p += t->direction[k][i] * x[i];
        sum += k < TERMS ? sin64(2 * p) : fabs(p) - sqrt64(2 / pi64);
    }
    return sum / sqrt64(TERMS * (0.5 * (1 - exp64(-8)) + 1 - 2 / pi64));
}

static activations_points
points(rng *r, const target *t, int n, double noise)
{
    activations_points p = {n, permanent_alloc((long)n * TASKS_INPUTS * sizeof(float)),
                            permanent_alloc(n * sizeof(float))};
    rng_fill_normal(r, (long)n * TASKS_INPUTS, p.x, 0, 1);
    for (int i = 0; i < n; i++) {
        double off = noise * rng_normal(r);
        p.y[i] = (float)(target_value(t, p.x + i * TASKS_INPUTS) + off);
    }
    return p;
}

activations_task
activations_task_new(rng *r)
{
    target t;
    for (int k = 0; k < 2 * TERMS; k++) {
        double square = 0;
        for (int i = 0; i < TASKS_INPUTS; i++) {
            t.direction[k][i] = rng_normal(r);
            square += t.direction[k][i] * t.direction[k][i];
        }
        for (int i = 0; i < TASKS_INPUTS; i++)
            t.direction[k][i] /= sqrt64(square);
    }
    activations_task task;
    task.train = points(r, &t, TASKS_TRAIN, 0.1);
    task.validation = points(r, &t, TASKS_VALIDATION, 0.1);
    task.test = points(r, &t, TASKS_TEST, 0);
    return task;
}

static tensor *
weights(const char *name, int n, int m, double gain, rng *r)
{
    tensor *w = param(name, SHAPE(n, m));
    rng_fill_normal(r, w->size, w->data, 0,
                    (float)(gain * activations_std(ACTIVATIONS_LECUN, m, n)));
    return w;
}

activations_net
activations_net_new(activations_kind kind, bool gated, rng *r)
{
    activations_net net = {.kind = kind, .gated = gated};
    activations_rule rule;
    activations_rule_fine(&rule);
    double gain = activations_gain(&rule, kind);
    int n = gated ? TASKS_GATED_WIDTH : TASKS_WIDTH, m = TASKS_INPUTS;
    for (int l = 0; l < 3; l++, m = n) {
        net.w[l] = weights("w", l < 2 ? n : 1, m, l ? gain : 1, r);
        net.b[l] = param("b", SHAPE(l < 2 ? n : 1));
        if (!gated || l == 2)
            continue;
        net.v[l] = weights("v", n, m, l ? gain : 1, r);
        net.c[l] = param("c", SHAPE(n));
    }
    return net;
}

tensor *
activations_net_apply(activations_net *net, tensor *x)
{
    for (int l = 0; l < 2; l++) {
        if (net->gated)
            x = activations_glu(net->kind, x, net->w[l], net->b[l], net->v[l], net->c[l]);
        else
            x = activations_apply(net->kind, t_linear(x, net->w[l], net->b[l]));
        net->hidden[l] = x;
    }
    return t_linear(x, net->w[2], net->b[2]);
}

double
activations_net_error(activations_net *net, const activations_points *p)
{
    tape_reset();
    const tensor *out = activations_net_apply(net, constant("x", SHAPE(p->n, TASKS_INPUTS), p->x));
    double square = 0;
    for (int i = 0; i < p->n; i++)
        square += ((double)out->data[i] - p->y[i]) * ((double)out->data[i] - p->y[i]);
    double error = sqrt64(square / p->n);
    return isfinite(error) ? error : INFINITY;
}

// The part of the units of h (n, units) that are 0 in every row.
static double
dead_part(const tensor *h)
{
    int n = h->shape.n[0], units = h->shape.n[1], dead = 0;
    for (int j = 0; j < units; j++) {
        bool alive = false;
        for (int i = 0; i < n; i++)
            alive |= h->data[i * units + j] != 0;
        dead += !alive;
    }
    return (double)dead / units;
}

// The same task, data, first weights' random numbers and batches for every activation and rate of one seed.
void
activations_trial_run(uint32_t seed, activations_trial *t)
{
    rng data = rng_at(seed, 3 * t->seed), first = rng_at(seed, 3 * t->seed + 1),
        order = rng_at(seed, 3 * t->seed + 2);
    activations_task task = activations_task_new(&data);
    activations_net net = activations_net_new(t->kind, t->gated, &first);
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    int steps = t->training.steps;
    for (int s = 0; s < steps; s++) {
        tensor *x = constant("x", SHAPE(BATCH, TASKS_INPUTS), NULL);
        tensor *y = constant("y", SHAPE(BATCH, 1), NULL);
        for (int i = 0; i < BATCH; i++) {
            uint32_t p = rng_below(&order, TASKS_TRAIN);
            memcpy(x->data + i * TASKS_INPUTS, task.train.x + p * TASKS_INPUTS,
                   TASKS_INPUTS * sizeof(float));
            y->data[i] = task.train.y[p];
        }
        tensor *loss = t_mean_squared_error(activations_net_apply(&net, x), y);
        t->training.loss[s] = training_step(loss, &adam, warmup_cosine(s, 0, steps, t->rate), 0);
    }
    t->validation = activations_net_error(&net, &task.validation);
    t->test = activations_net_error(&net, &task.test);
    activations_net_error(&net, &task.train);
    for (int l = 0; l < 2; l++)
        t->dead[l] = dead_part(net.hidden[l]);
}
