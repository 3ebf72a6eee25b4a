// How the time and the memory of ops and methods grow, forward and backward: for tests/bench/growth.py.
//
//     growth         the tasks, a line each: name, axis, the formula's exponent of time, of memory, sizes
//     growth NAME    for each axis and size of a task: axis, size, milliseconds of a step, bytes of the tape
//
// Letters of shapes: T positions, B sequences, D width; heads are D / 32 of width 32 unless said.
#include "bench.h"

#include "activations/activations.h"
#include "flash_attention/flash_attention.h"
#include "gau/gau.h"
#include "linear_attention/linear_attention.h"
#include "performer/performer.h"
#include "rnn/rnn.h"
#include "rope/rope.h"
#include "s4/layer.h"
#include "transformer/transformer.h"

#include "files/fail.h"
#include "nets/ops.h"
#include "nets/train.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

typedef enum { LENGTH, BATCH, WIDTH, AXES } axis;

// n: T, B, D. What a task's `make` leaves for its `out`.
typedef struct {
    int n[AXES];
    tensor *x[3]; // parameters
    int *ids;
    rnn_layer rnn;
    transformer_layer layer;
    performer performer;
    linear_attention_config linear;
    rope_table rope;
    s4_layer s4;
    gau_unit gau;
    adamw optimiser;
} work;

// time[axis], memory[axis]: the exponents of the formula, the largest power where it is a sum; 0: the axis is not tried.
typedef struct {
    const char *name;
    void (*make)(work *w, rng *r);
    tensor *(*out)(work *w); // its gradient is taken from ones
    int base[AXES];
    int time[AXES], memory[AXES];
} task;

static tensor *
drawn(const char *name, shape s, rng *r)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, 0, 0.5f);
    return x;
}

// ---- Ops: x (B, T, D) ----

static void
make_values(work *w, rng *r)
{
    int T = w->n[LENGTH], B = w->n[BATCH], D = w->n[WIDTH];
    for (int i = 0; i < 2; i++)
        w->x[i] = drawn("x", SHAPE(B, T, D), r);
}

static void
make_matrix(work *w, rng *r)
{
    int D = w->n[WIDTH];
    make_values(w, r);
    w->x[1] = drawn("w", SHAPE(D, D), r);
    w->x[2] = drawn("b", SHAPE(D), r);
}

static void
make_vectors(work *w, rng *r)
{
    make_values(w, r);
    w->x[1] = drawn("gain", SHAPE(w->n[WIDTH]), r);
    w->x[2] = drawn("bias", SHAPE(w->n[WIDTH]), r);
}

static void
make_ids(work *w, rng *r)
{
    int T = w->n[LENGTH], B = w->n[BATCH], D = w->n[WIDTH];
    make_values(w, r);
    w->x[1] = drawn("rows", SHAPE(64, D), r);
    w->ids = permanent_alloc(B * T * sizeof(int));
    for (int i = 0; i < B * T; i++)
        w->ids[i] = (int)rng_below(r, D < 64 ? D : 64);
}

// clang-format off
static tensor *add(work *w) { return t_add(w->x[0], w->x[1]); }
static tensor *mul(work *w) { return t_mul(w->x[0], w->x[1]); }
static tensor *broadcast(work *w) { return t_broadcast(w->x[2], w->x[0]->shape); }
static tensor *tanh_of(work *w) { return t_tanh(w->x[0]); }
static tensor *silu(work *w) { return t_silu(w->x[0]); }
static tensor *gelu(work *w) { return t_gelu(w->x[0]); }
static tensor *mish(work *w) { return activations_apply(ACTIVATIONS_MISH, w->x[0]); }
static tensor *sum(work *w) { return t_sum(w->x[0]); }
static tensor *softmax(work *w) { return t_softmax(w->x[0]); }
static tensor *layer_norm(work *w) { return t_layer_norm(w->x[0], w->x[1], w->x[2], 1e-5f); }
static tensor *rms_norm(work *w) { return t_rms_norm(w->x[0], w->x[1], 1e-5f); }
static tensor *linear(work *w) { return t_linear(w->x[0], w->x[1], w->x[2]); }
static tensor *matmul_each(work *w) { return t_matmul(w->x[0], w->x[1]); }
static tensor *cross_entropy(work *w) { return t_cross_entropy(w->x[0], w->ids); }
static tensor *embedding(work *w) { return t_embedding(w->x[1], SHAPE(w->n[BATCH], w->n[LENGTH]), w->ids); }
static tensor *transpose(work *w) { return t_transpose(w->x[0], 1, 2); }
// clang-format on

// ---- Methods: queries, keys, values (B, T, h, d) ----

static void
make_heads(work *w, rng *r)
{
    enum { HEAD = 32 };
    for (int i = 0; i < 3; i++)
        w->x[i] = drawn("heads", SHAPE(w->n[BATCH], w->n[LENGTH], w->n[WIDTH] / HEAD, HEAD), r);
}

static tensor *
attention(work *w)
{
    return transformer_attention(w->x[0], w->x[1], w->x[2], NULL, NULL);
}

static tensor *
flash(work *w)
{
    return flash_attention_attend(w->x[0], w->x[1], w->x[2], NULL, NULL, NULL);
}

static tensor *
linear_attention(work *w)
{
    return linear_attention_attend(w->x[0], w->x[1], w->x[2], NULL, &w->linear);
}

static void
make_performer(work *w, rng *r)
{
    enum { FEATURES = 64, HEAD = 32 };
    make_heads(w, r);
    double *rows = permanent_alloc(FEATURES * HEAD * sizeof *rows);
    performer_draw(r, PERFORMER_ORTHOGONAL, FEATURES, HEAD, rows);
    w->performer =
        (performer){PERFORMER_POSITIVE, true, 1e-4f, tensor_state("w", SHAPE(FEATURES, HEAD))};
    for (int i = 0; i < FEATURES * HEAD; i++)
        w->performer.w->data[i] = (float)rows[i];
}

static tensor *
random_features(work *w)
{
    return performer_attend(w->x[0], w->x[1], w->x[2], NULL, &w->performer);
}

static void
make_rope(work *w, rng *r)
{
    double theta[16];
    make_heads(w, r);
    rope_angles(32, ROPE_BASE, theta);
    w->rope = rope_table_new(ROPE_HALVES, w->n[LENGTH], 16, theta);
}

static tensor *
rotation(work *w)
{
    return rope_rotate(w->x[0], &w->rope, 0);
}

static void
make_layer(work *w, rng *r)
{
    int D = w->n[WIDTH];
    const transformer_config c = {
        .D = D, .h = D / 32, .F = 4 * D, .placement = TRANSFORMER_PRE_NORM, .activation = t_gelu};
    make_values(w, r);
    w->layer = transformer_layer_new(&c, false, r);
}

static tensor *
layer(work *w)
{
    return transformer_layer_forward(&w->layer, w->x[0], NULL, NULL, NULL, NULL);
}

static void
make_unit(work *w, gau_kind kind, rng *r)
{
    int D = w->n[WIDTH];
    enum { CHUNK = 64 };
    gau_config c = {.kind = kind, .D = D, .e = 2 * D, .s = 32, .n = w->n[LENGTH], .eps = 1e-6f};
    c.window = (gau_window){.n = CHUNK, .chunk = kind == GAU_FLASH ? CHUNK : 0};
    make_values(w, r);
    w->gau = gau_unit_new(&c, r);
}

static void
make_pairs(work *w, rng *r)
{
    make_unit(w, GAU_PAIRS, r);
}

static void
make_chunks(work *w, rng *r)
{
    make_unit(w, GAU_FLASH, r);
}

static tensor *
unit(work *w)
{
    return gau_forward(&w->gau, w->x[0]);
}

// ---- Methods over time: x (T, B, D) ----

static void
make_sequence(work *w, rng *r)
{
    w->x[0] = drawn("x", SHAPE(w->n[LENGTH], w->n[BATCH], w->n[WIDTH]), r);
}

static void
make_rnn(work *w, rng *r)
{
    make_sequence(w, r);
    w->rnn = rnn_layer_new(RNN_TANH, w->n[WIDTH], w->n[WIDTH], r);
}

static void
make_lstm(work *w, rng *r)
{
    make_sequence(w, r);
    w->rnn = rnn_layer_new(RNN_LSTM, w->n[WIDTH], w->n[WIDTH], r);
}

static void
make_gru(work *w, rng *r)
{
    make_sequence(w, r);
    w->rnn = rnn_layer_new(RNN_GRU, w->n[WIDTH], w->n[WIDTH], r);
}

static tensor *
recurrent(work *w)
{
    return rnn_forward(&w->rnn, w->x[0], NULL, NULL).all;
}

static void
make_s4(work *w, rng *r)
{
    make_sequence(w, r);
    w->s4 = s4_layer_new(w->n[WIDTH], 32, 0.001, 0.1, r);
}

static tensor *
state_space(work *w)
{
    return s4_layer_forward(&w->s4, w->x[0]);
}

// AdamW alone, of D times 4096 parameters: no tape.
static void
make_adamw(work *w, rng *r)
{
    w->x[0] = drawn("parameters", SHAPE(w->n[WIDTH], 4096), r);
    w->optimiser = adamw_new(0.9f, 0.999f, 1e-8f, 0.01f);
}

static tensor *
optimiser(work *w)
{
    adamw_step(&w->optimiser, 1e-6f);
    return NULL;
}

// ---- All of them ----

// So small that the largest size still fits into the second-level cache: what leaves it gets slower once.
// clang-format off
#define EACH_VALUE {4, 4, 128}, {1, 1, 1}, {1, 1, 1}
// clang-format on
static const task tasks[] = {
    {"t_add", make_values, add, EACH_VALUE},
    {"t_mul", make_values, mul, EACH_VALUE},
    {"t_broadcast", make_vectors, broadcast, EACH_VALUE},
    {"t_tanh", make_values, tanh_of, EACH_VALUE},
    {"t_silu", make_values, silu, EACH_VALUE},
    {"t_gelu", make_values, gelu, EACH_VALUE},
    {"mish", make_values, mish, EACH_VALUE},
    {"t_sum", make_values, sum, {4, 4, 128}, {1, 1, 1}, {0, 0, 0}},
    {"t_softmax", make_values, softmax, EACH_VALUE},
    {"t_layer_norm", make_vectors, layer_norm, EACH_VALUE},
    {"t_rms_norm", make_vectors, rms_norm, EACH_VALUE},
    {"t_linear", make_matrix, linear, {8, 8, 32}, {1, 1, 2}, {1, 1, 1}},
    {"t_matmul", make_matrix, matmul_each, {8, 8, 32}, {1, 1, 2}, {1, 1, 1}},
    {"t_cross_entropy", make_ids, cross_entropy, EACH_VALUE},
    {"t_embedding", make_ids, embedding, EACH_VALUE},
    {"t_transpose", make_values, transpose, EACH_VALUE},
    {"RNN", make_rnn, recurrent, {16, 8, 32}, {1, 1, 2}, {1, 1, 1}},
    {"LSTM", make_lstm, recurrent, {16, 8, 32}, {1, 1, 2}, {1, 1, 1}},
    {"GRU", make_gru, recurrent, {16, 8, 32}, {1, 1, 2}, {1, 1, 1}},
    {"attention", make_heads, attention, {64, 1, 64}, {2, 1, 1}, {2, 1, 1}},
    {"Transformer's layer", make_layer, layer, {128, 2, 64}, {2, 1, 2}, {2, 1, 1}},
    {"RoPE", make_rope, rotation, {8, 2, 128}, {1, 1, 1}, {1, 1, 1}},
    {"linear attention", make_heads, linear_attention, {64, 1, 64}, {1, 1, 1}, {1, 1, 1}},
    {"Performer", make_performer, random_features, {64, 1, 64}, {1, 1, 1}, {1, 1, 1}},
    {"S4D's layer", make_s4, state_space, {64, 2, 32}, {1, 1, 2}, {1, 1, 1}},
    {"FlashAttention", make_heads, flash, {128, 2, 64}, {2, 1, 1}, {1, 1, 1}},
    {"GAU", make_pairs, unit, {128, 2, 64}, {2, 1, 2}, {2, 1, 1}},
    {"FLASH", make_chunks, unit, {128, 2, 64}, {1, 1, 2}, {1, 1, 1}},
    {"AdamW", make_adamw, optimiser, {1, 1, 16}, {0, 0, 1}, {0, 0, 0}},
};
static const char *const axis_names[] = {"length", "batch", "width"};
enum { TASKS = sizeof tasks / sizeof *tasks, DOUBLINGS = 4 };

static void
step(const task *t, work *w)
{
    tape_reset();
    zero_grad();
    tensor *out = t->out(w);
    if (!out)
        return;
    float *ones = tape_alloc(out->size * sizeof *ones);
    for (long i = 0; i < out->size; i++)
        ones[i] = 1;
    backward_from(out, ones);
}

// The processor's time with one thread, which other programs do not lengthen; the wall clock's with more.
static double
clock_now(void)
{
    struct timespec t;
    clock_gettime(omp_get_max_threads() == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

// The least milliseconds of a step: of slices of 10 ms at least, for a fifth of a second.
static double
least_time(const task *t, work *w)
{
    step(t, w); // warm
    double least = 1e9, until = clock_now() + 0.2;
    int steps = 1;
    while (clock_now() < until) {
        double start = clock_now();
        for (int i = 0; i < steps; i++)
            step(t, w);
        double ms = 1e3 * (clock_now() - start);
        if (ms / steps < least)
            least = ms / steps;
        if (ms < 10)
            steps *= 2;
    }
    return least;
}

static void
run(const task *t, axis a, int size)
{
    work w = {.n = {t->base[0], t->base[1], t->base[2]}};
    rng r = rng_at(1, 0);
    w.n[a] = size;
    t->make(&w, &r);
    double ms = least_time(t, &w);
    printf("%s\t%d\t%.6g\t%zu\n", axis_names[a], size, ms, tape_used());
    fflush(stdout);
    tensors_free();
}

int
main(int count, char **argument)
{
    if (count == 1)
        for (int i = 0; i < TASKS; i++)
            for (axis a = 0; a < AXES; a++)
                if (tasks[i].time[a])
                    printf("%s\t%s\t%d\t%d\n", tasks[i].name, axis_names[a], tasks[i].time[a],
                           tasks[i].memory[a]);
    if (count == 1)
        return 0;
    int i = 0;
    while (i < TASKS && strcmp(tasks[i].name, argument[1]))
        i++;
    if (count != 2 || i == TASKS)
        fail("expected: growth [NAME], NAME one of those at the end of tests/bench/growth.c");
    for (axis a = 0; a < AXES; a++)
        for (int d = 0; tasks[i].time[a] && d <= DOUBLINGS; d++)
            run(&tasks[i], a, tasks[i].base[a] << d);
}
