// The reference cases: chains of 5 steps (the dropout's of 1) on states (B, D) = (2, 3), schedules as integers.
#include "checkpointing/cases.h"

#include "checkpointing/checkpointing.h"
#include "checkpointing/plan.h"
#include "frame/case.h"
#include "frame/case_tensor.h"
#include "nets/ops.h"
#include "nets/tensor.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <string.h>

enum { SEED = 1, N = 5, B = 2, D = 3, SEGMENTS = 2 };

// Ten times the error in float32 of PyTorch's own formulas, as the cross-check finds it, or a little more.
static const double close = 2e-6, backward_close = 4e-6, summed = 5e-6;

// ---- A chain, kept and computed again ----

// What a step writes down: which steps were evaluated, in order, and the states that are on the plain tape.
typedef struct {
    tensor *w, *b; // (N, D, D), (N, D)
    int order[4 * N], evaluated;
    tensor *state[N];
} chain_case;

static tensor *
step(tensor *x, int i, void *context)
{
    chain_case *c = context;
    c->order[c->evaluated++] = i;
    return c->state[i] = t_tanh(t_linear(x, t_at(c->w, i), t_at(c->b, i)));
}

static tensor *
begin_chain(chain_case *c, rng *r, const char *name, const char *about)
{
    *c = (chain_case){0};
    case_begin(name, about);
    case_convention("state 0 is x, state i + 1 = tanh(state i W_i' + b_i) for i = 0 .. n - 1: "
                    "weights are (out, in), a row of a state is multiplied by the transpose");
    case_convention("the loss is sum(last state loss_weight)");
    case_scalar("n", N, "steps");
    c->w = case_param("w", SHAPE(N, D, D), r, 0.8f, "of each step: W_i");
    c->b = case_param("b", SHAPE(N, D), r, 0.5f, "of each step: b_i");
    return case_param("x", SHAPE(B, D), r, 1, "state 0");
}

// The values, or gradients, of n tensors one behind the other: (n, B, D).
static const float *
joined(int n, tensor *const *x, bool gradients)
{
    static float all[N * B * D];
    for (int i = 0; i < n; i++)
        memcpy(all + i * B * D, gradients ? x[i]->grad : x[i]->data, B * D * sizeof *all);
    return all;
}

static void
chain(void)
{
    chain_case c;
    rng r = rng_at(SEED, 0);
    tensor *x = begin_chain(&c, &r, "chain",
                            "A chain of n steps, forward and backward, with all "
                            "states kept.");
    tensor *weight = case_constant("loss_weight", SHAPE(B, D), &r, 1, "of the last state");
    tensor *loss =
        t_sum(t_mul(checkpointing_plain(&(checkpointing_chain){N, step, &c}, x), weight));
    backward(loss);
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "h", "h[t-1]", SHAPE(N, B, D), joined(N, c.state, false), close,
                  "the state after each step: states 1 .. n");
    case_time_none();
    case_write("output", "loss", "h", loss, summed, "sum of the last state times loss_weight");
    case_time(0, CASE_BACKWARD);
    case_write_f4("gradient", "dh", "dh[t+1] h[t+1]", SHAPE(N, B, D), joined(N, c.state, true),
                  backward_close, "dL/d(state 1 .. n): dh(t) = (dh(t+1) (1 - h(t+1)^2)) W_(t+1)");
    case_time_none();
    case_gradients(
        backward_close,
        (case_gradient[]){{"x", "dh h", NULL}, {"w", "dh h", NULL}, {"b", "dh h", NULL}, {0}});
    case_end();
    tensors_free();
}

// The peak of a chain of n steps in states, rounded down, measured on the tape: K segments, or 0: plain.
static int
measured_peak(int K)
{
    enum { ROWS = 20000 };
    chain_case c = {.w = param("w", SHAPE(N, D, D)), .b = param("b", SHAPE(N, D))};
    tensor *x = param("x", SHAPE(ROWS, D));
    const checkpointing_chain chain = {N, step, &c};
    tensor *y = K ? checkpointing_segments(&chain, K, x) : checkpointing_plain(&chain, x);
    backward_from(y, y->data);
    int states = (int)(tape_peak() / (ROWS * D * sizeof(float)));
    tensors_free();
    return states;
}

static void
segments(void)
{
    chain_case c;
    rng r = rng_at(SEED, 1);
    int peaks[N + 1], kept[SEGMENTS];
    for (int K = 0; K <= N; K++)
        peaks[K] = measured_peak(K);
    tensor *x = begin_chain(&c, &r, "segments",
                            "A chain in K segments: which states are kept, what is computed "
                            "again and in which order, the gradients, and the memory.");
    case_convention("segments are as equal as they can be, the first n mod K have one step more; "
                    "the state at the end of each is kept");
    case_convention(
        "order: the steps in the order of their evaluation, i for the step from state i");
    case_convention("peaks: whole states on the tape at the most: the ends of segments and "
                    "their gradients, and two values and two gradients (sum and tanh) for "
                    "each step of a segment that is computed again; x, weights and the loss "
                    "do not count, and nothing is freed before the backward's end but the "
                    "segment that was computed again");
    case_scalar("K", SEGMENTS, "segments");
    tensor *weight = case_constant("loss_weight", SHAPE(B, D), &r, 1, "of the last state");
    const checkpointing_chain whole = {N, step, &c};
    tensor *y = checkpointing_segments(&whole, SEGMENTS, x), *end[SEGMENTS];
    tensor *loss = t_sum(t_mul(y, weight));
    end[SEGMENTS - 1] = y;
    for (int k = SEGMENTS - 1; k > 0; k--)
        end[k - 1] = end[k]->in[0];
    for (int k = 0; k < SEGMENTS; k++)
        kept[k] = checkpointing_first(N, SEGMENTS, k + 1);
    backward(loss);
    case_write_i4("step", "kept", "", SHAPE(SEGMENTS), kept, "numbers of the kept states");
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "h_kept", "h_kept[t-1]", SHAPE(SEGMENTS, B, D),
                  joined(SEGMENTS, end, false), close, "the kept states");
    case_time_none();
    case_write("output", "loss", "h_kept", loss, summed, "sum of the last state times loss_weight");
    case_write_i4("step", "order", "kept", SHAPE(2 * N), c.order,
                  "the steps as they are evaluated");
    case_time(0, CASE_BACKWARD);
    case_write_f4("gradient", "dh_kept", "dh_kept[t+1] h_kept", SHAPE(SEGMENTS, B, D),
                  joined(SEGMENTS, end, true), backward_close, "dL/d(kept states)");
    case_time_none();
    case_gradients(backward_close, (case_gradient[]){{"x", "dh_kept h_kept", NULL},
                                                     {"w", "dh_kept h_kept", NULL},
                                                     {"b", "dh_kept h_kept", NULL},
                                                     {0}});
    case_write_i4("output", "peaks", "", SHAPE(N + 1), peaks,
                  "states on the tape at the most: plain, then K = 1 .. n");
    case_end();
    tensors_free();
}

static void
best_segments(void)
{
    enum { STEPS = 30, KINDS = 4 };
    static const int a[KINDS] = {4, 2, 56, 2}, b[KINDS] = {2, 2, 2, 9};
    int peak[KINDS * STEPS], best[KINDS];
    case_begin("best_segments", "How many segments n steps need for the least peak, where a step "
                                "and the end of a segment cost differently.");
    case_convention("the peak of K segments is b K + a ceil(n / K)");
    case_convention("best is the smallest K with the least peak");
    case_scalar("n", STEPS, "steps");
    case_input_i4("a", SHAPE(KINDS), a, "what a step costs that is computed again");
    case_input_i4("b", SHAPE(KINDS), b, "what the end of a segment costs");
    for (int i = 0; i < KINDS; i++) {
        for (int K = 1; K <= STEPS; K++)
            peak[i * STEPS + K - 1] = checkpointing_segments_peak(STEPS, a[i], b[i], K);
        best[i] = checkpointing_best_segments(STEPS, a[i], b[i]);
    }
    case_write_i4("step", "peak", "", SHAPE(KINDS, STEPS), peak, "for K = 1 .. n");
    case_write_i4("output", "best", "peak", SHAPE(KINDS), best, "the K of the least peak");
    case_end();
}

// ---- Revolve ----

static void
revolve_table(void)
{
    enum { STEPS = 40, SLOTS = 6 };
    int t[STEPS * SLOTS], r[STEPS * SLOTS], split[STEPS * SLOTS];
    case_begin("revolve_table", "Evaluations, repetitions and first split for l steps and s "
                                "slots.");
    case_convention("row l - 1, column s - 1; the first slot has the first state");
    case_convention("t does not count the evaluation of a step on which it is reversed");
    case_convention("split: the steps to advance before the second state is stored, the least "
                    "number that leads to t; 0 for l = 1");
    case_scalar("steps", STEPS, "l = 1 .. steps");
    case_scalar("slots", SLOTS, "s = 1 .. slots");
    for (int l = 1; l <= STEPS; l++)
        for (int s = 1; s <= SLOTS; s++) {
            int at = (l - 1) * SLOTS + s - 1;
            r[at] = checkpointing_repetitions(l, s);
            t[at] = (int)checkpointing_evaluations(l, s);
            split[at] = l > 1 ? checkpointing_split(l, s) : 0;
        }
    case_write_i4("step", "r", "", SHAPE(STEPS, SLOTS), r, "the least r with l <= C(s + r, s)");
    case_write_i4("output", "t", "r", SHAPE(STEPS, SLOTS), t, "r l - C(s + r, s + 1)");
    case_write_i4("output", "split", "t", SHAPE(STEPS, SLOTS), split,
                  "the least k with t(l, s) = k + t(l - k, s - 1) + t(k, s)");
    case_end();
}

static void
revolve_schedule(void)
{
    enum { STEPS = 10, SLOTS = 3, MOST = 3 * STEPS };
    checkpointing_action a[MOST + 10];
    int rows[MOST * 3], visits[STEPS] = {0}, total = 0;
    int n = checkpointing_schedule(STEPS, SLOTS, a);
    case_begin("revolve_schedule", "What is done to go back over 10 steps with 3 slots.");
    case_convention("rows: kind, from, to; kind 0: store the present state, from = to; 1: from the "
                    "newest stored state, advance to `to`; 2: reverse step from = to - 1; the "
                    "rows behind the last action are -1");
    case_convention("the first slot has state 0; a stored state is forgotten when the step from it "
                    "is reversed; where two splits are as good the shorter advance is taken; the "
                    "second part of a split of one step needs no slot");
    case_scalar("steps", STEPS, "l");
    case_scalar("slots", SLOTS, "s");
    memset(rows, -1, sizeof rows);
    for (int i = 0; i < n; i++) {
        memcpy(rows + 3 * i, (int[]){(int)a[i].kind, a[i].from, a[i].to}, 3 * sizeof *rows);
        for (int k = a[i].from; a[i].kind == CHECKPOINTING_ADVANCE && k < a[i].to; k++, total++)
            visits[k]++;
    }
    case_write_i4("step", "actions", "", SHAPE(MOST, 3), rows, "in order");
    case_write_i4("output", "visits", "actions", SHAPE(STEPS), visits,
                  "how often each step is advanced over");
    case_write_i4("output", "advances", "visits", SCALAR, &total, "their sum");
    case_end();
}

// ---- What must be the same twice ----

enum { ROWS = 3, WIDTH = 4 }; // of the case dropout

// The step of the case dropout: a generator of its own, and what the masks were.
typedef struct {
    int training;
    rng random;
    float rate;
    tensor *w, *b;
    float *masks; // (2, ROWS, WIDTH): of the first run and of the last
    int *runs;
} dropout_case;

static tensor *
dropout_step(tensor *const in[], void *context)
{
    dropout_case *c = context;
    float *mask = c->masks + (*c->runs)++ * ROWS * WIDTH;
    *c->runs = 1;
    for (int i = 0; i < ROWS * WIDTH; i++)
        mask[i] = rng_uniform(&c->random) < c->rate ? 0 : 1 / (1 - c->rate);
    for (int i = 0; i < ROWS * WIDTH && !c->training; i++)
        mask[i] = 1;
    tensor *y = t_tanh(t_linear(in[0], c->w, c->b));
    return t_mul(y, constant("mask", y->shape, mask));
}

static void
dropout(void)
{
    rng r = rng_at(SEED, 5), draws = rng_at(SEED, 6);
    float masks[2 * ROWS * WIDTH], uniform[2 * ROWS * WIDTH];
    int runs = 0;
    case_begin("dropout", "One step with dropout, computed twice: the masks of both runs, and the "
                          "gradients.");
    case_convention("y = mask tanh(x w' + b), where mask is 0 for a draw below rate, else "
                    "1 / (1 - rate)");
    case_convention("draws: what a generator gives, one number for each value of y, then what it "
                    "would give next");
    case_convention("the loss is sum(y loss_weight)");
    dropout_case c = {1, draws, 0.4f, NULL, NULL, masks, &runs};
    case_number("rate", 0.4, "the part of the values that is dropped");
    for (int i = 0; i < 2 * ROWS * WIDTH; i++)
        uniform[i] = rng_uniform(&draws);
    case_input_f4("draws", SHAPE(2, ROWS, WIDTH), uniform, "uniform numbers in [0, 1)");
    c.w = case_param("w", SHAPE(WIDTH, WIDTH), &r, 0.8f, "(out, in)");
    c.b = case_param("b", SHAPE(WIDTH), &r, 0.5f, "added");
    tensor *x = case_param("x", SHAPE(ROWS, WIDTH), &r, 1, "the state");
    tensor *weight = case_constant("loss_weight", SHAPE(ROWS, WIDTH), &r, 1, "of y");
    tensor *y = t_recompute(dropout_step, 1, &x, &c, sizeof c);
    tensor *loss = t_sum(t_mul(y, weight));
    backward(loss);
    case_write_f4("step", "mask_first", "", SHAPE(ROWS, WIDTH), masks, close, "of the first run");
    case_write_f4("step", "mask_second", "", SHAPE(ROWS, WIDTH), masks + ROWS * WIDTH, close,
                  "of the second run, in the backward");
    case_write("output", "y", "mask_first", y, close, "mask tanh(x w' + b)");
    case_write("output", "loss", "y", loss, summed, "sum of y loss_weight");
    case_gradients(backward_close, (case_gradient[]){{"x", "mask_second", NULL},
                                                     {"w", "mask_second", NULL},
                                                     {"b", "mask_second", NULL},
                                                     {0}});
    case_end();
    tensors_free();
}

// x p + x q: two uses of x.
static tensor *
two_uses(tensor *const in[], void *context)
{
    tensor **weight = context;
    tensor *first = t_mul(in[0], weight[0]);
    return t_add(first, t_mul(in[0], weight[1]));
}

static void
shared_input(void)
{
    rng r = rng_at(SEED, 7);
    float q[B * D], large[B * D];
    case_begin("shared_input", "x is used twice in a segment that is computed again, and once "
                               "after it: the order in which its gradient is summed.");
    case_convention("y = (x p + x q) + x after; the segment is x p + x q; the loss is "
                    "sum(y loss_weight), and loss_weight, q and after are whole numbers");
    case_convention("parts reach dx in the reverse order of the uses: after, q, p; each is added "
                    "to what is there, in float32: (dx_after + dx_q) + dx_p. Here q = -after, and "
                    "any other order loses dx_p");
    tensor *x = case_param("x", SHAPE(B, D), &r, 1, "used three times");
    tensor *weight[2] = {case_constant("p", SHAPE(B, D), &r, 1, "of the first use")};
    for (int i = 0; i < B * D; i++) {
        large[i] = (float)(1 + rng_below(&r, 5)) * 0x1p26f;
        q[i] = -large[i];
    }
    weight[1] = constant("q", SHAPE(B, D), q);
    case_input_f4("q", SHAPE(B, D), q, "of the second use");
    case_input_f4("after", SHAPE(B, D), large, "of the use after the segment");
    float whole[B * D];
    for (int i = 0; i < B * D; i++)
        whole[i] = i % 2 ? 1 : -2;
    case_input_f4("loss_weight", SHAPE(B, D), whole, "of y");
    tensor *y = t_recompute(two_uses, 1, &x, weight, sizeof weight);
    y = t_add(y, t_mul(x, constant("after", SHAPE(B, D), large)));
    backward(t_sum(t_mul(y, constant("loss_weight", SHAPE(B, D), whole))));
    float parts[3][B * D];
    for (int i = 0; i < B * D; i++) {
        parts[0][i] = whole[i] * large[i];
        parts[1][i] = whole[i] * q[i];
        parts[2][i] = whole[i] * weight[0]->data[i];
    }
    case_write_f4("gradient", "dx_after", "", SHAPE(B, D), parts[0], close, "loss_weight after");
    case_write_f4("gradient", "dx_q", "", SHAPE(B, D), parts[1], close, "loss_weight q");
    case_write_f4("gradient", "dx_p", "", SHAPE(B, D), parts[2], close, "loss_weight p");
    case_gradients(backward_close, (case_gradient[]){{"x", "dx_after dx_q dx_p", NULL}, {0}});
    case_end();
    tensors_free();
}

// ---- Attention, layers, plans ----

static void
selective(void)
{
    enum { SEQUENCES = 2, T = 5, HEADS = 3, EACH = 4 };
    static const char *const names[] = {"q", "k", "v"}, *const gradients[] = {"dq", "dk", "dv"};
    rng r = rng_at(SEED, 8);
    const shape s = SHAPE(SEQUENCES, T, HEADS, EACH);
    case_begin("selective", "Causal attention whose scores and weights are computed again in the "
                            "backward.");
    case_convention("axes: sequences, positions, heads, width of a head; weights (sequences, "
                    "heads, queries, keys)");
    case_convention("weights = softmax of q k' / sqrt(width) over the keys s <= t; out = weights "
                    "v; the loss is sum(out loss_weight)");
    tensor *in[3];
    for (int i = 0; i < 3; i++)
        in[i] = case_param(names[i], s, &r, 1, i == 0 ? "queries" : i == 1 ? "keys" : "values");
    bool *mask = transformer_causal_mask(SEQUENCES, T, T);
    tensor *weights = transformer_attention(in[0], in[1], in[2], mask, NULL);
    tensor *out = checkpointing_attention(in[0], in[1], in[2], mask, NULL);
    tensor *weight = case_loss_weight(out, &r);
    tensor *loss = t_sum(t_mul(out, weight));
    backward(loss);
    case_write("step", "weights", "", tape_saved(weights, "weights"), close,
               "of both runs: softmax of the scores, 0 where the query may not look");
    case_write("output", "out", "weights", out, close, "weights v");
    case_write("output", "loss", "out", loss, summed, "sum of out loss_weight");
    for (int i = 0; i < 3; i++)
        case_write_f4("gradient", gradients[i], "weights", s, in[i]->grad, backward_close,
                      i == 0   ? "the loss by q"
                      : i == 1 ? "the loss by k"
                               : "the loss by v");
    case_end();
    tensors_free();
}

static void
layer_bytes(void)
{
    enum { SEQUENCES = 5, T = 7, ACROSS = 12, HEADS = 3, HIDDEN = 20 };
    checkpointing_op ops[CHECKPOINTING_OPS];
    int out[CHECKPOINTING_OPS], kept[CHECKPOINTING_OPS], total[3] = {0};
    checkpointing_layer_values(SEQUENCES, T, ACROSS, HEADS, HIDDEN, ops);
    for (int i = 0; i < CHECKPOINTING_OPS; i++) {
        total[0] += out[i] = (int)ops[i].out;
        total[1] += kept[i] = (int)ops[i].kept;
    }
    total[2] = 4 * (2 * total[0] + total[1]);
    case_begin("layer_bytes", "What a pre-norm Transformer layer leaves on the tape, in float32 "
                              "values, and its bytes.");
    case_convention("ops in order: norm, q, k, v, attention (softmax(q k' / sqrt(d)) v), its "
                    "output product, the sum with the input, norm, the product with the hidden "
                    "units, their activation, the product back, the sum");
    case_convention("kept: a norm keeps its normalised input and one number for each position; "
                    "attention keeps scores and weights of all pairs, masked or not; activations "
                    "and products keep nothing, since inputs and outputs are on the tape anyway; "
                    "no dropout");
    case_scalar("B", SEQUENCES, "sequences");
    case_scalar("T", T, "positions of each");
    case_scalar("D", ACROSS, "width");
    case_scalar("h", HEADS, "heads");
    case_scalar("F", HIDDEN, "hidden units of the feed-forward layer");
    case_write_i4("step", "out", "", SHAPE(CHECKPOINTING_OPS), out, "values of each op's output");
    case_write_i4("step", "kept", "", SHAPE(CHECKPOINTING_OPS), kept,
                  "values that its backward needs besides");
    case_write_i4("output", "values", "out", SCALAR, &total[0], "of all outputs");
    case_write_i4("output", "besides", "kept", SCALAR, &total[1], "of all that is kept besides");
    case_write_i4("output", "bytes", "values besides", SCALAR, &total[2],
                  "4 bytes for each value of outputs and their gradients, and of what is kept");
    case_end();
}

static void
plan(void)
{
    enum { LAYERS = 7, MEMORY = 255 };
    static const checkpointing_layer layers[LAYERS] = {
        {64, 16, 3}, {40, 8, 9}, {72, 8, 4}, {20, 4, 1}, {56, 4, 6}, {24, 2, 2}, {90, 2, 5}};
    checkpointing_plan plans[LAYERS + 1];
    double costs[3][LAYERS], least[LAYERS + 1], seconds[LAYERS + 1];
    bool cut[LAYERS];
    int cuts[LAYERS];
    case_begin("plan", "Which layers of a net to compute again so that it fits into the memory.");
    case_convention("the first j layers are computed again, in segments; the others are kept");
    case_convention("bytes: 2 out of the last layer of each segment, the tape of the largest "
                    "segment, the tape of every kept layer");
    case_convention("of the plans that fit the one that computes least again, of equal ones that "
                    "with the least bytes; cut: 1 for the last layer of each segment");
    for (int i = 0; i < LAYERS; i++) {
        costs[0][i] = layers[i].tape;
        costs[1][i] = layers[i].out;
        costs[2][i] = layers[i].seconds;
    }
    case_input_f8("tape", SHAPE(LAYERS), costs[0], "bytes of a layer whose gradient is computed");
    case_input_f8("out", SHAPE(LAYERS), costs[1], "bytes of a layer's output");
    case_input_f8("time", SHAPE(LAYERS), costs[2], "seconds of a layer's forward");
    case_number("memory", MEMORY, "bytes that there are");
    checkpointing_plans(LAYERS, layers, plans);
    for (int j = 0; j <= LAYERS; j++) {
        least[j] = plans[j].peak;
        seconds[j] = plans[j].seconds;
    }
    const checkpointing_plan *p = checkpointing_fitting(LAYERS, plans, MEMORY);
    checkpointing_cuts(LAYERS, layers, p, cut);
    for (int i = 0; i < LAYERS; i++)
        cuts[i] = cut[i];
    case_write_f8("step", "least", "", SHAPE(LAYERS + 1), least, 1e-15,
                  "the least bytes for j = 0 .. n");
    case_write_f8("step", "seconds", "", SHAPE(LAYERS + 1), seconds, 1e-15,
                  "computed again, for j = 0 .. n");
    case_write_i4("output", "again", "least seconds", SCALAR, &p->again, "j of the plan");
    case_write_i4("output", "cut", "again", SHAPE(LAYERS), cuts, "where its segments end");
    case_end();
}

void
checkpointing_cases(void)
{
    chain();
    segments();
    best_segments();
    revolve_table();
    revolve_schedule();
    dropout();
    shared_input();
    selective();
    layer_bytes();
    plan();
}
