// Figure memory: what chapter 2's attention and this one keep for their backward, and take at most, measured on the
// tape; and how long they take.
#include "flash_attention/figures/figures.h"

#include "files/table.h"
#include "flash_attention/flash_attention.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/tensor.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <math.h>

enum { LENGTHS = 6, D = 64, TIMED = 5 }; // lengths 128, 256 ... 4096; timed up to 2048

typedef struct {
    tensor *q, *k, *v;
    int N;
    bool causal;
} attended;

// Queries, keys and values (1, N, 1, D), parameters.
static attended
attended_new(int N)
{
    attended a = {param("q", SHAPE(1, N, 1, D)), param("k", SHAPE(1, N, 1, D)),
                  param("v", SHAPE(1, N, 1, D)), N, false};
    tensor *all[] = {a.q, a.k, a.v};
    rng r = rng_at(76, 0);
    for (int i = 0; i < 3; i++)
        rng_fill_normal(&r, all[i]->size, all[i]->data, 0, 1);
    return a;
}

static tensor *
attend(const attended *a, bool tiled)
{
    if (!tiled)
        return transformer_attention(
            a->q, a->k, a->v, a->causal ? transformer_causal_mask(1, a->N, a->N) : NULL, NULL);
    const flash_attention_options o = {.causal = a->causal ? FLASH_ATTENTION_BOTTOM_RIGHT
                                                           : FLASH_ATTENTION_ALL};
    return flash_attention_attend(a->q, a->k, a->v, NULL, NULL, &o);
}

// ---- Bytes ----

// Of the tape, without the output and its gradient: kept between forward and backward, and the most at any time.
typedef struct {
    double kept, most;
} bytes;

// Run 2 i is chapter 2's for length 128 2^i, run 2 i + 1 ours.
static void
measure(int i, void *context)
{
    attended a = attended_new(128 << i / 2);
    double output = 4.0 * a.N * D;
    const tensor *out = attend(&a, i % 2);
    bytes b = {tape_used() - output, 0};
    backward_from((tensor *)out, a.q->data);
    b.most = tape_peak() - 2 * output;
    ((bytes *)context)[i] = b;
}

// ---- Milliseconds ----

// The fastest of some rounds of forward, and of backward.
static void
time_one(const attended *a, bool tiled, double ms[2])
{
    enum { ROUNDS = 7 };
    ms[0] = ms[1] = INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
        double begin = timing_seconds();
        tensor *out = attend(a, tiled);
        double middle = timing_seconds();
        backward_from(out, a->q->data);
        ms[0] = fmin(ms[0], 1e3 * (middle - begin));
        ms[1] = fmin(ms[1], 1e3 * (timing_seconds() - middle));
        tape_reset();
    }
}

static void
time_lengths(int which, void *context)
{
    (void)context;
    if (which > 0) // a second run, so that each is serial inside
        return;
    table *t = program_table("memory.timing", "length\tcausal\tunfused_forward\ttiled_forward\t"
                                              "unfused_backward\ttiled_backward");
    for (int i = 0; i < program_steps(TIMED, 2); i++) {
        attended a = attended_new(128 << i);
        for (int causal = 0; causal < 2; causal++) {
            double unfused[2], tiled[2];
            a.causal = causal;
            time_one(&a, false, unfused);
            time_one(&a, true, tiled);
            table_row(t, "iidddd", a.N, causal, unfused[0], tiled[0], unfused[1], tiled[1]);
        }
    }
    table_close(t);
}

void
flash_attention_figure_memory(void)
{
    bytes b[2 * LENGTHS];
    training_side_by_side(2 * LENGTHS, measure, b);
    table *t =
        program_table("memory", "length\tunfused_kept\ttiled_kept\tunfused_most\ttiled_most");
    for (int i = 0; i < LENGTHS; i++)
        table_row(t, "idddd", 128 << i, b[2 * i].kept, b[2 * i + 1].kept, b[2 * i].most,
                  b[2 * i + 1].most);
    table_close(t);
    double N = 128 << (LENGTHS - 1);
    claim_near("memory-unfused", "memory, 4096 keys: bytes that chapter 2 keeps, over 8 N^2", 1,
               b[2 * LENGTHS - 2].kept / (8 * N * N), 0.001, "algebra", CHECK);
    claim_near("memory-tiled", "memory, 4096 keys: bytes that the tiles keep, over 4 N", 1,
               b[2 * LENGTHS - 1].kept / (4 * N), 0.1, "algebra", CHECK);
    claim_above("memory-most",
                "memory, 4096 keys: the most that chapter 2 takes, over the tiles' most", 40,
                b[2 * LENGTHS - 2].most / b[2 * LENGTHS - 1].most, "this chapter", FOUND);
    training_side_by_side(2, time_lengths, NULL);
}
