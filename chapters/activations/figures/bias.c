// What nets without biases cannot do: rings with ReLU, XOR with tanh; and where a bias has no gradient.
#include "activations/activations.h"
#include "activations/biases.h"
#include "activations/figures/figures.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    SEED = 81,
    SEEDS = 3,
    RAYS = 64,
    POINTS = 2 * RAYS,
    WIDTH = 16,
    STEPS = 600,
    TASKS = 2,
    GRID = 61
};

// Points and labels 1 and -1: rings of radius 1 (1) and 2 (-1), both on the same rays; XOR on the corners +-1.
typedef struct {
    const char *name;
    int n;
    float x[2 * POINTS], y[POINTS];
} task;

static task
rings(void)
{
    task t = {.name = "rings", .n = POINTS};
    for (int i = 0; i < RAYS; i++) {
        double angle = 2 * pi64 * (i + 0.5) / RAYS;
        float x = (float)cos64(angle), y = (float)sin64(angle);
        for (int ring = 0; ring < 2; ring++) {
            float *p = t.x + 2 * (2 * i + ring);
            p[0] = (float)(1 + ring) * x; // twice as far: exact in floats
            p[1] = (float)(1 + ring) * y;
            t.y[2 * i + ring] = ring ? -1 : 1;
        }
    }
    return t;
}

static task
exclusive_or(void)
{
    task t = {.name = "xor", .n = 4};
    for (int i = 0; i < 4; i++) {
        t.x[2 * i] = i & 1 ? 1 : -1;
        t.x[2 * i + 1] = i & 2 ? 1 : -1;
        t.y[i] = t.x[2 * i] * t.x[2 * i + 1] > 0 ? -1 : 1;
    }
    return t;
}

// A net 2 -> 16 -> 1, with biases or without.
typedef struct {
    training training;
    const task *task;
    activations_kind kind;
    bool bias;
    int seed;
    double right;             // part of the points on their own side of 0
    float field[GRID * GRID]; // the net's answer on [-3, 3]^2
} trial;

static tensor *
answer(const trial *t, tensor *w1, tensor *b1, tensor *w2, tensor *b2, tensor *x)
{
    if (!t->bias)
        return t_matmul_nt(activations_apply(t->kind, t_matmul_nt(x, w1)), w2);
    return t_linear(activations_apply(t->kind, t_linear(x, w1, b1)), w2, b2);
}

static void
run(int i, void *all)
{
    trial *t = (trial *)all + i;
    int n = t->task->n;
    rng r = rng_at(SEED, t->seed);
    tensor *w1 = param("w1", SHAPE(WIDTH, 2)), *b1 = param("b1", SHAPE(WIDTH));
    tensor *w2 = param("w2", SHAPE(1, WIDTH)), *b2 = param("b2", SHAPE(1));
    rng_fill_normal(&r, w1->size, w1->data, 0, 1);
    rng_fill_normal(&r, w2->size, w2->data, 0, 1 / sqrt32(WIDTH));
    adamw adam = adamw_new(0.9f, 0.999f, 1e-8f, 0);
    for (int s = 0; s < t->training.steps; s++) {
        tensor *x = constant("x", SHAPE(n, 2), t->task->x),
               *y = constant("y", SHAPE(n, 1), t->task->y);
        tensor *loss = t_mean_squared_error(answer(t, w1, b1, w2, b2, x), y);
        t->training.loss[s] = training_step(loss, &adam, 0.02f, 0);
    }
    const tensor *out = answer(t, w1, b1, w2, b2, constant("x", SHAPE(n, 2), t->task->x));
    for (int k = 0; k < n; k++)
        t->right += (out->data[k] * t->task->y[k] > 0) / (double)n;
    tensor *grid = constant("grid", SHAPE(GRID * GRID, 2), NULL);
    for (int k = 0; k < GRID * GRID; k++) {
        grid->data[2 * k] = (float)(k % GRID - GRID / 2) / 10;
        grid->data[2 * k + 1] = (float)(k / GRID - GRID / 2) / 10;
    }
    out = answer(t, w1, b1, w2, b2, grid);
    memcpy(t->field, out->data, sizeof t->field);
}

// ---- Gradients ----

// The largest |gradient| of a bias, over the largest of what it is added to.
static double
part_of(const tensor *bias, const tensor *to)
{
    double most = 0, largest = 0;
    for (long i = 0; i < bias->size; i++)
        most = fmax(most, fabs(bias->grad[i]));
    for (long i = 0; i < to->size; i++)
        largest = fmax(largest, fabs(to->grad[i]));
    return most / largest;
}

typedef struct {
    double batch_norm, layer_norm, layer_norm_sum, keys, queries, values;
} bias_gradients;

static bias_gradients
measure(void)
{
    enum { B = 16, N = 8 };
    bias_gradients g;
    rng r = rng_at(SEED, 100);
    for (int norm = 0; norm < 2; norm++) {
        tensor *a = param("a", SHAPE(B, N)), *b = param("b", SHAPE(N));
        rng_fill_normal(&r, a->size, a->data, 0, 1);
        rng_fill_normal(&r, b->size, b->data, 0, 1);
        tensor *weight = constant("weight", a->shape, NULL), *sum = t_add(a, b);
        rng_fill_normal(&r, a->size, weight->data, 0, 1);
        tensor *y = norm ? activations_layer_norm(sum, 1e-5f) : activations_batch_norm(sum, 1e-5f);
        backward(t_sum(t_mul(y, weight)));
        double part = part_of(b, a), total = 0;
        for (int i = 0; i < N; i++)
            total += b->grad[i];
        if (norm) {
            g.layer_norm = part;
            g.layer_norm_sum = fabs(total);
        } else
            g.batch_norm = part;
        tensors_free();
    }
    tensor *x[3], *b[3];
    for (int i = 0; i < 3; i++) {
        x[i] = param("x", SHAPE(B, N));
        b[i] = param("b", SHAPE(N));
        rng_fill_normal(&r, B * N, x[i]->data, 0, 1);
        rng_fill_normal(&r, N, b[i]->data, 0, 1);
    }
    tensor *y = activations_attention(t_add(x[0], b[0]), t_add(x[1], b[1]), t_add(x[2], b[2]));
    tensor *weight = constant("weight", SHAPE(B, N), NULL);
    rng_fill_normal(&r, B * N, weight->data, 0, 1);
    backward(t_sum(t_mul(y, weight)));
    g.queries = part_of(b[0], x[0]);
    g.keys = part_of(b[1], x[1]);
    g.values = part_of(b[2], x[2]);
    tensors_free();
    return g;
}

static void
gradient_table(void)
{
    bias_gradients g = measure();
    table *t = program_table("bias-gradients", "bias\tlargest");
    table_row(t, "sd", "before batch norm", g.batch_norm);
    table_row(t, "sd", "before layer norm", g.layer_norm);
    table_row(t, "sd", "before layer norm, their sum", g.layer_norm_sum);
    table_row(t, "sd", "of keys", g.keys);
    table_row(t, "sd", "of queries", g.queries);
    table_row(t, "sd", "of values", g.values);
    table_close(t);
    claim_below("bias-batch-norm",
                "a bias before batch norm: its largest gradient, of the largest of its inputs",
                1e-5, g.batch_norm, "algebra", CHECK);
    claim_below("bias-keys", "a bias of keys: the same", 1e-5, g.keys, "algebra", CHECK);
    claim_above("bias-layer-norm", "a bias before layer norm: the same", 0.1, g.layer_norm,
                "algebra", CHECK);
}

void
activations_figure_bias(void)
{
    static task tasks[TASKS];
    static const struct {
        int task;
        activations_kind kind;
        bool bias;
    } nets[] = {{0, ACTIVATIONS_RELU, false},
                {0, ACTIVATIONS_RELU, true},
                {1, ACTIVATIONS_TANH, false},
                {1, ACTIVATIONS_TANH, true},
                {1, ACTIVATIONS_RELU, false}};
    enum { NETS = sizeof nets / sizeof *nets };
    static trial all[NETS * SEEDS];
    tasks[0] = rings();
    tasks[1] = exclusive_or();
    for (int i = 0; i < NETS * SEEDS; i++) {
        int k = i / SEEDS;
        all[i] = (trial){.training = {.steps = program_steps(STEPS, 2)},
                         .task = &tasks[nets[k].task],
                         .kind = nets[k].kind,
                         .bias = nets[k].bias,
                         .seed = i % SEEDS};
        snprintf(all[i].training.name, TRAINING_NAME, "%s_%s_%d_%d", all[i].task->name,
                 activations_name(all[i].kind), all[i].bias, all[i].seed);
    }
    training_run(NETS * SEEDS, all, sizeof *all, run);
    training_free(NETS * SEEDS, all, sizeof *all);
    double low[NETS], high[NETS];
    table *t = program_table("bias", "task\tactivation\tbiases\tlowest\thighest");
    for (int k = 0; k < NETS; k++) {
        low[k] = 1, high[k] = 0;
        for (int s = 0; s < SEEDS; s++) {
            low[k] = fmin(low[k], all[k * SEEDS + s].right);
            high[k] = fmax(high[k], all[k * SEEDS + s].right);
        }
        table_row(t, "sssdd", tasks[nets[k].task].name, activations_name(nets[k].kind),
                  nets[k].bias ? "yes" : "no", low[k], high[k]);
    }
    table_close(t);
    t = program_table("bias-field",
                      "x\ty\trings_without\trings_with\txor_tanh_without\txor_relu_without");
    for (int k = 0; k < GRID * GRID; k++) {
        table_row(t, "ddffff", (k % GRID - GRID / 2) / 10.0, (k / GRID - GRID / 2) / 10.0,
                  all[0].field[k], all[SEEDS].field[k], all[2 * SEEDS].field[k],
                  all[4 * SEEDS].field[k]);
    }
    table_close(t);
    claim_near("rings-without",
               "rings, ReLU without biases, 3 seeds: the part of points that are right", 0.5,
               high[0] == low[0] ? high[0] : 0, 0, "algebra: f(2 x) = 2 f(x)", CHECK);
    claim_near("rings-with", "rings, ReLU with biases: the worst of 3 seeds", 1,
               unless_quick(low[1]), 0, "this chapter", FOUND);
    claim_near("xor-tanh", "XOR, tanh without biases: the best of 3 seeds", 0.5, high[2], 0,
               "algebra: f(-x) = -f(x)", CHECK);
    claim_near("xor-relu", "XOR, ReLU without biases: the best of 3 seeds", 1,
               unless_quick(high[4]), 0, "this chapter", FOUND);
    gradient_table();
}
