// The reference cases. Heads stand before positions, (B, h, L, d), as most implementations have them; the loss is the
// sum of out times loss_weight. All sizes and their roots differ, but that Taylor's features are 9 = 3 x 3.
#include "linear_attention/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "linear_attention/delta.h"
#include "linear_attention/linear_attention.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "numbers/numeric.h"
#include "numbers/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 1, B = 2, H = 3, L = 7, E = 8, M = 5, CHUNK = 3 };

// (B, h, L, n) -> (B, L, h, n), and back.
static tensor *
swapped(tensor *x)
{
    return t_transpose(x, 1, 2);
}

// x's gradient, zeros where nothing reaches it.
static tensor *
gradient_of(const tensor *x)
{
    return constant(x->name, x->shape, x->grad);
}

// The mean of queries and keys where a well-known mistake has features of both signs: then its normalisers stay away
// from 0, and its numbers are the same in every precision.
static const float tilt = 0.5f;

typedef struct {
    tensor *q, *k, *v;
    rng r;
} inputs;

static tensor *
input(const char *name, shape s, rng *r, float mean)
{
    tensor *x = param(name, s);
    rng_fill_normal(r, x->size, x->data, mean, 1);
    return x;
}

// Queries at T positions, keys and values at L. Queries and keys have this mean. blind: the query of every head at this
// position of the last sequence has no value above 0; -1: none.
static inputs
inputs_new(uint32_t stream, int T, float mean, int blind)
{
    inputs x = {.r = rng_at(SEED, stream)};
    x.q = input("q", SHAPE(B, H, T, E), &x.r, mean);
    x.k = input("k", SHAPE(B, H, L, E), &x.r, mean);
    x.v = input("v", SHAPE(B, H, L, M), &x.r, 0);
    for (long i = (B - 1) * H * T * E; i < x.q->size; i++)
        if (i / E % T == blind)
            x.q->data[i] = -fabsf(x.q->data[i]);
    case_input_f4("q", x.q->shape, x.q->data, "queries");
    case_input_f4("k", x.k->shape, x.k->data, "keys");
    case_input_f4("v", x.v->shape, x.v->data, "values");
    return x;
}

// The loss of a case whose result is out, with its gradients.
static tensor *
loss_of(tensor *out, inputs *x)
{
    tensor *weight = case_loss_weight(out, &x->r);
    tensor *loss = t_sum(t_mul(out, weight));
    backward(loss);
    return loss;
}

static void
step(const char *name, const char *from, double tolerance, const char *about)
{
    case_write("step", name, from, tape_find(name), tolerance, about);
}

static void
gradient(const char *name, const char *from, tensor *dx, double tolerance)
{
    char own[64], about[80];
    snprintf(own, sizeof own, "d%s", name);
    snprintf(about, sizeof about, "dloss/d%s", name);
    case_write("gradient", own, from, dx, tolerance, about);
}

static void
features(double tolerance, const char *about)
{
    case_write("step", "phi_q", "", swapped(tape_find("phi_q")), tolerance, about);
    case_write("step", "phi_k", "", swapped(tape_find("phi_k")), tolerance, about);
}

static void
output(const char *from, const tensor *out, double tolerance)
{
    case_write("output", "out", from, out, tolerance, "the answers");
}

static void
write_loss(const tensor *loss, double tolerance)
{
    case_time_none();
    case_write("output", "loss", "out", loss, tolerance, "sum of out loss_weight");
}

// The gradients of the features, and of what they were made of.
static void
feature_gradients(const inputs *x, const char *of_q, const char *of_k, double tolerance)
{
    gradient("phi_q", of_q, swapped(gradient_of(tape_find("phi_q"))), tolerance);
    gradient("phi_k", of_k, swapped(gradient_of(tape_find("phi_k"))), tolerance);
    gradient("q", "dphi_q phi_q", gradient_of(x->q), tolerance);
    gradient("k", "dphi_k phi_k", gradient_of(x->k), tolerance);
}

static void
end(void)
{
    case_end();
    tensors_free();
}

static const char *const map_conventions[] = {
    [LINEAR_ATTENTION_ELU] = "phi(x) = elu(x) + 1: x + 1 above 0, e^x below",
    [LINEAR_ATTENTION_RELU] = "phi(x) = max(x, 0), with slope 0 at 0",
    [LINEAR_ATTENTION_EXP] = "phi(x) = e^x",
    [LINEAR_ATTENTION_TAYLOR] = "phi(x) = (1, x / |x|), the 1 in front"};

static const char *const map_about[] = {[LINEAR_ATTENTION_ELU] = "elu(x) + 1",
                                        [LINEAR_ATTENTION_RELU] = "max(x, 0)",
                                        [LINEAR_ATTENTION_EXP] = "e^x",
                                        [LINEAR_ATTENTION_TAYLOR] = "(1, x / |x|)"};

static void
conventions(const linear_attention_config *config, bool is_causal)
{
    case_convention("heads stand before positions: (B, h, L, d)");
    case_convention(map_conventions[config->map]);
    case_convention("queries and keys are not divided by sqrt(d)");
    case_convention(is_causal ? "causal: position i sees the keys up to i, its own included"
                              : "every query sees all keys");
    case_convention("normaliser = sum of phi_q phi_k over the keys seen, plus eps; a query whose "
                    "normaliser is 0 has out 0 and passes no gradient");
    if (config->length)
        case_convention("keys from length[b] on are padding, their phi_k is 0; queries from there "
                        "on are answered as the others");
    case_number("eps", config->eps > 0 ? 1e-6 : 0, "added to the sum phi_q phi_k");
}

// ---- The causal case in three forms ----

// The three forms have the same inputs and outputs.

// The gradient of the weights; those above the diagonal are masked and do not count.
static tensor *
weights_gradient(void)
{
    tensor *x = gradient_of(tape_find("weights"));
    for (long i = 0; i < x->size; i++)
        if (i % L > i / L % L)
            x->data[i] = NAN;
    return x;
}

static void
parallel(void)
{
    linear_attention_config c = {.form = LINEAR_ATTENTION_PARALLEL};
    case_begin("parallel", "Causal linear attention, all pairs at once, forward and backward; the "
                           "loss is sum(out loss_weight).");
    conventions(&c, true);
    inputs x = inputs_new(0, L, tilt, -1);
    tensor *out = swapped(linear_attention_causal(swapped(x.q), swapped(x.k), swapped(x.v), &c));
    const tensor *loss = loss_of(out, &x);
    features(1e-6, map_about[c.map]);
    step("weights", "phi_q phi_k", 2e-6, "phi_q phi_k, masked, not divided");
    step("total", "weights", 1e-6, "sums of the rows of weights");
    step("sums", "weights", 2e-6, "weights v");
    output("sums total", out, 2e-6);
    write_loss(loss, 2e-6);
    gradient("sums", "total", gradient_of(tape_find("sums")), 2e-6);
    gradient("total", "total out", gradient_of(tape_find("total")), 2e-6);
    gradient("weights", "dsums dtotal", weights_gradient(), 5e-6);
    feature_gradients(&x, "dweights phi_k", "dweights phi_q", 5e-6);
    gradient("v", "weights dsums", gradient_of(x.v), 2e-6);
    end();
}

static void
recurrent(void)
{
    linear_attention_config c = {.form = LINEAR_ATTENTION_RECURRENT};
    case_begin("recurrent", "Causal linear attention, step by step with a state, forward and "
                            "backward; the loss is sum(out loss_weight).");
    conventions(&c, true);
    inputs x = inputs_new(0, L, tilt, -1);
    tensor *of = linear_attention_causal(swapped(x.q), swapped(x.k), swapped(x.v), &c);
    tensor *out = swapped(of);
    const tensor *loss = loss_of(out, &x);
    case_time(2, CASE_FORWARD);
    features(1e-6, map_about[c.map]);
    case_time(0, CASE_FORWARD);
    case_write("step", "state", "state[t-1] phi_k", tape_saved(of, "state"), 2e-6,
               "(L, B, h, F, M): sum of phi_k v^T");
    case_write("step", "z", "z[t-1] phi_k", tape_saved(of, "z"), 2e-6,
               "(L, B, h, F): sum of phi_k");
    case_time(2, CASE_FORWARD);
    case_write("step", "normaliser", "z phi_q", tape_saved(of, "normaliser"), 1e-6,
               "phi_q z + eps");
    output("state phi_q normaliser", out, 2e-6);
    write_loss(loss, 2e-6);
    case_time(2, CASE_BACKWARD);
    gradient("numerator", "normaliser", tape_saved(of, "dnumerator"), 2e-6);
    gradient("normaliser", "out normaliser", tape_saved(of, "dnormaliser"), 2e-6);
    case_time(0, CASE_BACKWARD);
    gradient("state", "dstate[t+1] dnumerator phi_q", tape_saved(of, "dstate"), 2e-6);
    gradient("z", "dz[t+1] dnormaliser phi_q", tape_saved(of, "dz"), 2e-6);
    case_time(2, CASE_BACKWARD);
    feature_gradients(&x, "state z dnumerator dnormaliser", "dstate dz", 1e-5);
    gradient("v", "dstate phi_k", gradient_of(x.v), 2e-6);
    end();
}

// How closely the tensors of a case in chunks must agree.
typedef struct {
    double features, normaliser, out, loss, quotient, gradients;
} closeness;

// The causal case in chunks. With the map max(x, 0) some queries find nothing.
static void
chunked(const char *name, uint32_t stream, linear_attention_config c, float mean, closeness close)
{
    c.chunk = CHUNK;
    case_begin(name, "Causal linear attention in chunks, forward and backward; the loss is "
                     "sum(out loss_weight).");
    conventions(&c, true);
    case_scalar("chunk", CHUNK, "positions of a chunk; the answers do not depend on it");
    inputs x = inputs_new(stream, L, mean, c.map == LINEAR_ATTENTION_RELU ? 2 : -1);
    if (c.length)
        case_input_i4("length", SHAPE(B), c.length, "keys from here on are padding");
    tensor *of = linear_attention_causal(swapped(x.q), swapped(x.k), swapped(x.v), &c);
    tensor *out = swapped(of);
    const tensor *loss = loss_of(out, &x);
    features(close.features, map_about[c.map]);
    case_write("step", "normaliser", "phi_q phi_k", tape_saved(of, "normaliser"), close.normaliser,
               "what the sums are divided by");
    output("normaliser phi_q phi_k", out, close.out);
    write_loss(loss, close.loss);
    gradient("numerator", "normaliser", tape_saved(of, "dnumerator"), close.quotient);
    gradient("normaliser", "out normaliser", tape_saved(of, "dnormaliser"), close.quotient);
    feature_gradients(&x, "dnumerator dnormaliser phi_k", "dnumerator dnormaliser phi_q",
                      close.gradients);
    gradient("v", "dnumerator phi_q phi_k", gradient_of(x.v), close.quotient);
    end();
}

// ---- All keys ----

// Six queries ask all seven keys.
static void
noncausal(void)
{
    linear_attention_config c = {0};
    case_begin("noncausal", "Linear attention where every query sees all keys, forward and "
                            "backward; the loss is sum(out loss_weight).");
    conventions(&c, false);
    inputs x = inputs_new(1, L - 1, 0, -1);
    tensor *out = swapped(linear_attention_full(swapped(x.q), swapped(x.k), swapped(x.v), &c));
    const tensor *loss = loss_of(out, &x);
    features(1e-6, map_about[c.map]);
    step("state", "phi_k", 1e-6, "(B, h, F, M): sum of phi_k v^T over all keys");
    step("z", "phi_k", 1e-6, "(B, h, F, 1): sum of phi_k over all keys");
    step("sums", "phi_q state", 2e-6, "phi_q state");
    step("total", "phi_q z", 1e-6, "phi_q z");
    output("sums total", out, 2e-6);
    write_loss(loss, 1e-5);
    gradient("sums", "total", gradient_of(tape_find("sums")), 2e-6);
    gradient("total", "total out", gradient_of(tape_find("total")), 2e-6);
    gradient("state", "phi_q dsums", gradient_of(tape_find("state")), 2e-6);
    gradient("z", "phi_q dtotal", gradient_of(tape_find("z")), 5e-6);
    feature_gradients(&x, "state z dsums dtotal", "dstate dz", 5e-6);
    gradient("v", "dstate phi_k", gradient_of(x.v), 2e-6);
    end();
}

static void
efficient(void)
{
    case_begin("efficient", "Efficient attention (Shen et al. 2021), forward and backward; the "
                            "loss is sum(out loss_weight).");
    case_convention("heads stand before positions: (B, h, L, d); phi_k is published as (B, h, d, "
                    "L)");
    case_convention("phi_q is the softmax of each query over its features, phi_k that of each "
                    "feature over all positions; nothing is divided by sqrt(d), there is no "
                    "normaliser");
    inputs x = inputs_new(2, L, 0, -1);
    tensor *out = swapped(linear_attention_efficient(swapped(x.q), swapped(x.k), swapped(x.v)));
    const tensor *loss = loss_of(out, &x);
    case_write("step", "phi_q", "", swapped(tape_find("phi_q")), 1e-6, "softmax over the features");
    step("phi_k", "", 1e-6, "(B, h, E, L): softmax over the positions");
    step("state", "phi_k", 2e-6, "(B, h, E, M): phi_k v");
    output("phi_q state", out, 2e-6);
    write_loss(loss, 2e-6);
    gradient("state", "phi_q", gradient_of(tape_find("state")), 2e-6);
    gradient("phi_q", "state", swapped(gradient_of(tape_find("phi_q"))), 5e-6);
    gradient("phi_k", "dstate", gradient_of(tape_find("phi_k")), 5e-6);
    gradient("q", "dphi_q phi_q", gradient_of(x.q), 5e-6);
    gradient("k", "dphi_k phi_k", gradient_of(x.k), 5e-6);
    gradient("v", "dstate phi_k", gradient_of(x.v), 2e-6);
    end();
}

// ---- A text in pieces ----

// Positions first .. first + n - 1 of x (B, L, h, w).
static tensor *
piece(const tensor *x, int first, int n)
{
    int w = x->shape.n[3];
    long row = (long)H * w;
    tensor *y = constant(x->name, SHAPE(B, n, H, w), NULL);
    for (int b = 0; b < B; b++)
        memcpy(y->data + b * n * row, x->data + (b * L + first) * row, n * row * sizeof(float));
    return y;
}

static void
write_state(const char *S, const char *z, const char *of_S, const char *of_z,
            const linear_attention_state *state, const char *about)
{
    case_write("step", S, of_S, state->S, 2e-6, about);
    case_write("step", z, of_z, state->z, 2e-6, about);
}

// The prompt in chunks, then one position after the other.
static void
continued(void)
{
    enum { PROMPT = 4, AFTER = L - PROMPT };
    linear_attention_config config = {0};
    case_begin("continued", "Causal linear attention of a text in pieces: its first 4 positions in "
                            "chunks, the others one by one, with a state from piece to piece.");
    conventions(&config, true);
    case_scalar("chunk", CHUNK, "positions of a chunk of the first piece");
    case_scalar("prompt", PROMPT, "positions of the first piece");
    inputs x = inputs_new(8, L, 0, -1);
    tensor *q = linear_attention_features(swapped(x.q), config.map, NULL);
    tensor *k = linear_attention_features(swapped(x.k), config.map, NULL), *v = swapped(x.v);
    linear_attention_state state = linear_attention_state_new(B, H, E, M);
    named(q, "phi_q");
    named(k, "phi_k");
    features(1e-6, map_about[config.map]);
    tensor *out = linear_attention_continued(piece(q, 0, PROMPT), piece(k, 0, PROMPT),
                                             piece(v, 0, PROMPT), 0, CHUNK, &state);
    case_write("output", "out_prompt", "phi_q phi_k", swapped(out), 2e-6,
               "(B, h, prompt, M): the answers to the first piece");
    write_state("state_prompt", "z_prompt", "phi_k", "phi_k", &state, "behind the first piece");
    tensor *after = constant("out_after", SHAPE(AFTER, B, H, M), NULL);
    for (int t = 0; t < AFTER; t++) {
        out = linear_attention_continued(piece(q, PROMPT + t, 1), piece(k, PROMPT + t, 1),
                                         piece(v, PROMPT + t, 1), 0, CHUNK, &state);
        memcpy(after->data + t * out->size, out->data, out->size * sizeof(float));
    }
    case_time(0, CASE_FORWARD);
    case_write("output", "out_after", "state_prompt z_prompt phi_q phi_k", after, 2e-6,
               "(L - prompt, B, h, M): the answers to the others");
    case_time_none();
    write_state("state", "z", "state_prompt phi_k", "z_prompt phi_k", &state, "behind the last");
    end();
}

// Efficient attention step by step, of all heads: out, state and z (L, B, h, ...).
static void
efficient_causal(void)
{
    case_begin("efficient_causal", "Efficient attention (Shen et al. 2021), causal, step by step.");
    case_convention("heads stand before positions: (B, h, L, d)");
    case_convention("the weights of a query are those of the case efficient, with the softmax of "
                    "each feature over the positions so far, its own included; nothing is divided "
                    "by sqrt(d)");
    inputs x = inputs_new(9, L, 0, -1);
    tensor *rho = t_softmax(x.q), *e = constant("e", x.k->shape, NULL);
    for (long i = 0; i < e->size; i++)
        e->data[i] = exp32(x.k->data[i]);
    tensor *S = constant("state", SHAPE(L, B, H, E, M), NULL);
    tensor *z = constant("z", SHAPE(L, B, H, E), NULL), *out = constant("out", x.v->shape, NULL);
    for (int t = 0; t < L; t++)
        for (int i = 0; i < B * H; i++) {
            float *S_t = S->data + (t * B * H + i) * E * M, *z_t = z->data + (t * B * H + i) * E;
            if (t > 0) {
                memcpy(S_t, S_t - B * H * E * M, E * M * sizeof *S_t);
                memcpy(z_t, z_t - B * H * E, E * sizeof *z_t);
            }
            int row = i * L + t;
            linear_attention_efficient_step(E, M, x.q->data + row * E, x.k->data + row * E,
                                            x.v->data + row * M, S_t, z_t, out->data + row * M);
        }
    case_time(2, CASE_FORWARD);
    case_write("step", "rho_q", "", rho, 1e-6, "softmax of each query over its features");
    case_write("step", "e", "", e, 1e-6, "e^k");
    case_time(0, CASE_FORWARD);
    case_write("step", "state", "state[t-1] e", S, 2e-6, "(L, B, h, E, M): sum of e^k v^T");
    case_write("step", "z", "z[t-1] e", z, 2e-6, "(L, B, h, E): sum of e^k");
    case_time(2, CASE_FORWARD);
    output("rho_q state z", out, 2e-6);
    end();
}

// ---- Decay and the delta rule ----

// Inputs whose keys have this length (0: as they are), and a gate of this name between two numbers.
static inputs
gated_inputs(uint32_t stream, float length, const char *name, float low, const char *about,
             tensor **gate)
{
    inputs x = {.r = rng_at(SEED, stream)};
    x.q = input("q", SHAPE(B, H, L, E), &x.r, 0);
    x.k = input("k", SHAPE(B, H, L, E), &x.r, 0);
    x.v = input("v", SHAPE(B, H, L, M), &x.r, 0);
    for (long row = 0; length > 0 && row < x.k->size; row += E) {
        float *k = x.k->data + row, norm = sqrt32(dot32(E, k, k));
        for (int f = 0; f < E; f++)
            k[f] *= length / norm;
    }
    *gate = param(name, SHAPE(B, H, L));
    rng_fill_uniform(&x.r, (*gate)->size, (*gate)->data, low, 1);
    case_convention("heads stand before positions: (B, h, L, d)");
    case_convention("q and k are features already: nothing is mapped, scaled or normalised, and "
                    "the answers are not divided");
    case_input_f4("q", x.q->shape, x.q->data, "queries");
    case_input_f4("k", x.k->shape, x.k->data, length > 0 ? "keys of length 1" : "keys");
    case_input_f4("v", x.v->shape, x.v->data, "values");
    case_input_f4(name, (*gate)->shape, (*gate)->data, about);
    return x;
}

// (B, h, L) -> (B, L, h).
static tensor *
gate_of(tensor *gate)
{
    return t_transpose(gate, 1, 2);
}

static void
decay(void)
{
    tensor *gamma;
    case_begin("decay", "Linear attention with decay, without normaliser, step by step, forward "
                        "and backward; the loss is sum(out loss_weight).");
    inputs x = gated_inputs(10, 0, "gamma", 0.3f, "what is kept of the state before", &gamma);
    tensor *of = linear_attention_decayed(swapped(x.q), swapped(x.k), swapped(x.v), gate_of(gamma));
    tensor *out = swapped(of);
    const tensor *loss = loss_of(out, &x);
    case_time(0, CASE_FORWARD);
    case_write("step", "state", "state[t-1]", tape_saved(of, "state"), 2e-6,
               "(L, B, h, F, M): gamma state[t-1] + k v^T");
    case_time(2, CASE_FORWARD);
    output("state", out, 2e-6);
    write_loss(loss, 1e-5);
    case_time(0, CASE_BACKWARD);
    gradient("state", "dstate[t+1]", tape_saved(of, "dstate"), 2e-6);
    case_time(2, CASE_BACKWARD);
    gradient("gamma", "dstate state[t-1]", gradient_of(gamma), 2e-6);
    gradient("q", "state", gradient_of(x.q), 2e-6);
    gradient("k", "dstate", gradient_of(x.k), 2e-6);
    gradient("v", "dstate", gradient_of(x.v), 2e-6);
    end();
}

static void
delta(void)
{
    tensor *beta;
    case_begin("delta", "The delta rule, without normaliser, step by step, forward and backward; "
                        "the loss is sum(out loss_weight).");
    inputs x = gated_inputs(11, 1, "beta", 0.3f, "how much of the miss is written", &beta);
    tensor *of = linear_attention_delta(swapped(x.q), swapped(x.k), swapped(x.v), gate_of(beta));
    tensor *out = swapped(of);
    const tensor *loss = loss_of(out, &x);
    case_time(2, CASE_FORWARD);
    case_write("step", "miss", "state[t-1]", swapped(tape_saved(of, "miss")), 2e-6,
               "v - state[t-1]^T k");
    case_time(0, CASE_FORWARD);
    case_write("step", "state", "state[t-1] miss", tape_saved(of, "state"), 2e-6,
               "(L, B, h, F, M): state[t-1] + beta k miss^T");
    case_time(2, CASE_FORWARD);
    output("state", out, 2e-6);
    write_loss(loss, 2e-6);
    case_time(0, CASE_BACKWARD);
    gradient("state", "dstate[t+1] dmiss[t+1]", tape_saved(of, "dstate"), 2e-6);
    case_time(2, CASE_BACKWARD);
    gradient("miss", "dstate", swapped(tape_saved(of, "dmiss")), 2e-6);
    gradient("beta", "dstate miss", gradient_of(beta), 2e-6);
    gradient("q", "state", gradient_of(x.q), 2e-6);
    gradient("k", "dstate miss state[t-1] dmiss", gradient_of(x.k), 2e-6);
    gradient("v", "dmiss", gradient_of(x.v), 2e-6);
    end();
}

void
linear_attention_cases(void)
{
    const int length[B] = {L, 4};
    const closeness close = {1e-6, 2e-6, 2e-6, 3e-6, 2e-6, 1e-5};
    parallel();
    recurrent();
    chunked("chunked", 0, (linear_attention_config){0}, tilt, close);
    noncausal();
    // So far below 0 the features are so small that eps counts. PyTorch's elu(x) + 1 loses their digits.
    chunked("eps_1e-6", 3, (linear_attention_config){.eps = 1e-6f}, -8,
            (closeness){1e-4, 2e-4, 2e-4, 1e-4, 5e-4, 1e-3});
    chunked("padded", 4, (linear_attention_config){.length = length}, 0, close);
    chunked("relu_features", 5, (linear_attention_config){.map = LINEAR_ATTENTION_RELU}, 0, close);
    chunked("exp_features", 7, (linear_attention_config){.map = LINEAR_ATTENTION_EXP}, 0, close);
    efficient();
    chunked("taylor", 6, (linear_attention_config){.map = LINEAR_ATTENTION_TAYLOR}, tilt, close);
    continued();
    efficient_causal();
    decay();
    delta();
}
