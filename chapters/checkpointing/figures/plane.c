// Figure plane: the most on the tape against the evaluations, for every schedule of a chain of 64 layers, and how
// long each takes.
#include "checkpointing/figures/figures.h"

#include "checkpointing/chains.h"
#include "checkpointing/checkpointing.h"
#include "files/table.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"

#include <math.h>

enum { SEED = 171, N = 64, WIDTH = 128, BATCH = 256, SLOTS = 10 };

typedef enum { PLAIN, SEGMENTS, REVOLVE, NESTED } kind;
static const char *const names[] = {"plain", "segments", "revolve", "nested"};

// One schedule, and what was measured of it.
typedef struct {
    kind kind;
    int size;     // segments, or slots
    double peak;  // states on the tape
    double slots; // states beside it: slots, the present state and its gradient
    long evaluations;
    unsigned long hash;
    double seconds;
} schedule;

static void
go(const schedule *s, const checkpointing_chain *c, tensor *x, const float *dout)
{
    switch (s->kind) {
    case PLAIN: backward_from(checkpointing_plain(c, x), dout); break;
    case SEGMENTS: backward_from(checkpointing_segments(c, s->size, x), dout); break;
    case REVOLVE: checkpointing_revolve(c, s->size, x, dout, x->grad); break;
    case NESTED: backward_from(checkpointing_nested(c, s->size, x), dout); break;
    }
}

static void
measure(int i, void *all)
{
    schedule *s = (schedule *)all + i;
    rng r = rng_at(SEED, 0);
    checkpointing_tanh t = checkpointing_tanh_new(N, WIDTH, false, 1.2f, &r);
    const checkpointing_chain c = checkpointing_tanh_chain(&t);
    tensor *x = param("x", SHAPE(BATCH, WIDTH));
    tensor *dout = tensor_state("dout", SHAPE(BATCH, WIDTH));
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    rng_fill_normal(&r, x->size, dout->data, 0, 1);
    s->seconds = INFINITY;
    for (int round = 0; round < program_steps(6, 1); round++) {
        tape_reset();
        zero_grad();
        t.evaluations = 0;
        double begin = timing_thread_seconds();
        go(s, &c, x, dout->data);
        s->seconds = fmin(s->seconds, timing_thread_seconds() - begin);
    }
    s->evaluations = t.evaluations;
    s->hash = checkpointing_gradient_hash();
    s->peak = (double)tape_peak() / (x->size * sizeof(float));
    s->slots = s->kind == REVOLVE ? s->size + 2 : 0;
    program_tape_peak(tape_peak());
}

static const schedule *
find(int n, const schedule *all, kind k, int size)
{
    for (int i = 0; i < n; i++)
        if (all[i].kind == k && all[i].size == size)
            return &all[i];
    return NULL;
}

// The schedules of one kind by their slots.
static void
write_kind(const char *name, kind k, int n, const schedule *all)
{
    table *t = program_table(name, "slots\tevaluations\ttape\tall");
    for (int i = 0; i < n; i++)
        if (all[i].kind == k)
            table_row(t, "iidd", all[i].size, (int)all[i].evaluations, all[i].peak,
                      all[i].peak + all[i].slots);
    table_close(t);
}

// What algebra says of every schedule, and how far the worst one is from it.
static void
exact_claims(int n, const schedule *all)
{
    int other_bits = 0, other_evaluations = 0;
    double segments = 0, revolve = 0;
    for (int i = 0; i < n; i++) {
        const schedule *s = &all[i];
        other_bits += s->hash != all->hash;
        long expected = s->kind == PLAIN      ? N
                        : s->kind == SEGMENTS ? 2 * N
                                              : N + checkpointing_evaluations(N, s->size);
        other_evaluations += s->evaluations != expected;
        if (s->kind == SEGMENTS)
            segments =
                fmax(segments, fabs(s->peak - checkpointing_segments_peak(N, 4, 2, s->size)));
        if (s->kind == REVOLVE)
            revolve = fmax(revolve, s->peak);
    }
    claim_near("plane-bits", "plane: schedules whose gradients differ from plain in a bit", 0,
               other_bits, 0, "the same operations in the same order", CHECK);
    claim_near("plane-evaluations", "plane: schedules with other evaluations than the formula", 0,
               other_evaluations, 0, "t(64, s) + 64, or 64, or 128", CHECK);
    claim_below("plane-segments",
                "plane: the peak of K segments and 2 K + 4 ceil(64 / K), the largest difference",
                0.5, segments, "algebra; headers are the rest", CHECK);
    claim_below("plane-revolve", "plane, revolve: states on the tape at the most, one step", 6.5,
                revolve, "algebra; headers are the rest", CHECK);
}

static void
claims(int n, const schedule *all)
{
    const schedule *best = NULL;
    for (int i = 0; i < n; i++)
        if (all[i].kind == SEGMENTS && (!best || all[i].peak < best->peak))
            best = &all[i];
    claim_near("plane-best", "plane: the K with the least peak, where a step costs twice an end",
               checkpointing_best_segments(N, 4, 2), best->size, 0,
               "sqrt(a n / b) = sqrt(128) = 11.3, not sqrt(64)", FOUND);
    claim_near("plane-one", "plane: states on the tape at the most with one segment, 2 + 4 n", 258,
               find(n, all, SEGMENTS, 1)->peak, 0.5, "algebra; headers are the rest", CHECK);
    claim_near("plane-least", "plane: the least states with segments, 2 * 11 + 4 * 6", 46,
               best->peak, 0.5, "algebra; headers are the rest", CHECK);
    claim_above("plane-nested-one",
                "nested, one slot: states on the tape over those of the plain one", 1,
                find(n, all, NESTED, 1)->peak / all->peak, "this chapter", FOUND);
    double most = INFINITY, least = INFINITY;
    for (int i = 0; i < n; i++)
        if (all[i].kind == NESTED)
            least = fmin(least, all[i].peak);
    claim_above("plane-nested-best",
                "nested: the least states, over 0.9 times the least with segments",
                0.9 * best->peak, least, "this chapter", FOUND);
    for (int s = 2; s <= SLOTS; s++) {
        const schedule *nested = find(n, all, NESTED, s), *loop = find(n, all, REVOLVE, s);
        if (nested && loop)
            most = fmin(most, nested->peak / (loop->peak + loop->slots));
    }
    claim_above("plane-nested", "nested: states over those of revolve with as many slots, least", 2,
                most, "a frame's dead nodes stay on the tape while the inner one runs", FOUND);
}

void
checkpointing_figure_plane(void)
{
    static const int segments[] = {1, 2, 4, 6, 8, 10, 11, 12, 13, 16, 22, 32, 64};
    static const int slots[] = {1, 2, 3, 4, 6, 8, SLOTS};
    schedule all[40] = {{.kind = PLAIN}};
    int n = 1;
    for (size_t i = 0; i < sizeof segments / sizeof *segments; i++)
        all[n++] = (schedule){.kind = SEGMENTS, .size = segments[i]};
    for (kind k = REVOLVE; k <= NESTED; k++)
        for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
            all[n++] = (schedule){.kind = k, .size = slots[i]};
    training_side_by_side(n, measure, all);
    table *t = program_table("plane", "schedule\tsize\tevaluations\ttape\tbeside\tall");
    table *timing = program_table("plane.timing", "schedule\tsize\tevaluations\tseconds");
    for (int i = 0; i < n; i++) {
        const schedule *s = &all[i];
        table_row(t, "siiddd", names[s->kind], s->size, (int)s->evaluations, s->peak, s->slots,
                  s->peak + s->slots);
        table_row(timing, "siid", names[s->kind], s->size, (int)s->evaluations, s->seconds);
    }
    table_close(t);
    table_close(timing);
    write_kind("plane-revolve", REVOLVE, n, all);
    write_kind("plane-nested", NESTED, n, all);
    exact_claims(n, all);
    claims(n, all);
}
