// Gradient checkpointing: keep some states of a chain of steps, compute the others again. The operation itself,
// t_recompute, is the library's (common/nets/tensor.h).
#ifndef CHECKPOINTING_H
#define CHECKPOINTING_H

#include "nets/tensor.h"

// ---- A chain ----

// State i + 1 = step(state i, i, context) for i = 0 .. n - 1; all states have one shape. A step computes the same for
// the same state and number, as often as it is asked.
typedef tensor *checkpointing_step(tensor *x, int i, void *context);
typedef struct {
    int n;
    checkpointing_step *step;
    void *context;
} checkpointing_chain;

// The last state from state 0, everything kept: the plain tape.
tensor *checkpointing_plain(const checkpointing_chain *c, tensor *x);

// The first step of segment k of K: sizes differ by one at most, the larger ones first; k = K: n.
int checkpointing_first(int n, int K, int k);

// The same with the states at the ends of K segments kept, and each segment computed again. 1 <= K <= n.
tensor *checkpointing_segments(const checkpointing_chain *c, int K, tensor *x);

// The most that K segments of n steps have on the tape, where the end of a segment costs b and a step that is computed
// again a: b K + a ceil(n / K); and the K for which that is least, the smallest such.
int checkpointing_segments_peak(int n, int a, int b, int K);
int checkpointing_best_segments(int n, int a, int b);

// ---- Few states: Revolve (Griewank & Walther 2000) ----

// t(l, s): how many evaluations more it takes to go back over l steps with s slots, of which the first has the
// first state, than the l that going back needs anyway. l = 1, or s >= 1; up to 2^62.
long checkpointing_evaluations(int l, int s);

// r(l, s): the least r with l <= C(s + r, s), how often a step is advanced over at most.
int checkpointing_repetitions(int l, int s);

// How many steps to advance before the second state is stored: the least number that leads to t(l, s). l >= 2.
int checkpointing_split(int l, int s);

// What is done, in order. An advance begins at the newest stored state. A reversal of step i takes state i, where the
// last advance has led, or the newest stored one; a stored state i is forgotten with it.
typedef enum {
    CHECKPOINTING_STORE,
    CHECKPOINTING_ADVANCE,
    CHECKPOINTING_REVERSE
} checkpointing_kind;
typedef struct {
    checkpointing_kind kind;
    int from, to; // the same state twice for a store; i, i + 1 for the reversal of step i
} checkpointing_action;

// The schedule for l steps with s slots, and its length: at most 3 l actions. `actions` may be NULL.
int checkpointing_schedule(int l, int s, checkpointing_action *actions);

// Goes through it: dx (x's shape) = dL/dx, parameters get theirs, from dout = dL/d(the last state). The tape has one
// step at a time.
void checkpointing_revolve(const checkpointing_chain *c, int s, const tensor *x, const float *dout,
                           float *dx);

// The same schedule by calls of t_recompute inside one another, on one tape.
tensor *checkpointing_nested(const checkpointing_chain *c, int s, tensor *x);

// A tensor on the tape with x's values that wants a gradient and has no history: what step i is reversed on.
tensor *checkpointing_leaf(const char *name, shape s, const float *data);

// ---- A layer of a Transformer ----

// What each op of a pre-norm layer of chapter transformer leaves on the tape, in values: its output, which gets a
// gradient of as many, and what else its backward needs.
typedef struct {
    const char *op;
    long out, kept;
} checkpointing_op;
enum { CHECKPOINTING_OPS = 12 };

// B sequences of T positions, width D, h heads, F hidden units.
void checkpointing_layer_values(int B, int T, int D, int h, int F,
                                checkpointing_op ops[CHECKPOINTING_OPS]);

// Chapter transformer's attention whose scores and weights are computed again: a transformer_attention_fn.
tensor *checkpointing_attention(tensor *q, tensor *k, tensor *v, const bool *mask, void *context);

#endif
