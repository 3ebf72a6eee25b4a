// For the page: a chain gone through by each schedule, what is done in order, how often, and what it keeps.
#include "checkpointing/checkpointing.h"
#include "checkpointing/plan.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/numeric.h"

#include <string.h>

// The end of a segment is a value and its gradient.
enum { LIVE_STEPS = 64, LIVE_ROWS = 3 * LIVE_STEPS, LIVE_END = 2, LIVE_HEAD = 6 };
typedef enum {
    LIVE_PLAIN,
    LIVE_SEGMENTS,
    LIVE_ROOT,    // as many segments as the root of the number of steps
    LIVE_BEST,    // or with the least peak
    LIVE_REVOLVE, // with slots
    LIVE_PLAN     // for a budget
} live_kind;

// What was done: of steps in a row, one row.
static checkpointing_action row[LIVE_ROWS];
static int rows, evaluations;

static void
note(checkpointing_kind kind, int step)
{
    checkpointing_action *last = row + rows - 1;
    bool on = rows > 0 && last->kind == kind;
    evaluations += kind == CHECKPOINTING_ADVANCE;
    if (on && kind == CHECKPOINTING_ADVANCE && last->to == step)
        last->to++;
    else if (on && kind == CHECKPOINTING_REVERSE && last->from == step + 1)
        last->from--;
    else if (rows < LIVE_ROWS)
        row[rows++] = (checkpointing_action){kind, step, step + 1};
}

static tensor *weight[LIVE_STEPS], *input;

static void
begin(void)
{
    for (int i = 0; !input && i < LIVE_STEPS; i++) {
        weight[i] = param("w", SHAPE(1));
        weight[i]->data[0] = 1.5f - 0.25f * (float)(i % 5);
    }
    if (!input)
        input = param("x", SHAPE(1));
    input->data[0] = 0.6f;
    zero_grad();
    rows = evaluations = 0;
}

// y = x, whose backward is the beginning of the step's reversal.
static void
noted_backward(tensor *y)
{
    note(CHECKPOINTING_REVERSE, *(int *)y->aux);
    y->in[0]->grad[0] += y->grad[0];
}

// A step of the worked example; the context is the number of the chain's first one.
static tensor *
step(tensor *x, int i, void *context)
{
    int number = i + *(int *)context;
    note(CHECKPOINTING_ADVANCE, number);
    x = t_tanh(t_mul(x, weight[number]));
    tensor *y = tape_node("noted", x->shape, noted_backward, 1, &x);
    y->data[0] = x->data[0];
    y->aux = memcpy(tape_alloc(sizeof number), &number, sizeof number);
    return y;
}

// The states that are kept in the forward, by their numbers; the segments, slots or steps computed again; the peak.
typedef struct {
    bool kept[LIVE_STEPS + 1], fits;
    int size;
    double peak;
} live_said;

static void
by_segments(int n, int K, double a, live_said *s)
{
    const checkpointing_chain c = {n, step, &(int){0}};
    s->size = K;
    s->peak = checkpointing_segments_peak(n, (int)a, LIVE_END, K);
    for (int k = 1; k <= K; k++)
        s->kept[checkpointing_first(n, K, k)] = true;
    backward_from(checkpointing_segments(&c, K, input), (float[]){1});
}

// The tape has one step, with its input and that one's gradient; beside it are the slots, the present state, and its
// gradient.
static void
by_revolve(int n, int slots, double a, live_said *s)
{
    const checkpointing_chain c = {n, step, &(int){0}};
    s->size = slots;
    s->peak = a + 2 + slots + 2;
    checkpointing_revolve(&c, slots, input, (float[]){1}, input->grad);
    rows = checkpointing_schedule(n, slots, row); // its rows tell a store from an advance
    for (const checkpointing_action *at = row; at->kind != CHECKPOINTING_REVERSE; at++)
        if (at->kind == CHECKPOINTING_STORE)
            s->kept[at->from] = true;
}

static void
by_plan(int n, double a, double budget, live_said *s)
{
    static int first[LIVE_STEPS];
    checkpointing_layer layers[LIVE_STEPS];
    checkpointing_plan plans[LIVE_STEPS + 1];
    bool cut[LIVE_STEPS];
    for (int i = 0; i < n; i++)
        layers[i] = (checkpointing_layer){a, 1, 1};
    checkpointing_plans(n, layers, plans);
    const checkpointing_plan *best = checkpointing_fitting(n, plans, budget);
    s->fits = best;
    best = best ? best : checkpointing_smallest(n, plans);
    checkpointing_cuts(n, layers, best, cut);
    s->size = best->again;
    s->peak = best->peak;
    tensor *x = input;
    for (int i = 0, from = 0; i < n; i++) {
        s->kept[i + 1] = i >= best->again || cut[i];
        if (i < best->again && !cut[i])
            continue;
        first[i] = from;
        const checkpointing_chain c = {i + 1 - from, step, first + i};
        x = i < best->again ? checkpointing_segments(&c, 1, x) : checkpointing_plain(&c, x);
        from = i + 1;
    }
    backward_from(x, (float[]){1});
}

static void
go(live_kind kind, int n, int size, double a, double budget, live_said *s)
{
    const checkpointing_chain c = {n, step, &(int){0}};
    *s = (live_said){.kept = {true}, .fits = true};
    begin();
    switch (kind) {
    case LIVE_PLAIN:
        for (int i = 1; i <= n; i++)
            s->kept[i] = true;
        s->peak = a * n;
        backward_from(checkpointing_plain(&c, input), (float[]){1});
        break;
    case LIVE_SEGMENTS: by_segments(n, size, a, s); break;
    case LIVE_ROOT: by_segments(n, (int)(sqrt64(n) + 0.5), a, s); break;
    case LIVE_BEST: by_segments(n, checkpointing_best_segments(n, (int)a, LIVE_END), a, s); break;
    case LIVE_REVOLVE: by_revolve(n, size, a, s); break;
    case LIVE_PLAN: by_plan(n, a, budget, s); break;
    }
    tape_reset();
}

// A chain of n steps, of which each leaves a states on the tape. The head: the peak in states, evaluations, gradients
// of the n + 1 with other bits than the plain tape's, the schedule's size, whether it fits, how many rows; which
// states are kept (LIVE_STEPS + 1); the rows, each kind, from, to.
const double *
checkpointing_live_go(int kind, int n, int size, double a, double budget)
{
    static double said[LIVE_HEAD + LIVE_STEPS + 1 + 3 * LIVE_ROWS];
    float plain[LIVE_STEPS + 1];
    live_said s;
    go(LIVE_PLAIN, n, 0, a, 0, &s);
    for (int i = 0; i <= n; i++)
        plain[i] = i < n ? weight[i]->grad[0] : input->grad[0];
    go((live_kind)kind, n, size, a, budget, &s);
    int different = 0;
    for (int i = 0; i <= n; i++)
        different += bits32(plain[i]) != bits32(i < n ? weight[i]->grad[0] : input->grad[0]);
    const double head[LIVE_HEAD] = {s.peak, evaluations, different, s.size, s.fits, rows};
    memcpy(said, head, sizeof head);
    for (int i = 0; i <= LIVE_STEPS; i++)
        said[LIVE_HEAD + i] = s.kept[i];
    for (int i = 0; i < rows; i++) {
        double *to = said + LIVE_HEAD + LIVE_STEPS + 1 + 3 * i;
        to[0] = row[i].kind;
        to[1] = row[i].from;
        to[2] = row[i].to;
    }
    return said;
}

// The most that a step is advanced over, beside the evaluation on which it is reversed, with so many slots.
int
checkpointing_live_repetitions(int n, int slots)
{
    return checkpointing_repetitions(n, slots);
}
