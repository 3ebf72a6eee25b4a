// Figure cost: what does a causal head cost? Milliseconds of the chunked form and of softmax attention against the
// length of the sequence.
#include "linear_attention/figures/figures.h"

#include "files/table.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "linear_attention/linear_attention.h"
#include "numbers/matmul.h"
#include "numbers/numeric.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <math.h>
#include <string.h>

enum { SEED = 21, D = 32, CHUNK = 32, LENGTHS = 8, WHOLE_LENGTHS = 6, ROWS = 64 };

// One head on a sequence that asks itself: queries, keys and values are the same.
typedef struct {
    int N;
    tensor *x, *out;  // (1, N, 1, D)
    const bool *mask; // (1, N, N), causal; NULL: too long for all pairs at once
} head;

static void
run_linear(void *context)
{
    const head *a = context;
    tape_mark *mark = tape_mark_here();
    linear_attention_config c = {.chunk = CHUNK};
    linear_attention_causal(a->x, a->x, a->x, &c);
    tape_rewind(mark);
}

// Softmax attention, a block of rows at a time, so that its scores stay in the cache.
static void
run_softmax_by_rows(void *context)
{
    const head *a = context;
    tape_mark *mark = tape_mark_here();
    const float *x = a->x->data;
    float *scores = tape_alloc((long)ROWS * a->N * sizeof *scores);
    for (int t = 0; t < a->N; t += ROWS) {
        int keys = t + ROWS;
        matmul(ROWS, keys, D, matrix_of(x + t * D, D), transpose_of(x, D), scores, keys,
               MATMUL_SET);
        for (int i = 0; i < ROWS; i++) {
            softmax32(t + i + 1, scores + i * keys, scores + i * keys);
            memset(scores + i * keys + t + i + 1, 0, (ROWS - i - 1) * sizeof *scores);
        }
        matmul(ROWS, D, keys, matrix_of(scores, keys), matrix_of(x, D), a->out->data + t * D, D,
               MATMUL_SET);
    }
    tape_rewind(mark);
}

// Softmax attention, all rows at once.
static void
run_softmax(void *context)
{
    const head *a = context;
    tape_mark *mark = tape_mark_here();
    transformer_attention(a->x, a->x, a->x, a->mask, NULL);
    tape_rewind(mark);
}

static void
time_lengths(int i, void *context)
{
    enum { ROUNDS = 5 };
    (void)i;
    (void)context;
    table *t = program_table("cost.timing", "length\tlinear_ms\tsoftmax_rows_ms\tsoftmax_whole_ms");
    for (int l = 0; l < program_steps(LENGTHS, 2); l++) {
        int N = 64 << l;
        rng r = rng_at(SEED, 0);
        head a = {.N = N,
                  .x = constant("x", SHAPE(1, N, 1, D), NULL),
                  .out = constant("out", SHAPE(1, N, 1, D), NULL),
                  .mask = l < WHOLE_LENGTHS ? transformer_causal_mask(1, N, N) : NULL};
        rng_fill_normal(&r, a.x->size, a.x->data, 0, 1);
        double linear = 1e3 * timing_median(ROUNDS, run_linear, &a);
        double by_rows = 1e3 * timing_median(ROUNDS, run_softmax_by_rows, &a);
        double whole = a.mask ? 1e3 * timing_median(ROUNDS, run_softmax, &a) : NAN;
        table_row(t, "iddd", N, linear, by_rows, whole);
        tape_reset();
    }
    table_close(t);
}

void
linear_attention_figure_cost(void)
{
    training_side_by_side(1, time_lengths, NULL);
}
