#include "checkpointing/checkpointing.h"

#include "files/fail.h"
#include "files/memory.h"
#include "transformer/transformer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

// ---- A chain ----

// Steps from .. to - 1.
static tensor *
steps(const checkpointing_chain *c, int from, int to, tensor *x)
{
    for (int i = from; i < to; i++)
        x = c->step(x, i, c->context);
    return x;
}

tensor *
checkpointing_plain(const checkpointing_chain *c, tensor *x)
{
    return steps(c, 0, c->n, x);
}

// What a part of a chain is told.
typedef struct {
    checkpointing_chain chain;
    int from, to, slots;
} part;

static tensor *
run_part(tensor *const in[], void *context)
{
    const part *p = context;
    return steps(&p->chain, p->from, p->to, in[0]);
}

int
checkpointing_first(int n, int K, int k)
{
    int small = n / K, larger = n % K; // so many segments have one step more
    return k * small + (k < larger ? k : larger);
}

tensor *
checkpointing_segments(const checkpointing_chain *c, int K, tensor *x)
{
    if (K < 1 || K > c->n)
        fail("checkpointing_segments: %d segments of %d steps; expected 1 to %d", K, c->n, c->n);
    for (int k = 0; k < K; k++) {
        part p = {*c, checkpointing_first(c->n, K, k), checkpointing_first(c->n, K, k + 1), 0};
        x = t_recompute(run_part, 1, &x, &p, sizeof p);
    }
    return x;
}

int
checkpointing_segments_peak(int n, int a, int b, int K)
{
    return b * K + a * ((n + K - 1) / K);
}

int
checkpointing_best_segments(int n, int a, int b)
{
    int best = 1;
    for (int K = 2; K <= n; K++)
        if (checkpointing_segments_peak(n, a, b, K) < checkpointing_segments_peak(n, a, b, best))
            best = K;
    return best;
}

// ---- Few states: how often ----

// C(n, k); the product of the first i factors is C(n - k + i, i), an integer.
static long
binomial(long n, long k)
{
    long c = 1;
    for (long i = 1; i <= k; i++)
        c = c * (n - k + i) / i;
    return c;
}

int
checkpointing_repetitions(int l, int s)
{
    if (l < 1 || s < 0 || (s == 0 && l > 1))
        fail("checkpointing: %d steps with %d slots; expected a step and a slot at least", l, s);
    int r = 0;
    while (binomial(s + r, s < r ? s : r) < l)
        r++;
    return r;
}

long
checkpointing_evaluations(int l, int s)
{
    long r = checkpointing_repetitions(l, s);
    return r > 0 ? r * l - binomial(s + r, s + 1 < r - 1 ? s + 1 : r - 1) : 0;
}

int
checkpointing_split(int l, int s)
{
    if (s == 1)
        return l - 1; // no slot is left for the second part: it is a single step
    int best = 1;
    long least = LONG_MAX;
    for (int k = 1; k < l; k++) {
        long all = k + checkpointing_evaluations(l - k, s - 1) + checkpointing_evaluations(k, s);
        if (all < least) {
            least = all;
            best = k;
        }
    }
    return best;
}

// ---- Few states: what is done ----

// A schedule being written.
typedef struct {
    checkpointing_action *actions; // NULL: counted only
    int n;
} schedule;

static void
act(schedule *a, checkpointing_kind kind, int from, int to)
{
    if (a->actions)
        a->actions[a->n] = (checkpointing_action){kind, from, to};
    a->n++;
}

// Back from state `to` to state `from`, which is the newest stored one; s slots with its own.
static void
go_back(schedule *a, int from, int to, int s)
{
    if (to - from == 1) {
        act(a, CHECKPOINTING_REVERSE, from, to);
        return;
    }
    int middle = from + checkpointing_split(to - from, s);
    act(a, CHECKPOINTING_ADVANCE, from, middle);
    if (to - middle > 1)
        act(a, CHECKPOINTING_STORE, middle, middle);
    go_back(a, middle, to, s - 1);
    go_back(a, from, middle, s);
}

int
checkpointing_schedule(int l, int s, checkpointing_action *actions)
{
    checkpointing_repetitions(l, s); // refuses what cannot be
    schedule a = {actions, 0};
    act(&a, CHECKPOINTING_STORE, 0, 0);
    go_back(&a, 0, l, s);
    return a.n;
}

// ---- Few states: doing it ----

static backward_fn leaf_backward;

tensor *
checkpointing_leaf(const char *name, shape s, const float *data)
{
    tensor *x = tape_node(name, s, leaf_backward, 0, NULL);
    memcpy(x->data, data, x->size * sizeof *data);
    x->needs_grad = true;
    return x;
}

static void
leaf_backward(tensor *x)
{
    (void)x; // it was computed from nothing
}

// state <- steps from .. to - 1 of it, one at a time; the tape goes back to the mark after each.
static void
advance(const checkpointing_chain *c, tape_mark *mark, int from, int to, shape s, float *state)
{
    for (int i = from; i < to; i++) {
        const tensor *y = c->step(constant("state", s, state), i, c->context);
        memcpy(state, y->data, y->size * sizeof *state);
        tape_rewind(mark);
    }
}

// d: dL/d(state i + 1) -> dL/d(state i); parameters get their part.
static void
reverse(const checkpointing_chain *c, tape_mark *mark, int i, shape s, const float *state, float *d)
{
    tensor *x = checkpointing_leaf("state", s, state);
    backward_from(c->step(x, i, c->context), d);
    if (!x->grad)
        fail("checkpointing_revolve: step %d does not depend on its state", i);
    memcpy(d, x->grad, x->size * sizeof *d);
    tape_rewind(mark);
}

void
checkpointing_revolve(const checkpointing_chain *c, int s, const tensor *x, const float *dout,
                      float *dx)
{
    int n = checkpointing_schedule(c->n, s, NULL), used = 0;
    size_t bytes = x->size * sizeof(float);
    checkpointing_action *actions = memory_zeroed(n, sizeof *actions, "a schedule");
    float *slot = memory_zeroed(s * x->size, sizeof *slot, "stored states"); // (s, state)
    float *state = memory_zeroed(x->size, sizeof *state, "a state");
    int *stored = memory_zeroed(s, sizeof *stored, "numbers of states");
    tape_mark *mark = tape_mark_here();
    checkpointing_schedule(c->n, s, actions);
    memcpy(state, x->data, bytes);
    memcpy(dx, dout, bytes);
    for (const checkpointing_action *a = actions; a < actions + n; a++) {
        float *newest = slot + (used - 1) * x->size;
        switch (a->kind) {
        case CHECKPOINTING_STORE:
            memcpy(newest + x->size, state, bytes);
            stored[used++] = a->from;
            break;
        case CHECKPOINTING_ADVANCE:
            memcpy(state, newest, bytes);
            advance(c, mark, a->from, a->to, x->shape, state);
            break;
        case CHECKPOINTING_REVERSE:
            if (stored[used - 1] == a->from) {
                memcpy(state, newest, bytes);
                used--;
            }
            reverse(c, mark, a->from, x->shape, state, dx);
            break;
        }
    }
    free(actions);
    free(slot);
    free(state);
    free(stored);
}

// The second part on this tape, the first forgotten but for its end.
static tensor *
nested_part(tensor *const in[], void *context)
{
    const part *p = context;
    int l = p->to - p->from;
    if (l == 1)
        return run_part(in, context);
    part first = *p, second = *p;
    first.to = second.from = p->from + checkpointing_split(l, p->slots);
    second.slots--;
    tensor *middle = t_recompute(nested_part, 1, in, &first, sizeof first);
    return nested_part(&middle, &second);
}

tensor *
checkpointing_nested(const checkpointing_chain *c, int s, tensor *x)
{
    part p = {*c, 0, c->n, s};
    return nested_part(&x, &p);
}

// ---- A layer of a Transformer ----

void
checkpointing_layer_values(int B, int T, int D, int h, int F,
                           checkpointing_op ops[CHECKPOINTING_OPS])
{
    long N = (long)B * T;   // positions
    long pairs = N * h * T; // scores of all heads
    long norm = N * D + N;  // the normalised input, and 1 / deviation of each position
    const checkpointing_op all[] = {
        {"norm_1", N * D, norm},
        {"q", N * D, 0},
        {"k", N * D, 0},
        {"v", N * D, 0},
        {"attention", N * D, 2 * pairs}, // scores and weights
        {"self_attention", N * D, 0},
        {"after_self_attention", N * D, 0},
        {"norm_3", N * D, norm},
        {"hidden_sums", N * F, 0},
        {"hidden", N * F, 0},
        {"feed_forward", N * D, 0},
        {"after_feed_forward", N * D, 0},
    };
    memcpy(ops, all, sizeof all);
}

// ---- Selective ----

static tensor *
attention_core(tensor *const in[], void *context)
{
    const bool *const *mask = context;
    return transformer_attention(in[0], in[1], in[2], *mask, NULL);
}

tensor *
checkpointing_attention(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    (void)context;
    tensor *in[] = {q, k, v};
    return t_recompute(attention_core, 3, in, &mask, sizeof mask);
}
