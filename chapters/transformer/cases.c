// The reference cases. Letters and shapes as in transformer.h, but that heads stand before positions, (B, h, T, d),
// as most implementations have them. No bias is zero, all sizes and their roots differ; the loss is the sum of output
// times loss_weight.
#include "transformer/cases.h"

#include "frame/case.h"
#include "frame/case_tensor.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "transformer/transformer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 1, B = 2, T = 7, S = 11, H = 3, d = 5, WIDTH = H * d, F = 13 };

// ---- What stands on the tape ----

// An attention as it was called, and its scores' gradient: that of a bias of zeros.
typedef struct {
    tensor *q, *k, *v, *out, *bias;
    const bool *mask;
} attended;

// The attentions of a case; q is NULL where there is none.
typedef struct {
    attended self, cross;
} watch;

static tensor *
watched_attention(tensor *q, tensor *k, tensor *v, const bool *mask, void *context)
{
    attended *a = context;
    const int *n = q->shape.n;
    *a = (attended){.q = q, .k = k, .v = v, .mask = mask};
    a->bias = param("bias", SHAPE(n[0], n[2], n[1], k->shape.n[1]));
    a->out = transformer_attention(q, k, v, mask, a->bias);
    return a->out;
}

static tensor *
find_param(const char *name)
{
    for (int i = 0; i < param_count(); i++)
        if (strcmp(param_at(i)->name, name) == 0)
            return param_at(i);
    return NULL;
}

// x's gradient, zeros where nothing reaches it.
static tensor *
gradient_of(const tensor *x)
{
    return constant(x->name, x->shape, x->grad);
}

// The scores of an attention; those that the mask takes out do not count.
static tensor *
scores_of(const attended *a)
{
    tensor *x = constant("scores", a->bias->shape, tape_saved(a->out, "scores")->data);
    const int *n = x->shape.n;
    long pairs = (long)n[2] * n[3];
    for (long i = 0; a->mask && i < x->size; i++)
        if (!a->mask[i / (n[1] * pairs) * pairs + i % pairs])
            x->data[i] = NAN;
    return x;
}

// The tensor that a case publishes under this name, or its gradient.
static tensor *
value(const watch *w, const char *name, bool gradient)
{
    const attended *a = strncmp(name, "cross_", 6) == 0 ? &w->cross : &w->self;
    const char *what = a == &w->cross ? name + 6 : name;
    tensor *by_head = strcmp(what, "q") == 0   ? a->q
                      : strcmp(what, "k") == 0 ? a->k
                      : strcmp(what, "v") == 0 ? a->v
                                               : NULL;
    if (by_head)
        return t_transpose(gradient ? gradient_of(by_head) : by_head, 1, 2);
    if (strcmp(what, "heads") == 0)
        return transformer_join_heads(gradient ? gradient_of(a->out) : a->out);
    if (strcmp(what, "scores") == 0)
        return gradient ? gradient_of(a->bias) : scores_of(a);
    if (strcmp(what, "weights") == 0)
        return tape_saved(a->out, "weights");
    tensor *x = find_param(name);
    x = x ? x : tape_find(name);
    return gradient ? gradient_of(x) : x;
}

static void
step(const watch *w, const char *name, const char *from, double tolerance, const char *about)
{
    case_write("step", name, from, value(w, name, false), tolerance, about);
}

static void
gradient(const watch *w, const char *name, const char *from, double tolerance)
{
    char own[64], about[80];
    snprintf(own, sizeof own, "d%s", name);
    snprintf(about, sizeof about, "dloss/d%s", name);
    case_write("gradient", own, from, value(w, name, true), tolerance, about);
}

// The loss of a case whose result is out, with its gradients.
static tensor *
loss_of(tensor *out, rng *r)
{
    tensor *weight = case_loss_weight(out, r);
    tensor *loss = t_sum(t_mul(out, weight));
    backward(loss);
    return loss;
}

static void
output(const char *from, const tensor *out, const tensor *loss, double tolerance, double of_loss)
{
    case_write("output", "out", from, out, tolerance, "what the case computes");
    case_write("output", "loss", "out", loss, of_loss, "sum of out loss_weight");
}

static void
end(void)
{
    case_end();
    tensors_free();
}

// ---- Attention ----

static void
write_mask(const char *name, int queries, int keys, const bool *mask)
{
    int ones[B * S * S]; // where a query may look
    for (int i = 0; i < B * queries * keys; i++)
        ones[i] = mask[i];
    case_input_i4(name, SHAPE(B, queries, keys), ones, "1 where query t may look at key s");
}

static void
masked_conventions(void)
{
    case_convention("mask: 1 where a query may look at a key, the same for all heads; the other "
                    "scores become -inf before the softmax and do not count as published");
}

// As transformer_causal_mask makes it, written once more: a case's inputs stay right where the method has a mistake.
static bool *
causal_input(void)
{
    bool *mask = tape_alloc(B * T * S);
    for (int i = 0; i < B * T * S; i++)
        mask[i] = i % S <= S - T + i / S % T;
    return mask;
}

// `mask` is what the method sees, `given` what the case publishes.
static void
attention(const char *name, const bool *mask, const bool *given)
{
    rng r = rng_at(SEED, 0);
    watch w = {0};
    case_begin(name, "Attention, forward and backward: weights = softmax(q k^T / sqrt(d)), "
                     "out = weights v; the loss is sum(out loss_weight).");
    case_convention("heads stand before positions: (B, h, T, d)");
    tensor *q = case_param("q", SHAPE(B, H, T, d), &r, 1, "queries");
    tensor *k = case_param("k", SHAPE(B, H, S, d), &r, 1, "keys");
    tensor *v = case_param("v", SHAPE(B, H, S, d), &r, 1, "values");
    if (mask) {
        masked_conventions();
        case_convention("a query that may look nowhere has weights 0 and out 0, and passes no "
                        "gradient");
        write_mask("mask", T, S, given);
    }
    tensor *out = t_transpose(watched_attention(t_transpose(q, 1, 2), t_transpose(k, 1, 2),
                                                t_transpose(v, 1, 2), mask, &w.self),
                              1, 2);
    w.self.q = w.self.k = w.self.v = NULL; // those with heads first are the parameters
    w.self.mask = given;
    const tensor *loss = loss_of(out, &r);
    step(&w, "scores", "", 1e-6, "q k^T / sqrt(d), before the mask");
    step(&w, "weights", "scores", 2e-6, "softmax over the keys");
    output("weights", out, loss, 3e-6, 1e-5);
    gradient(&w, "v", "weights", 2e-6);
    gradient(&w, "scores", "weights", 3e-6);
    gradient(&w, "q", "dscores", 5e-6);
    gradient(&w, "k", "dscores", 3e-6);
    end();
}

// The last keys of the first sequence are padding; query 2 of the second may look nowhere.
static void
attention_padding(void)
{
    bool *mask = transformer_padding_mask(B, T, S, (const int[]){4, S}, NULL);
    memset(mask + (1 * T + 2) * S, false, S);
    attention("attention_padding", mask, mask);
}

// ---- Layers ----

// Writes the parameters as inputs. In a second layer a name ends in _2.
static void
input_params(rng *r, float (*std)(const char *name, void *context), void *context)
{
    for (int i = 0; i < param_count(); i++) {
        tensor *x = param_at(i);
        int before = 0;
        for (int j = 0; j < i; j++)
            before += strcmp(param_at(j)->name, x->name) == 0;
        float spread = std(x->name, context);
        if (before) {
            char *name = permanent_alloc(32);
            snprintf(name, 32, "%s_%d", x->name, before + 1);
            named(x, name);
        }
        bool gain = strstr(x->name, "gain") != NULL;
        rng_fill_normal(r, x->size, x->data, gain ? 1 : 0, spread);
        bool matrix = x->shape.rank == 2 && strcmp(x->name, "embedding") != 0;
        case_input_f4(x->name, x->shape, x->data, matrix ? "rows are outputs: x W^T" : "");
    }
}

static float
same_std(const char *name, void *context)
{
    (void)name;
    return *(float *)context;
}

// Of a layer: what a sublayer adds is small, as x is, so that the first norm sees a variance beside which eps counts.
// Before it, in a post-norm layer, queries and keys need large weights.
static float
layer_std(const char *name, void *context)
{
    static const char *const small[] = {"w_o", "b_o", "cross_w_o", "cross_b_o", "w_2", "b_2"};
    for (int i = 0; i < 6; i++)
        if (strcmp(name, small[i]) == 0)
            return 0.1f;
    bool post = *(transformer_placement *)context == TRANSFORMER_POST_NORM;
    return post && (strcmp(name, "w_q") == 0 || strcmp(name, "w_k") == 0) ? 1 : 0.3f;
}

static tensor *
input_matrix(const char *name, rng *r)
{
    return case_param(name, SHAPE(WIDTH, WIDTH), r, 0.5f, "rows are outputs: x W^T");
}

static void
heads_conventions(void)
{
    case_convention("head j has the values j d ... (j + 1) d - 1 of a position; q, k, v are "
                    "published as (B, h, T, d), heads as (B, T, D), side by side");
    case_convention("keys have no bias");
}

static void
multi_head(void)
{
    rng r = rng_at(SEED, 1);
    watch w = {0};
    case_begin("multi_head", "Multi-head attention of x to y, forward and backward; the loss is "
                             "sum(out loss_weight).");
    heads_conventions();
    case_scalar("h", H, "heads");
    transformer_multi_head m = {
        .h = H, .attention = watched_attention, .attention_context = &w.self};
    m.w_q = input_matrix("w_q", &r);
    m.w_k = input_matrix("w_k", &r);
    m.w_v = input_matrix("w_v", &r);
    m.w_o = input_matrix("w_o", &r);
    m.b_q = case_param("b_q", SHAPE(WIDTH), &r, 0.5f, "");
    m.b_v = case_param("b_v", SHAPE(WIDTH), &r, 0.5f, "");
    m.b_o = case_param("b_o", SHAPE(WIDTH), &r, 0.5f, "");
    tensor *x = case_param("x", SHAPE(B, T, WIDTH), &r, 1, "what asks");
    tensor *y = case_param("y", SHAPE(B, S, WIDTH), &r, 1, "what answers");
    tensor *out = transformer_multi_head_forward(&m, x, y, NULL, NULL);
    const tensor *loss = loss_of(out, &r);
    step(&w, "q", "", 2e-6, "x W_q^T + b_q by head");
    step(&w, "k", "", 2e-6, "y W_k^T by head");
    step(&w, "v", "", 2e-6, "y W_v^T + b_v by head");
    step(&w, "scores", "q k", 2e-6, "q k^T / sqrt(d)");
    step(&w, "weights", "scores", 5e-6, "softmax over the keys");
    case_write("step", "heads", "weights v", tape_find("heads"), 3e-6, "weights v, side by side");
    output("heads", out, loss, 3e-6, 5e-5);
    case_write("gradient", "dheads", "", gradient_of(tape_find("heads")), 2e-6, "dloss/dheads");
    gradient(&w, "v", "dheads weights", 3e-6);
    gradient(&w, "scores", "dheads v weights", 1e-5);
    gradient(&w, "q", "dscores k", 1e-5);
    gradient(&w, "k", "dscores q", 1e-5);
    gradient(&w, "x", "dq", 1e-5);
    gradient(&w, "y", "dk dv", 1e-5);
    gradient(&w, "w_o", "heads", 5e-6);
    gradient(&w, "b_o", "", 1e-6);
    gradient(&w, "w_v", "dv", 5e-6);
    gradient(&w, "b_v", "dv", 2e-6);
    gradient(&w, "w_q", "dq", 1e-5);
    gradient(&w, "b_q", "dq", 1e-5);
    gradient(&w, "w_k", "dk", 5e-6);
    end();
}

static void
self_attention_steps(const watch *w, const char *read)
{
    step(w, "q", read, 3e-6, "by head, (B, h, T, d)");
    step(w, "k", read, 3e-6, "by head");
    step(w, "v", read, 3e-6, "by head");
    step(w, "scores", "q k", 3e-6, "q k^T / sqrt(d), before the mask");
    step(w, "weights", "scores", 3e-6, "softmax over the keys");
    step(w, "heads", "weights v", 3e-6, "weights v, side by side");
    step(w, "self_attention", "heads", 3e-6, "heads W_o^T + b_o");
}

static void
cross_attention_steps(const watch *w, const char *read)
{
    step(w, "cross_q", read, 3e-6, "by head, (B, h, T, d)");
    step(w, "cross_heads", "cross_q", 5e-6, "softmax(q k^T / sqrt(d)) v of the memory");
    step(w, "cross_attention", "cross_heads", 5e-6, "heads W_o^T + b_o");
}

static void
feed_forward_steps(const watch *w, const char *read)
{
    step(w, "hidden_sums", read, 3e-6, "y W_1^T + b_1");
    step(w, "hidden", "hidden_sums", 5e-6, "behind the activation");
    step(w, "feed_forward", "hidden", 3e-6, "hidden W_2^T + b_2");
}

static const char after_self[] = "x + self_attention",
                  after_cross[] = "what went into the sublayer + cross_attention",
                  after_feed[] = "what went into the sublayer + feed_forward",
                  norm_about[] = "layer norm with gain and bias";

// x + f(norm(x)): the sums are what the next sublayer begins with.
static void
pre_norm_steps(const watch *w, bool decoder)
{
    step(w, "norm_1", "", 3e-6, norm_about);
    self_attention_steps(w, "norm_1");
    step(w, "after_self_attention", "self_attention", 3e-6, after_self);
    if (decoder) {
        step(w, "norm_2", "after_self_attention", 3e-6, norm_about);
        cross_attention_steps(w, "norm_2");
        step(w, "after_cross_attention", "cross_attention after_self_attention", 3e-6, after_cross);
    }
    step(w, "norm_3", decoder ? "after_cross_attention" : "after_self_attention", 3e-6, norm_about);
    feed_forward_steps(w, "norm_3");
}

// norm(x + f(x))
static void
post_norm_steps(const watch *w, bool decoder)
{
    self_attention_steps(w, "");
    step(w, "after_self_attention", "self_attention", 3e-6, after_self);
    step(w, "norm_1", "after_self_attention", 3e-6, norm_about);
    if (decoder) {
        cross_attention_steps(w, "norm_1");
        step(w, "after_cross_attention", "cross_attention norm_1", 3e-6, after_cross);
        step(w, "norm_2", "after_cross_attention", 3e-6, norm_about);
    }
    feed_forward_steps(w, decoder ? "norm_2" : "norm_1");
    step(w, "after_feed_forward", decoder ? "feed_forward norm_2" : "feed_forward norm_1", 3e-6,
         after_feed);
}

// From the gradient of what self-attention gives to those of queries and keys.
static void
self_attention_gradients(const watch *w, const char *given)
{
    gradient(w, "heads", given, 5e-6);
    gradient(w, "v", "dheads weights", 5e-6);
    gradient(w, "scores", "dheads v weights", 1e-5);
    gradient(w, "q", "dscores k", 1e-5);
    gradient(w, "k", "dscores q", 2e-5);
}

static void
pre_norm_gradients(const watch *w, bool decoder)
{
    const char *last = decoder ? "dafter_cross_attention" : "dafter_self_attention";
    gradient(w, "hidden", "", 2e-6);
    gradient(w, "hidden_sums", "dhidden hidden_sums", 5e-6);
    gradient(w, "norm_3", "dhidden_sums", 5e-6);
    gradient(w, last + 1,
             decoder ? "dnorm_3 after_cross_attention" : "dnorm_3 after_self_attention", 5e-6);
    if (decoder) {
        gradient(w, "cross_heads", last, 5e-6);
        gradient(w, "cross_q", "dcross_heads cross_q", 5e-6);
        gradient(w, "norm_2", "dcross_q", 5e-6);
        gradient(w, "after_self_attention", "dafter_cross_attention dnorm_2 after_self_attention",
                 5e-6);
    }
    self_attention_gradients(w, "dafter_self_attention");
    gradient(w, "norm_1", "dq dk dv", 5e-6);
    gradient(w, "x", "dafter_self_attention dnorm_1", 5e-6);
}

static void
post_norm_gradients(const watch *w, bool decoder)
{
    gradient(w, "after_feed_forward", "after_feed_forward", 5e-6);
    gradient(w, "hidden", "dafter_feed_forward", 5e-6);
    gradient(w, "hidden_sums", "dhidden hidden_sums", 5e-6);
    if (decoder) {
        gradient(w, "norm_2", "dafter_feed_forward dhidden_sums", 5e-6);
        gradient(w, "after_cross_attention", "dnorm_2 after_cross_attention", 5e-6);
        gradient(w, "cross_heads", "dafter_cross_attention", 5e-6);
        gradient(w, "cross_q", "dcross_heads cross_q", 5e-6);
        gradient(w, "norm_1", "dafter_cross_attention dcross_q", 5e-6);
    } else
        gradient(w, "norm_1", "dafter_feed_forward dhidden_sums", 5e-6);
    gradient(w, "after_self_attention", "dnorm_1 after_self_attention", 5e-6);
    self_attention_gradients(w, "dafter_self_attention");
    gradient(w, "x", "dafter_self_attention dq dk dv", 5e-6);
}

// Of a norm's gain and bias: what it normalised, and the gradient of its output.
static void
norm_gradients(const watch *w, int number, const char *normalised, const char *given)
{
    char gain[32], bias[32], from[80];
    snprintf(gain, sizeof gain, "norm_%d_gain", number);
    snprintf(bias, sizeof bias, "norm_%d_bias", number);
    snprintf(from, sizeof from, "%s%s%s", normalised, *normalised && *given ? " " : "", given);
    gradient(w, gain, from, 1e-5);
    gradient(w, bias, given, 1e-5);
}

// Of what went into self-attention, cross-attention and the feed-forward layer, and of what came out of them.
static void
matrix_gradients(const watch *w, bool pre, bool decoder)
{
    const char *fed = pre       ? "norm_3 dhidden_sums"
                      : decoder ? "norm_2 dhidden_sums"
                                : "norm_1 dhidden_sums";
    gradient(w, "w_2", pre ? "hidden" : "hidden dafter_feed_forward", 5e-6);
    gradient(w, "b_2", pre ? "" : "dafter_feed_forward", 5e-6);
    gradient(w, "w_1", fed, 5e-6);
    gradient(w, "b_1", "dhidden_sums", 5e-6);
    if (decoder) {
        gradient(w, "memory", "dcross_heads cross_q", 5e-6);
        gradient(w, "cross_w_o", "dafter_cross_attention cross_heads", 5e-6);
        gradient(w, "cross_b_o", "dafter_cross_attention", 5e-6);
        gradient(w, "cross_w_v", "dcross_heads cross_q", 5e-6);
        gradient(w, "cross_b_v", "dcross_heads cross_q", 5e-6);
        gradient(w, "cross_w_q", pre ? "dcross_q norm_2" : "dcross_q norm_1", 5e-6);
        gradient(w, "cross_b_q", "dcross_q", 5e-6);
        gradient(w, "cross_w_k", "dcross_heads cross_q", 5e-6);
    }
    gradient(w, "w_o", "dafter_self_attention heads", 5e-6);
    gradient(w, "b_o", "dafter_self_attention", 5e-6);
    gradient(w, "w_v", pre ? "dv norm_1" : "dv", 5e-6);
    gradient(w, "b_v", "dv", 5e-6);
    gradient(w, "w_q", pre ? "dq norm_1" : "dq", 1e-5);
    gradient(w, "b_q", "dq", 1e-5);
    gradient(w, "w_k", pre ? "dk norm_1" : "dk", 1e-5);
}

static void
layer_gradients(const watch *w, bool pre, bool decoder)
{
    if (pre)
        pre_norm_gradients(w, decoder);
    else
        post_norm_gradients(w, decoder);
    matrix_gradients(w, pre, decoder);
    norm_gradients(w, 3,
                   !pre      ? "after_feed_forward"
                   : decoder ? "after_cross_attention"
                             : "after_self_attention",
                   pre ? "dnorm_3" : "");
    if (decoder)
        norm_gradients(w, 2, pre ? "after_self_attention" : "after_cross_attention", "dnorm_2");
    norm_gradients(w, 1, pre ? "" : "after_self_attention", "dnorm_1");
}

static void
layer_conventions(bool pre, bool decoder)
{
    case_convention(pre ? "pre-norm: x + f(norm(x)) for each sublayer f, no norm at the end"
                        : "post-norm, the paper's: norm(x + f(x)) for each sublayer f");
    case_convention(pre ? "the activation is GELU, x (1 + erf(x / sqrt 2)) / 2"
                        : "the activation is ReLU");
    case_convention(decoder ? "norm_1 is that of self-attention, norm_2 of cross-attention, norm_3 "
                              "of the feed-forward layer"
                            : "norm_1 is that of self-attention, norm_3 of the feed-forward layer "
                              "(norm1 and norm2 of torch.nn.TransformerEncoderLayer)");
    case_convention("norm(x) = gain (x - mean) / sqrt(variance + eps) + bias, the variance is the "
                    "biased one");
    heads_conventions();
    masked_conventions();
}

// A layer of an encoder, or of a decoder with a memory: post-norm with ReLU, pre-norm with GELU. Positions from 3 on of
// the encoder's second sequence are padding; the decoder's first memory ends after 4.
static void
layer(const char *name, bool decoder, transformer_placement placement)
{
    rng r = rng_at(SEED, 2);
    bool pre = placement == TRANSFORMER_PRE_NORM;
    watch w = {0};
    transformer_config c = {
        .D = WIDTH, .h = H, .F = F, .placement = placement, .activation = pre ? t_gelu : t_relu};
    case_begin(name, decoder ? "One layer of a decoder with a memory, forward and backward; the "
                               "loss is sum(out loss_weight)."
                             : "One layer of an encoder, forward and backward; the loss is "
                               "sum(out loss_weight).");
    layer_conventions(pre, decoder);
    case_scalar("h", H, "heads");
    case_number("eps", 1e-5, "of the layer norms, inside of the root");
    transformer_layer l = transformer_layer_new(&c, decoder, &r);
    input_params(&r, layer_std, &placement);
    l.self.attention = l.cross.attention = watched_attention;
    l.self.attention_context = &w.self;
    l.cross.attention_context = &w.cross;
    tensor *x = case_param("x", SHAPE(B, T, WIDTH), &r, 0.1f, "the sequences");
    const bool *mask = decoder ? transformer_causal_mask(B, T, T)
                               : transformer_padding_mask(B, T, T, (const int[]){T, 3}, NULL);
    write_mask("mask", T, T, mask);
    tensor *memory = NULL;
    const bool *memory_mask = NULL;
    if (decoder) {
        memory = case_param("memory", SHAPE(B, S, WIDTH), &r, 1, "of the encoder");
        memory_mask = transformer_padding_mask(B, T, S, (const int[]){4, S}, NULL);
        write_mask("memory_mask", T, S, memory_mask);
    }
    tensor *out = transformer_layer_forward(&l, x, mask, memory, memory_mask, NULL);
    const tensor *loss = loss_of(out, &r);
    if (pre)
        pre_norm_steps(&w, decoder);
    else
        post_norm_steps(&w, decoder);
    output(!pre      ? "after_feed_forward"
           : decoder ? "feed_forward after_cross_attention"
                     : "feed_forward after_self_attention",
           out, loss, 5e-6, 1e-5);
    layer_gradients(&w, pre, decoder);
    end();
}

// ---- Layer norm ----

// Rows that tell the conventions apart: [1, 0, 0, 0] (biased or unbiased variance) and one of small variance (eps
// inside or outside of the root).
static void
layer_norm(const char *name, int width)
{
    enum { ROWS = 3 };
    rng r = rng_at(SEED, 3);
    watch w = {0};
    case_begin(name, "Layer norm of each row of x, forward and backward; the loss is sum(out "
                     "loss_weight).");
    case_convention("the variance is divided by the width, not by the width - 1");
    case_number("eps", 1e-5, "added to the variance, inside of the root");
    tensor *x = param("x", SHAPE(ROWS, width));
    rng_fill_normal(&r, x->size, x->data, 0, 1);
    for (int i = 0; i < width; i++) {
        x->data[i] = i == 0;
        x->data[2 * width + i] *= 0.003f;
    }
    case_input_f4("x", x->shape, x->data, "the last row varies little");
    tensor *gain = case_param("gain", SHAPE(width), &r, 1, "");
    tensor *bias = case_param("bias", SHAPE(width), &r, 1, "");
    tensor *out = t_layer_norm(x, gain, bias, 1e-5f);
    const tensor *loss = loss_of(out, &r);
    case_write("step", "inverse_deviation", "", tape_saved(out, "inverse deviation"), 1e-6,
               "1 / sqrt(variance + eps) of each row");
    case_write("step", "normalised", "inverse_deviation", tape_saved(out, "normalised"), 1e-6,
               "before gain and bias");
    output("normalised", out, loss, 1e-6, 1e-6);
    gradient(&w, "x", "normalised inverse_deviation", 2e-6);
    gradient(&w, "gain", "normalised", 1e-6);
    gradient(&w, "bias", "", 1e-6);
    end();
}

// ---- Activation, positions, losses, rates ----

static void
gelu(void)
{
    enum { N = 17 };
    rng r = rng_at(SEED, 7);
    watch w = {0};
    case_begin("gelu", "GELU, forward and backward; the loss is sum(out loss_weight).");
    case_convention("exact: x (1 + erf(x / sqrt 2)) / 2");
    tensor *x = param("x", SHAPE(N));
    for (int i = 0; i < N; i++)
        x->data[i] = (i - N / 2) / 2.0f;
    case_input_f4("x", x->shape, x->data, "from -4 to 4");
    tensor *out = t_gelu(x);
    const tensor *loss = loss_of(out, &r);
    output("", out, loss, 1e-6, 1e-6);
    gradient(&w, "x", "", 1e-6);
    end();
}

static void
positions(void)
{
    enum { N = 7, D = 6 };
    case_begin("positions", "Sinusoidal positions: the angle of pair i at position p is p / "
                            "base^(2 i / width).");
    case_convention("positions count from 0; column 2 i has the sine, column 2 i + 1 the cosine of "
                    "the same angle");
    case_scalar("count", N, "positions");
    case_scalar("width", D, "");
    case_number("base", 10000, "");
    case_write("output", "positions", "", transformer_positions(N, D), 1e-6,
               "sines in even columns, cosines in odd ones");
    end();
}

// Rows whose target is -1 do not count: their losses are nobody's.
static void
write_losses(const char *name, int rows, const int *targets, const tensor *loss)
{
    tensor *x = constant("losses", SHAPE(rows), tape_saved(loss, "losses")->data);
    for (int i = 0; i < rows; i++)
        if (targets[i] < 0)
            x->data[i] = NAN;
    case_write("step", name, "probabilities", x, 2e-6, "-sum_k q_k log p_k of each row");
}

static void
label_smoothing(void)
{
    enum { ROWS = 5, V = 7 };
    const int targets[ROWS] = {3, 6, -1, 1, 3};
    const float e = 0.1f;
    rng r = rng_at(SEED, 4);
    case_begin("label_smoothing", "Cross-entropy against smoothed targets c in two forms, with "
                                  "the gradients of the logits.");
    case_convention("the loss is the mean over the rows whose target is not -1");
    case_convention("over all: c = 1 - e + e/V for the target, e/V for the others; over the "
                    "others: 1 - e for the target, 0 for symbol 0, the padding, e/(V-2) for the "
                    "rest");
    float logits[ROWS * V];
    rng_fill_normal(&r, ROWS * V, logits, 0, 2);
    case_input_f4("logits", SHAPE(ROWS, V), logits, "");
    case_input_i4("targets", SHAPE(ROWS), targets, "-1: padding, does not count");
    case_number("e", 0.1, "what is taken from the target");
    const struct {
        transformer_smoothing form;
        const char *losses, *loss, *gradient, *about;
    } all[] = {{TRANSFORMER_SMOOTH_OVER_ALL, "losses_over_all", "over_all", "dlogits_over_all",
                "1 - e + e/V for the target, e/V for the others"},
               {TRANSFORMER_SMOOTH_OVER_OTHERS, "losses_over_others", "over_others",
                "dlogits_over_others",
                "1 - e for the target, 0 for symbol 0, e/(V-2) for the others"}};
    for (int i = 0; i < 2; i++) {
        tensor *x = param("logits", SHAPE(ROWS, V));
        memcpy(x->data, logits, sizeof logits);
        tensor *loss = transformer_smoothed_loss(x, targets, e, all[i].form);
        if (i == 0)
            case_write("step", "probabilities", "", tape_saved(loss, "probabilities"), 1e-6,
                       "softmax of each row");
        write_losses(all[i].losses, ROWS, targets, loss);
        case_write("output", all[i].loss, all[i].losses, loss, 1e-6, all[i].about);
        backward(loss);
        case_write_f4("gradient", all[i].gradient, "probabilities", x->shape, x->grad, 2e-6,
                      "dloss/dlogits");
        tape_reset();
    }
    end();
}

// The first rates are so much smaller than the largest that they are a case of their own.
static void
noam(const char *name, int n, const int *steps)
{
    enum { D = 512, WARM_UP = 4000 };
    float rate[n];
    case_begin(name, "The learning rate of Vaswani et al. 2017, equation 3: "
                     "D^-1/2 min(step^-1/2, step warm_up^-3/2).");
    case_convention("the first step of a training is 1");
    case_input_i4("steps", SHAPE(n), steps, "");
    case_scalar("D", D, "width of the model");
    case_scalar("warm_up", WARM_UP, "steps of warm-up");
    for (int i = 0; i < n; i++)
        rate[i] = transformer_noam(steps[i], D, WARM_UP);
    case_write_f4("output", "rate", "", SHAPE(n), rate, 1e-6, "learning rate of each step");
    case_end();
}

// ---- Models ----

static void
model_conventions(void)
{
    case_convention(
        "a decoder alone: x = embedding[symbol] sqrt(D) + sinusoidal positions (from 0, "
        "sine in column 2 i, cosine in 2 i + 1, base 10000); causal self-attention and "
        "a feed-forward layer, x + f(norm(x)) each; a last norm (decoder_end); logits = "
        "x embedding^T");
    case_convention("the activation is GELU, x (1 + erf(x / sqrt 2)) / 2; norm_1 is that of "
                    "self-attention, norm_3 of the feed-forward layer");
    case_convention("rows of matrices are outputs: x W^T; rows of the embedding are symbols; keys "
                    "have no bias; head j has the values j d ... (j + 1) d - 1");
    case_scalar("h", 2, "heads");
    case_number("norm_eps", 1e-5, "of the layer norms, inside of the root");
}

// Step s of a value with n values at each step.
static void
keep(float *all, int s, const float *now, long n)
{
    memcpy(all + s * n, now, n * sizeof *all);
}

enum { STEPS = 4, PARAMS = 64 };

// What a training leaves at each step: (STEPS, size of the parameter) each.
typedef struct {
    float *gradient[PARAMS], *after[PARAMS], *m, *v;
} trace;

static trace
trace_new(void)
{
    trace t;
    for (int i = 0; i < param_count(); i++) {
        t.gradient[i] = permanent_alloc(STEPS * param_at(i)->size * sizeof(float));
        t.after[i] = permanent_alloc(STEPS * param_at(i)->size * sizeof(float));
    }
    t.m = permanent_alloc(STEPS * param_at(0)->size * sizeof(float));
    t.v = permanent_alloc(STEPS * param_at(0)->size * sizeof(float));
    return t;
}

static void
trace_step(trace *t, int s, const adamw *adam)
{
    for (int i = 0; i < param_count(); i++) {
        keep(t->gradient[i], s, param_at(i)->grad, param_at(i)->size);
        keep(t->after[i], s, param_at(i)->data, param_at(i)->size);
    }
    keep(t->m, s, adam->m[0], param_at(0)->size);
    keep(t->v, s, adam->v[0], param_at(0)->size);
}

static shape
with_steps(shape s)
{
    shape all = {.rank = s.rank + 1, .n = {STEPS}};
    memcpy(all.n + 1, s.n, s.rank * sizeof(int));
    return all;
}

// The gradients of all parameters at each step, Adam's means of the first one's, and the parameters after each step.
static void
write_trace(const trace *t, const char *from)
{
    char name[64], other[160];
    for (int i = 0; i < param_count(); i++) {
        snprintf(name, sizeof name, "d%s", param_at(i)->name);
        case_write_f4("step", name, from, with_steps(param_at(i)->shape), t->gradient[i], 5e-6,
                      "the gradient at each step");
    }
    shape s = with_steps(param_at(0)->shape);
    case_write_f4("step", "m_embedding", "dembedding m_embedding[t-1]", s, t->m, 5e-6,
                  "Adam's mean of the gradient");
    case_write_f4("step", "v_embedding", "dembedding v_embedding[t-1]", s, t->v, 1e-5,
                  "Adam's mean of the gradient's square");
    case_write_f4("output", "embedding_after", "m_embedding v_embedding embedding_after[t-1]", s,
                  t->after[0], 3e-6, "after each step");
    for (int i = 1; i < param_count(); i++) {
        snprintf(name, sizeof name, "%s_after", param_at(i)->name);
        snprintf(other, sizeof other, "d%s[:t+1] %s_after[t-1]", param_at(i)->name,
                 param_at(i)->name);
        case_write_f4("output", name, other, with_steps(param_at(i)->shape), t->after[i], 2e-6,
                      "after each step");
    }
}

// "embedded w_q_after[t-1] ...": what a step is computed from, besides what it reads.
static void
append_params(char *from, size_t size)
{
    for (int i = 0; i < param_count(); i++)
        snprintf(from + strlen(from), size - strlen(from), "%s%s_after[t-1]", *from ? " " : "",
                 param_at(i)->name);
}

// Steps of Adam with decoupled weight decay on a decoder-only model: every loss, gradient and parameter.
static void
training_steps(void)
{
    enum { N = 5, LENGTH = 7, V = 8, D = 6, BATCH = N * LENGTH };
    int x[STEPS * BATCH], y[STEPS * BATCH];
    float losses[STEPS], embedded[STEPS * BATCH * D], logits[STEPS * BATCH * V];
    rng r = rng_at(SEED, 5);
    const float beta1 = 0.9f, beta2 = 0.98f, eps = 1e-4f, rate = 0.01f, decay = 0.1f;
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 2,
                            .F = 11,
                            .decoders = 1,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_positions(LENGTH, D)};
    case_begin("training", "Four steps of Adam with decoupled weight decay on a decoder-only "
                           "language model: losses, gradients and parameters of every step.");
    model_conventions();
    case_convention("the loss of a batch is the mean cross-entropy, in nats, over the targets that "
                    "are not -1");
    case_convention("step t = 1, 2, ...: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) "
                    "g^2, w = w - rate decay w - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - "
                    "beta2^t)) + eps); all parameters decay; m and v begin with 0");
    case_number("rate", 0.01, "learning rate");
    case_number("beta1", 0.9, "");
    case_number("beta2", 0.98, "");
    case_number("adam_eps", 1e-4, "outside of the root");
    case_number("decay", 0.1, "decoupled weight decay");
    transformer m = transformer_new(&c, &r);
    input_params(&r, same_std, &(float){0.3f});
    for (int i = 0; i < STEPS * BATCH; i++) {
        x[i] = (int)rng_below(&r, V);
        y[i] = i % BATCH == 0 ? -1 : (int)rng_below(&r, V);
    }
    case_input_i4("x", SHAPE(STEPS, N, LENGTH), x, "the symbols of each step's batch");
    case_input_i4("y", SHAPE(STEPS, N, LENGTH), y, "the symbol to predict; -1 does not count");
    adamw adam = adamw_new(beta1, beta2, eps, decay);
    trace t = trace_new();
    for (int s = 0; s < STEPS; s++) {
        tensor *out = transformer_decode(&m, N, LENGTH, x + s * BATCH, NULL, NULL, NULL, NULL);
        keep(logits, s, out->data, BATCH * V);
        keep(embedded, s, tape_find("embedded")->data, BATCH * D);
        losses[s] = training_step(t_cross_entropy(out, y + s * BATCH), &adam, rate, 0);
        trace_step(&t, s, &adam);
    }
    char from[2048] = "embedded";
    append_params(from, sizeof from);
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "embedded", "embedding_after[t-1]", SHAPE(STEPS, N, LENGTH, D), embedded,
                  2e-6, "the symbols' vectors with their positions");
    case_write_f4("step", "logits", from, SHAPE(STEPS, N, LENGTH, V), logits, 3e-6, "");
    case_write_f4("step", "losses", "logits", SHAPE(STEPS), losses, 1e-6, "the loss of each step");
    strcpy(from, "logits embedded");
    append_params(from, sizeof from);
    write_trace(&t, from);
    end();
}

// A decoder-only model of two layers reads a sequence symbol by symbol: the logits after each, and what its caches
// hold at the end.
static void
kv_cache(void)
{
    enum { V = 8, D = 10, LENGTH = 6, N = 3 };
    int ids[N * LENGTH];
    float logits[LENGTH * N * V], embedded[LENGTH * N * D];
    rng r = rng_at(SEED, 6);
    transformer_config c = {.V = V,
                            .D = D,
                            .h = 2,
                            .F = 7,
                            .decoders = 2,
                            .placement = TRANSFORMER_PRE_NORM,
                            .activation = t_gelu,
                            .positions = transformer_positions(LENGTH, D)};
    case_begin("kv_cache", "A decoder-only model of two layers reads symbol by symbol, its keys "
                           "and values kept in caches; the whole sequence at once gives the same.");
    model_conventions();
    case_convention("the parameters of the second layer end in _2");
    transformer m = transformer_new(&c, &r);
    input_params(&r, same_std, &(float){0.5f});
    for (int i = 0; i < N * LENGTH; i++)
        ids[i] = (int)rng_below(&r, V);
    case_input_i4("ids", SHAPE(N, LENGTH), ids, "the symbols");
    transformer_cache *caches = transformer_caches(&m, N, LENGTH);
    for (int t = 0; t < LENGTH; t++) {
        int now[N];
        for (int b = 0; b < N; b++)
            now[b] = ids[b * LENGTH + t];
        const tensor *out = transformer_decode(&m, N, 1, now, NULL, NULL, NULL, caches);
        keep(logits, t, out->data, N * V);
        keep(embedded, t, tape_find("embedded")->data, N * D);
        tape_reset();
    }
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "embedded", "", SHAPE(LENGTH, N, D), embedded, 1e-6,
                  "the vector of symbol t with its position");
    case_time(2, CASE_FORWARD);
    case_write("step", "k", "embedded", t_transpose(caches[0].k, 1, 2), 2e-6,
               "the keys of all positions by head, (B, h, T, d)");
    case_write("step", "v", "embedded", t_transpose(caches[0].v, 1, 2), 2e-6, "the values");
    case_write("step", "k_2", "embedded k[:t+1] v[:t+1]", t_transpose(caches[1].k, 1, 2), 1e-5,
               "the keys of the second layer");
    case_write("step", "v_2", "embedded k[:t+1] v[:t+1]", t_transpose(caches[1].v, 1, 2), 1e-5,
               "its values");
    case_time(0, CASE_FORWARD);
    case_write_f4("output", "logits", "embedded k[:t+1] v[:t+1] k_2[:t+1] v_2[:t+1]",
                  SHAPE(LENGTH, N, V), logits, 1e-5, "after symbol t");
    end();
}

void
transformer_cases(void)
{
    attention("attention", NULL, NULL);
    attention("attention_causal", transformer_causal_mask(B, T, S), causal_input());
    attention_padding();
    multi_head();
    layer_norm("layer_norm_4", 4);
    layer_norm("layer_norm_7", 7);
    layer("encoder_layer_post", false, TRANSFORMER_POST_NORM);
    layer("encoder_layer_pre", false, TRANSFORMER_PRE_NORM);
    layer("decoder_layer_post", true, TRANSFORMER_POST_NORM);
    layer("decoder_layer_pre", true, TRANSFORMER_PRE_NORM);
    gelu();
    positions();
    label_smoothing();
    noam("noam_first_steps", 5, (const int[]){1, 2, 3, 7, 20});
    noam("noam", 9, (const int[]){100, 400, 1000, 3999, 4000, 4001, 5000, 16000, 100000});
    training_steps();
    kv_cache();
}
